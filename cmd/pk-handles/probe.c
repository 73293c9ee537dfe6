/* One socket, asked itself through a duplicate of its owner's descriptor. */
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/fd.h"
#include "sock.h"

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
};

static int option(int fd, int level, int name)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return getsockopt(fd, level, name, &value, &len) < 0 ? -1 : value;
}

static enum kind kind_of(int family, int type, int protocol)
{
	switch (family) {
	case AF_UNIX:
		return KIND_UNIX;
	case AF_NETLINK:
		return KIND_NETLINK;
	case AF_PACKET:
		return KIND_PACKET;
	case AF_INET:
	case AF_INET6:
		if (type == SOCK_STREAM && protocol == IPPROTO_TCP)
			return KIND_TCP;
		return type == SOCK_DGRAM && protocol == IPPROTO_UDP ? KIND_UDP : KIND_OTHER;
	}
	return KIND_OTHER;
}

static void take_inet(const union address *from, unsigned char *address, uint16_t *port)
{
	if (from->any.sa_family == AF_INET) {
		memcpy(address, &from->in.sin_addr, 4);
		*port = ntohs(from->in.sin_port);
	} else if (from->any.sa_family == AF_INET6) {
		memcpy(address, &from->in6.sin6_addr, 16);
		*port = ntohs(from->in6.sin6_port);
	}
}

static void ask_names(int fd, struct sock *sock)
{
	union address address = {.any.sa_family = AF_UNSPEC};
	socklen_t len = sizeof(address);
	const size_t before = offsetof(struct sockaddr_un, sun_path);

	if (getsockname(fd, &address.any, &len) == 0) {
		take_inet(&address, sock->local, &sock->local_port);
		if (sock->family == AF_UNIX && len > before && len <= sizeof(address.un)) {
			sock->name_len = (uint32_t)(len - before);
			memcpy(sock->name, address.un.sun_path, sock->name_len);
		}
	}
	address.any.sa_family = AF_UNSPEC;
	len = sizeof(address);
	if (getpeername(fd, &address.any, &len) == 0) {
		take_inet(&address, sock->remote, &sock->remote_port);
		if (sock->kind != KIND_TCP)
			sock->state = TCP_ESTABLISHED;
	}
}

/* A listener has no bytes in its queues: tcp_info counts connections there (tcp_get_info()). */
static void ask_tcp(int fd, struct sock *sock)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return;
	sock->state = info.tcpi_state;
	if (sock->state == TCP_LISTEN) {
		sock->recvq = info.tcpi_unacked;
		sock->backlog = info.tcpi_sacked;
	}
}

static void ask_queues(int fd, struct sock *sock)
{
	int bytes;

	if (sock->state == TCP_LISTEN)
		return;
	if (ioctl(fd, SIOCINQ, &bytes) == 0 && bytes > 0)
		sock->recvq = (uint32_t)bytes;
	if (ioctl(fd, SIOCOUTQ, &bytes) == 0 && bytes > 0)
		sock->sendq = (uint32_t)bytes;
}

static void ask_namespace(int fd, struct sock *sock)
{
	scoped(fd_drop) int ns = ioctl(fd, SIOCGSKNS);
	struct stat st;

	if (ns >= 0 && fstat(ns, &st) == 0)
		sock->netns = st.st_ino;
}

int sock_probe(int pidfd, int remote, struct sock *ret)
{
	scoped(fd_drop) int fd = (int)syscall(SYS_pidfd_getfd, pidfd, remote, 0);
	struct sock sock = {.ino = ret->ino, .state = TCP_CLOSE, .known = true};
	struct stat st;
	int family;

	if (fd < 0)
		return -errno;
	/* The number may be another file by now; a duplicate of that is only closed again. */
	if (fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode) || st.st_ino != ret->ino)
		return -ESRCH;
	family = option(fd, SOL_SOCKET, SO_DOMAIN);
	sock.family = (unsigned char)(family < 0 ? AF_UNSPEC : family);
	sock.type = (unsigned char)option(fd, SOL_SOCKET, SO_TYPE);
	sock.kind = kind_of(family, sock.type, option(fd, SOL_SOCKET, SO_PROTOCOL));
	if (sock.kind == KIND_TCP)
		ask_tcp(fd, &sock);
	else if (option(fd, SOL_SOCKET, SO_ACCEPTCONN) == 1)
		sock.state = TCP_LISTEN;
	ask_names(fd, &sock);
	ask_queues(fd, &sock);
	ask_namespace(fd, &sock);
	*ret = sock;
	return 0;
}
