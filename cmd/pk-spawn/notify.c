/* sd_notify(3), both sides. */
#include "notify.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/fd.h"

bool notify_has(const char *message, size_t len, const char *line)
{
	const size_t want = strlen(line);

	for (const char *end = message + len; message < end;) {
		const char *newline = memchr(message, '\n', (size_t)(end - message));
		const size_t part = (size_t)((newline ? newline : end) - message);

		if (part == want && memcmp(message, line, want) == 0)
			return true;
		message += part + 1;
	}
	return false;
}

static int bind_anywhere(int fd, char name[static NOTIFY_NAME_MAX])
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t len = sizeof(sa_family_t);
	const int on = 1;

	/* Without a name the kernel finds an abstract one that is free (unix(7), autobind). */
	if (bind(fd, (const struct sockaddr *)&address, len) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
		return -errno;
	len = sizeof(address);
	if (getsockname(fd, (struct sockaddr *)&address, &len) < 0)
		return -errno;
	len -= (socklen_t)offsetof(struct sockaddr_un, sun_path);
	if (len < 2 || len >= NOTIFY_NAME_MAX)
		return -EINVAL;
	memcpy(name, address.sun_path, len);
	name[0] = '@';
	name[len] = '\0';
	return 0;
}

int notify_listen(char name[static NOTIFY_NAME_MAX])
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err = fd < 0 ? -errno : bind_anywhere(fd, name);

	if (err >= 0)
		return fd;
	fd_drop(&fd);
	return err;
}

/* musl's macro mixes signs. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
static struct cmsghdr *next_part(struct msghdr *header, struct cmsghdr *part)
{
	return CMSG_NXTHDR(header, part);
}
#pragma GCC diagnostic pop

/* Close what came along, and see who sent it. */
static bool is_ours(struct msghdr *header)
{
	bool ours = false;

	for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part; part = next_part(header, part)) {
		if (part->cmsg_level != SOL_SOCKET)
			continue;
		if (part->cmsg_type == SCM_CREDENTIALS) {
			struct ucred sender;

			memcpy(&sender, CMSG_DATA(part), sizeof(sender));
			ours = sender.uid == getuid() || sender.uid == 0;
		} else if (part->cmsg_type == SCM_RIGHTS) {
			const size_t bytes = part->cmsg_len - CMSG_LEN(0);

			for (size_t at = 0; at + sizeof(int) <= bytes; at += sizeof(int)) {
				int fd;

				memcpy(&fd, CMSG_DATA(part) + at, sizeof(fd));
				fd_drop(&fd);
			}
		}
	}
	return ours;
}

bool notify_take(int fd)
{
	bool ready = false;

	for (;;) {
		_Alignas(struct cmsghdr) char control[512];
		char message[4096];
		struct iovec piece = {.iov_base = message, .iov_len = sizeof(message)};
		struct msghdr header = {.msg_iov = &piece,
					.msg_iovlen = 1,
					.msg_control = control,
					.msg_controllen = sizeof(control)};
		ssize_t len = recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return ready;
		if (is_ours(&header) && notify_has(message, (size_t)len, "READY=1"))
			ready = true;
	}
}

void notify_send(const char *name, const char *state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const size_t len = strlen(name);
	scoped(fd_drop) int fd = -1;

	if (len < 2 || len > sizeof(address.sun_path) || (*name != '@' && *name != '/'))
		return;
	memcpy(address.sun_path, name, len);
	if (*name == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)!sendto(fd, state, strlen(state), MSG_DONTWAIT | MSG_NOSIGNAL,
		      (const struct sockaddr *)&address,
		      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
}
