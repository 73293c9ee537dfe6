/* Sockets by inode, and how their addresses read. */
#include "sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void sock_table_drop(struct sock_table *table)
{
	free(table->slots);
	*table = (struct sock_table){0};
}

void sock_table_clear(struct sock_table *table)
{
	for (size_t i = 0; i < table->size; i++)
		table->slots[i].wanted = false;
	table->count = 0;
}

/* Where ino is, or the free slot where it belongs. */
static struct sock *slot(const struct sock_table *table, uint64_t ino)
{
	size_t at = (size_t)(ino * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (table->size - 1);

	while (table->slots[at].wanted && table->slots[at].ino != ino)
		at = (at + 1) & (table->size - 1);
	return &table->slots[at];
}

static int grow(struct sock_table *table)
{
	struct sock_table larger = *table;

	larger.size = table->size ? 2 * table->size : 64;
	larger.slots = calloc(larger.size, sizeof(*larger.slots));
	if (!larger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < table->size; i++)
		if (table->slots[i].wanted)
			*slot(&larger, table->slots[i].ino) = table->slots[i];
	free(table->slots);
	*table = larger;
	return 0;
}

int sock_want(struct sock_table *table, uint64_t ino)
{
	struct sock *sock;
	int err = 0;

	if (4 * (table->count + 1) > 3 * table->size)
		err = grow(table);
	if (err < 0)
		return err;
	sock = slot(table, ino);
	if (!sock->wanted) {
		*sock = (struct sock){.ino = ino, .wanted = true, .kind = KIND_OTHER};
		table->count++;
	}
	return 0;
}

struct sock *sock_find(const struct sock_table *table, uint64_t ino)
{
	struct sock *sock = table->size ? slot(table, ino) : NULL;

	return sock && sock->wanted ? sock : NULL;
}

const char *sock_state_name(const struct sock *sock)
{
	static const char *const states[] = {
		[TCP_ESTABLISHED] = "ESTABLISHED",
		[TCP_SYN_SENT] = "SYN_SENT",
		[TCP_SYN_RECV] = "SYN_RECV",
		[TCP_FIN_WAIT1] = "FIN_WAIT1",
		[TCP_FIN_WAIT2] = "FIN_WAIT2",
		[TCP_TIME_WAIT] = "TIME_WAIT",
		[TCP_CLOSE] = "CLOSED",
		[TCP_CLOSE_WAIT] = "CLOSE_WAIT",
		[TCP_LAST_ACK] = "LAST_ACK",
		[TCP_LISTEN] = "LISTEN",
		[TCP_CLOSING] = "CLOSING",
	};
	/* TCP_BOUND_INACTIVE of newer kernels; older ones say CLOSE of a socket that has a port. */
	if (sock->state == 13 || (sock->state == TCP_CLOSE && sock->local_port))
		return sock->kind == KIND_UDP ? "UNCONNECTED" : "BOUND";
	if (sock->state == TCP_CLOSE && sock->kind == KIND_UNIX)
		return "UNCONNECTED";
	if (sock->state >= array_len(states) || !states[sock->state])
		return "";
	return states[sock->state];
}

static size_t write_address(int family, const unsigned char *address, uint16_t port,
			    char text[static SOCK_TEXT_MAX])
{
	static const unsigned char any[16];
	char host[INET6_ADDRSTRLEN] = "*";
	const size_t len = family == AF_INET6 ? 16 : 4;

	if (memcmp(address, any, len) != 0 && !inet_ntop(family, address, host, sizeof(host)))
		return 0;
	return (size_t)snprintf(text, SOCK_TEXT_MAX, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host,
				port);
}

/* An abstract name is shown behind `@`; so a path that begins with one gets a `./` in front. */
static size_t write_name(const struct sock *sock, char text[static SOCK_TEXT_MAX])
{
	size_t len = sock->name_len;

	if (len == 0)
		return 0;
	if (sock->name[0] == '\0') {
		memcpy(text, sock->name, len);
		text[0] = '@';
		return len;
	}
	len = strnlen(sock->name, len);
	if (sock->name[0] != '@') {
		memcpy(text, sock->name, len);
		return len;
	}
	memcpy(text, "./", 2);
	memcpy(text + 2, sock->name, len);
	return len + 2;
}

size_t sock_local(const struct sock *sock, char text[static SOCK_TEXT_MAX])
{
	if (sock->family == AF_UNIX)
		return write_name(sock, text);
	if (sock->family != AF_INET && sock->family != AF_INET6)
		return 0;
	return write_address(sock->family, sock->local, sock->local_port, text);
}

size_t sock_remote(const struct sock *sock, char text[static SOCK_TEXT_MAX])
{
	if ((sock->family != AF_INET && sock->family != AF_INET6) || sock->remote_port == 0)
		return 0;
	return write_address(sock->family, sock->remote, sock->remote_port, text);
}
