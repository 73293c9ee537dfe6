/* Sockets by inode, and how their addresses read. */
#include "sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/num.h"

void sock_table_drop(struct sock_table *table)
{
	free(table->socks);
	free(table->index);
	*table = (struct sock_table){0};
}

void sock_table_clear(struct sock_table *table)
{
	if (table->count > 0)
		memset(table->index, 0, table->size * sizeof(*table->index));
	table->count = table->known = 0;
}

/* Where ino is in the index, or the free place where it belongs. */
static uint32_t *place(const struct sock_table *table, uint64_t ino)
{
	size_t at = (size_t)(ino * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (table->size - 1);

	while (table->index[at] > 0 && table->socks[table->index[at] - 1].ino != ino)
		at = (at + 1) & (table->size - 1);
	return &table->index[at];
}

static int grow(struct sock_table *table)
{
	const size_t size = table->size ? 2 * table->size : 64;
	struct sock *socks = realloc(table->socks, size / 4 * 3 * sizeof(*socks));
	uint32_t *index;

	if (!socks)
		return -ENOMEM;
	table->socks = socks;
	index = calloc(size, sizeof(*index));
	if (!index)
		return -ENOMEM;
	free(table->index);
	table->index = index;
	table->size = size;
	for (size_t i = 0; i < table->count; i++)
		*place(table, socks[i].ino) = (uint32_t)(i + 1);
	return 0;
}

long sock_want(struct sock_table *table, uint64_t ino)
{
	uint32_t *at;

	if (table->count >= table->size / 4 * 3) {
		int err = grow(table);

		if (err < 0)
			return err;
	}
	at = place(table, ino);
	if (*at == 0) {
		table->socks[table->count++] = (struct sock){.ino = ino, .kind = KIND_OTHER};
		*at = (uint32_t)table->count;
	}
	return (long)*at - 1;
}

struct sock *sock_find(const struct sock_table *table, uint64_t ino)
{
	const uint32_t at = table->size ? *place(table, ino) : 0;

	return at ? &table->socks[at - 1] : NULL;
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

/* `127.0.0.1`. Most addresses are of this kind, and inet_ntop takes its time. */
static size_t write_ipv4(const unsigned char *address, char *text)
{
	size_t len = 0;

	for (int i = 0; i < 4; i++) {
		char digits[NUM_TEXT_MAX];
		const char *number = num_text(digits, address[i]);

		while (*number)
			text[len++] = *number++;
		if (i < 3)
			text[len++] = '.';
	}
	return len;
}

static size_t write_host(int family, const unsigned char *address, char text[static SOCK_TEXT_MAX])
{
	static const unsigned char any[16];

	if (memcmp(address, any, family == AF_INET6 ? 16 : 4) == 0) {
		text[0] = '*';
		return 1;
	}
	if (family == AF_INET)
		return write_ipv4(address, text);
	text[0] = '[';
	if (!inet_ntop(family, address, text + 1, INET6_ADDRSTRLEN))
		return 0;
	size_t len = strlen(text);

	text[len] = ']';
	text[len + 1] = '\0';
	return len + 1;
}

static size_t write_address(int family, const unsigned char *address, uint16_t port,
			    char text[static SOCK_TEXT_MAX])
{
	size_t len = write_host(family, address, text);
	char digits[NUM_TEXT_MAX];

	text[len++] = ':';
	for (const char *number = num_text(digits, port); *number; number++)
		text[len++] = *number;
	return len;
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
