/* Sockets as the kernel's tables have them: netlink dumps of sock_diag(7). */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "common/sockdiag.h"
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

/* For which table an answer is, and which kind of sockets was asked for. */
struct question {
	struct sock_table *table;
	enum kind kind;
};

static void take_message(void *arg, const void *body, size_t len)
{
	const struct question *question = arg;
	const unsigned char family = len > 0 ? *(const unsigned char *)body : AF_UNSPEC;

	if (family == AF_UNIX && len >= sizeof(struct unix_diag_msg))
		take_unix(question->table, body, len);
	else if ((family == AF_INET || family == AF_INET6) && len >= sizeof(struct inet_diag_msg))
		take_inet(question->table, body, question->kind);
}

int sock_parse(struct sock_table *table, const void *bytes, size_t len)
{
	struct question question = {.table = table, .kind = KIND_TCP};

	return sockdiag_parse(bytes, len, take_message, &question);
}

static int ask(struct sock_table *table, struct sockdiag_request *request, size_t len,
	       enum kind kind, bool dump)
{
	struct question question = {.table = table, .kind = kind};

	return sockdiag_ask(request, len, dump, take_message, &question);
}

#define UNIX_FACTS (UDIAG_SHOW_NAME | UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN)

int sock_ask_unix(struct sock *sock)
{
	struct sock_table table = {0};
	struct sockdiag_request request = {.body.local = {.sdiag_family = AF_UNIX,
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
	struct sockdiag_request request = {.body.local = {.sdiag_family = AF_UNIX,
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
