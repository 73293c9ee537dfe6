/* notify LINE...: sends each to $NOTIFY_SOCKET, then waits until all have been taken, as sd_notify_barrier(3) does; 97
 * when the variable is not set, 98 when nobody takes them. */
#include "helper.h"

#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static int connect_to(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = strlen(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (len >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, name, len);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	len += offsetof(struct sockaddr_un, sun_path);
	return connect(fd, (struct sockaddr *)&address, (socklen_t)len) < 0 ? -1 : fd;
}

/* A descriptor goes along; the other end hangs up when the receiver has closed it. */
static int barrier(int fd)
{
	char text[] = "BARRIER=1";
	struct iovec piece = {text, sizeof(text) - 1};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
	struct msghdr header = {.msg_iov = &piece,
				.msg_iovlen = 1,
				.msg_control = control,
				.msg_controllen = sizeof(control)};
	struct cmsghdr *part = CMSG_FIRSTHDR(&header);
	struct pollfd pfd;
	int ends[2];

	if (pipe(ends) < 0)
		return 99;
	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(part), &ends[1], sizeof(int));
	if (sendmsg(fd, &header, MSG_NOSIGNAL) < 0)
		return 98;
	(void)close(ends[1]);
	pfd = (struct pollfd){.fd = ends[0]};
	return poll(&pfd, 1, 10000) == 1 ? 0 : 98;
}

int main(int argc, char **argv)
{
	const char *name = getenv("NOTIFY_SOCKET");
	int fd;

	live_shortly(LIFE_S);
	if (name == NULL)
		return 97;
	fd = connect_to(name);
	if (fd < 0)
		return 98;
	for (int i = 1; i < argc; i++)
		if (send(fd, argv[i], strlen(argv[i]), MSG_NOSIGNAL) < 0)
			return 98;
	return barrier(fd);
}
