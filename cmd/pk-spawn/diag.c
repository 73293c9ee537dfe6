/* What listens on a port or at a path, by sock_diag. */
#include "diag.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "common/sockdiag.h"

struct tcp_search {
	diag_found *found;
	void *arg;
};

static void take_tcp(void *arg, const void *body, size_t len)
{
	const struct tcp_search *search = arg;
	struct inet_diag_msg msg;
	struct listener listener = {0};

	if (len < sizeof(msg))
		return;
	memcpy(&msg, body, sizeof(msg));
	listener.ino = msg.idiag_inode;
	listener.family = msg.idiag_family;
	listener.port = ntohs(msg.id.idiag_sport);
	listener.listens = msg.idiag_state == TCP_LISTEN;
	memcpy(&listener.address, msg.id.idiag_src, sizeof(listener.address));
	search->found(search->arg, &listener);
}

int diag_tcp(uint16_t port, diag_found *found, void *arg)
{
	static const unsigned char families[] = {AF_INET, AF_INET6};
	struct tcp_search search = {.found = found, .arg = arg};
	int err = 0;

	for (size_t i = 0; i < array_len(families) && err >= 0; i++) {
		struct sockdiag_request request = {.body.inet = {.sdiag_family = families[i],
								 .sdiag_protocol = IPPROTO_TCP,
								 .idiag_states = 1U << TCP_LISTEN,
								 .id.idiag_sport = htons(port)}};

		err = sockdiag_ask(&request, sizeof(request.body.inet), true, take_tcp, &search);
	}
	return err;
}

struct unix_search {
	const char *path;
	struct stat file;
	uint64_t *inos;
	size_t max, count;
};

/* The kernel's own form of a device number. */
static bool is_device(uint32_t kernel, dev_t dev)
{
	return kernel >> 20 == major(dev) && (kernel & 0xfffff) == minor(dev);
}

/*
 * The file that the socket was bound to; on a file system of layers its numbers differ from what stat(2)
 * says, and then the name is what there is to go by.
 */
static bool is_it(const struct unix_search *search, const struct rtattr *attribute,
		  const char *value)
{
	const size_t len = attribute->rta_len - RTA_LENGTH(0);
	struct unix_diag_vfs vfs;

	if (attribute->rta_type == UNIX_DIAG_NAME)
		return len > 0 && strnlen(value, len) == strlen(search->path) &&
		       memcmp(value, search->path, strnlen(value, len)) == 0;
	if (attribute->rta_type != UNIX_DIAG_VFS || len < sizeof(vfs))
		return false;
	memcpy(&vfs, value, sizeof(vfs));
	return vfs.udiag_vfs_ino == (uint32_t)search->file.st_ino &&
	       is_device(vfs.udiag_vfs_dev, search->file.st_dev);
}

static void take_unix(void *arg, const void *body, size_t len)
{
	struct unix_search *search = arg;
	struct unix_diag_msg msg;
	const char *at = body;
	bool found = false;

	if (len < sizeof(msg))
		return;
	memcpy(&msg, body, sizeof(msg));
	for (size_t step = NLMSG_ALIGN(sizeof(msg));
	     step < len && len - step >= sizeof(struct rtattr);) {
		struct rtattr attribute;

		at += step;
		len -= step;
		memcpy(&attribute, at, sizeof(attribute));
		if (attribute.rta_len < RTA_LENGTH(0) || attribute.rta_len > len)
			return;
		found |= is_it(search, &attribute, at + RTA_LENGTH(0));
		step = RTA_ALIGN(attribute.rta_len);
	}
	if (found && search->count < search->max)
		search->inos[search->count++] = msg.udiag_ino;
}

int diag_unix(const char *path, uint64_t *inos, size_t max, size_t *ret_count)
{
	struct sockdiag_request request = {
		.body.local = {.sdiag_family = AF_UNIX,
			       .udiag_states = 1U << TCP_LISTEN,
			       .udiag_show = UDIAG_SHOW_VFS | UDIAG_SHOW_NAME}};
	struct unix_search search = {.path = path, .inos = inos, .max = max};
	int err;

	*ret_count = 0;
	if (stat(path, &search.file) < 0)
		return errno == ENOENT ? 0 : -errno;
	err = sockdiag_ask(&request, sizeof(request.body.local), true, take_unix, &search);
	*ret_count = search.count;
	return err;
}
