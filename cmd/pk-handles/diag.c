/* Sockets as the kernel's tables have them: netlink dumps of sock_diag(7). */
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/fd.h"
#include "sock.h"

/* The socket ino when it is asked for, known from here on; else NULL. */
static struct sock *told(struct sock_table *table, uint64_t ino)
{
	struct sock *sock;

	if (ino == 0 || (table->open && sock_want(table, ino) < 0))
		return NULL;
	sock = sock_find(table, ino);
	if (sock) {
		table->known += !sock->known;
		sock->known = true;
	}
	return sock;
}

static void take_inet(struct sock_table *table, const struct inet_diag_msg *msg, enum kind kind)
{
	struct sock *sock = told(table, msg->idiag_inode);

	if (!sock)
		return;
	sock->kind = kind;
	sock->family = msg->idiag_family;
	sock->state = msg->idiag_state;
	sock->local_port = ntohs(msg->id.idiag_sport);
	sock->remote_port = ntohs(msg->id.idiag_dport);
	memcpy(sock->local, msg->id.idiag_src, sizeof(sock->local));
	memcpy(sock->remote, msg->id.idiag_dst, sizeof(sock->remote));
	sock->recvq = msg->idiag_rqueue;
	sock->sendq = sock->state == TCP_LISTEN ? 0 : msg->idiag_wqueue;
	sock->backlog = sock->state == TCP_LISTEN ? msg->idiag_wqueue : 0;
}

static void take_unix_attribute(struct sock *sock, const struct rtattr *attribute)
{
	const size_t len = RTA_PAYLOAD(attribute);
	uint32_t numbers[2] = {0};

	memcpy(numbers, RTA_DATA(attribute), len < sizeof(numbers) ? len : sizeof(numbers));
	switch (attribute->rta_type) {
	case UNIX_DIAG_NAME:
		sock->name_len = (uint32_t)(len < sizeof(sock->name) ? len : sizeof(sock->name));
		memcpy(sock->name, RTA_DATA(attribute), sock->name_len);
		return;
	case UNIX_DIAG_PEER:
		sock->peer = numbers[0];
		return;
	case UNIX_DIAG_RQLEN:
		sock->recvq = numbers[0];
		sock->sendq = sock->state == TCP_LISTEN ? 0 : numbers[1];
		sock->backlog = sock->state == TCP_LISTEN ? numbers[1] : 0;
		return;
	}
}

static void take_unix(struct sock_table *table, const struct unix_diag_msg *msg, size_t len)
{
	struct sock *sock = told(table, msg->udiag_ino);
	const struct rtattr *attribute =
		(const struct rtattr *)(const void *)((const char *)msg +
						      NLMSG_ALIGN(sizeof(*msg)));
	long left = (long)len - (long)NLMSG_ALIGN(sizeof(*msg));

	if (!sock)
		return;
	sock->family = AF_UNIX;
	sock->type = msg->udiag_type;
	sock->state = msg->udiag_state;
	sock->kind = KIND_UNIX;
	while (left >= (long)sizeof(*attribute) && attribute->rta_len >= sizeof(*attribute) &&
	       attribute->rta_len <= left) {
		const size_t step = RTA_ALIGN(attribute->rta_len);

		take_unix_attribute(sock, attribute);
		left -= (long)step;
		attribute = (const struct rtattr *)(const void *)((const char *)attribute + step);
	}
}

static void take_message(struct sock_table *table, const struct nlmsghdr *header, enum kind kind)
{
	const size_t len = header->nlmsg_len - NLMSG_HDRLEN;
	const void *body = (const char *)header + NLMSG_HDRLEN;
	const unsigned char family = len > 0 ? *(const unsigned char *)body : AF_UNSPEC;

	if (family == AF_UNIX && len >= sizeof(struct unix_diag_msg))
		take_unix(table, body, len);
	else if ((family == AF_INET || family == AF_INET6) && len >= sizeof(struct inet_diag_msg))
		take_inet(table, body, kind);
}

/* As sock_parse, for the answer to a request for sockets of that kind. */
static int parse(struct sock_table *table, const void *bytes, size_t len, enum kind kind)
{
	const char *at = bytes;

	while (len >= sizeof(struct nlmsghdr)) {
		const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)at;
		size_t step;

		if (header->nlmsg_len < NLMSG_HDRLEN || header->nlmsg_len > len)
			return -EINVAL;
		if (header->nlmsg_type == NLMSG_DONE)
			return 1;
		if (header->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *error = (const void *)(at + NLMSG_HDRLEN);

			return header->nlmsg_len < NLMSG_LENGTH(sizeof(*error)) || !error->error
				       ? -EINVAL
				       : -abs(error->error);
		}
		take_message(table, header, kind);
		step = NLMSG_ALIGN(header->nlmsg_len);
		if (step >= len)
			return 0;
		at += step;
		len -= step;
	}
	return 0;
}

int sock_parse(struct sock_table *table, const void *bytes, size_t len)
{
	return parse(table, bytes, len, KIND_TCP);
}

static int receive(int fd, struct sock_table *table, enum kind kind, bool dump)
{
	static _Alignas(struct nlmsghdr) char answer[32768];

	for (;;) {
		ssize_t len = recv(fd, answer, sizeof(answer), 0);
		int result;

		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return len < 0 ? -errno : -EIO;
		result = parse(table, answer, (size_t)len, kind);
		if (result != 0 || !dump)
			return result < 0 ? result : 0;
	}
}

struct request {
	struct nlmsghdr header;
	union {
		struct inet_diag_req_v2 inet;
		struct unix_diag_req local;
	} body;
};

static int ask(struct sock_table *table, struct request *request, size_t len, enum kind kind,
	       bool dump)
{
	scoped(fd_drop) int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd < 0)
		return -errno;
	request->header = (struct nlmsghdr){
		.nlmsg_len = (uint32_t)NLMSG_LENGTH(len),
		.nlmsg_type = SOCK_DIAG_BY_FAMILY,
		.nlmsg_flags = dump ? NLM_F_REQUEST | NLM_F_DUMP : NLM_F_REQUEST,
	};
	if (send(fd, request, request->header.nlmsg_len, 0) < 0)
		return -errno;
	return receive(fd, table, kind, dump);
}

#define UNIX_FACTS (UDIAG_SHOW_NAME | UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN)

int sock_ask_unix(struct sock *sock)
{
	struct sock_table table = {0};
	struct request request = {.body.local = {.sdiag_family = AF_UNIX,
						 .udiag_ino = (uint32_t)sock->ino,
						 .udiag_cookie = {~0U, ~0U}, /* any */
						 .udiag_show = UNIX_FACTS}};
	const uint64_t netns = sock->netns;
	int err = sock_want(&table, sock->ino) < 0 ? -ENOMEM : 0;

	if (err >= 0)
		err = ask(&table, &request, sizeof(request.body.local), KIND_UNIX, false);
	if (err >= 0 && table.known > 0) {
		*sock = table.socks[0];
		sock->netns = netns;
	}
	sock_table_drop(&table);
	return err;
}

static bool needs_more(const struct sock_table *table)
{
	return table->open || table->known < table->count;
}

int sock_dump(struct sock_table *table)
{
	static const struct {
		unsigned char family, protocol;
		enum kind kind;
	} inets[] = {
		{AF_INET, IPPROTO_TCP, KIND_TCP},
		{AF_INET6, IPPROTO_TCP, KIND_TCP},
		{AF_INET, IPPROTO_UDP, KIND_UDP},
		{AF_INET6, IPPROTO_UDP, KIND_UDP},
	};
	struct request request = {.body.local = {.sdiag_family = AF_UNIX,
						 .udiag_states = ~0U,
						 .udiag_show = UNIX_FACTS}};
	int err = ask(table, &request, sizeof(request.body.local), KIND_UNIX, true);
	bool any = err >= 0;

	for (size_t i = 0; i < array_len(inets) && needs_more(table); i++) {
		int failed;

		request.body.inet = (struct inet_diag_req_v2){.sdiag_family = inets[i].family,
							      .sdiag_protocol = inets[i].protocol,
							      .idiag_states = ~0U};
		failed = ask(table, &request, sizeof(request.body.inet), inets[i].kind, true);
		any |= failed >= 0;
	}
	return any ? 0 : err;
}
