#ifndef PK_HANDLES_SOCK_H
#define PK_HANDLES_SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"
#include "kind.h"

/* The facts about one socket. Addresses are in network byte order, ports in ours. */
struct sock {
	uint64_t ino;
	enum kind kind;
	bool known;			   /* someone has told the facts below */
	unsigned char family, type, state; /* state: TCP_ESTABLISHED ... of netinet/tcp.h */
	uint16_t local_port, remote_port;
	unsigned char local[16], remote[16]; /* 4 bytes of it for AF_INET */
	uint32_t recvq, sendq;		     /* a listener's recvq: connections to be accepted */
	uint32_t backlog;		     /* of a listener */
	uint64_t netns;			     /* inode of its network namespace; 0 unknown */
	uint64_t peer;			     /* unix: inode of the other end; 0 none or unknown */
	uint32_t name_len; /* unix: bytes of name; an abstract one begins with NUL */
	char name[110];
};

/* Sockets by inode, in the order in which they were asked for. {0} is empty. */
struct sock_table {
	struct sock *socks;
	size_t count;
	uint32_t *index; /* by hash of the inode: 1 + the place in socks, 0 free */
	size_t size;	 /* of index: a power of two, or 0; socks has room for 3/4 of it */
	size_t known;	 /* how many have been told */
	bool open;	 /* take every socket; otherwise only those that were asked for */
};

void sock_table_drop(struct sock_table *table);

/* Empty the table and keep its memory. */
void sock_table_clear(struct sock_table *table);

/* Ask for the socket ino. Returns its place in socks, or -ENOMEM. */
must_check long sock_want(struct sock_table *table, uint64_t ino);

/* The socket of that inode until more are asked for, or NULL. */
struct sock *sock_find(const struct sock_table *table, uint64_t ino);

/*
 * Fill the table from the kernel's socket tables of our network namespace (sock_diag(7)): unix, TCP with
 * bound and listening ones, UDP; no further than until all that were asked for are known. Returns 0 or
 * -errno when none could be read.
 */
must_check int sock_dump(struct sock_table *table);

/*
 * Fill in what a unix socket itself does not tell: a listener's queue and backlog, the other end. One
 * question to the same tables. Returns 0 or -errno: -ENOENT in another network namespace.
 */
must_check int sock_ask_unix(struct sock *sock);

/* Parse what the kernel answered, one datagram. Returns 1 at the end of the dump, 0 to go on, -errno. */
must_check int sock_parse(struct sock_table *table, const void *bytes, size_t len);

/*
 * Ask one socket itself, through a duplicate of the process's descriptor (pidfd_getfd(2)): exact, and in
 * whatever network namespace it is. The process is not disturbed. Returns 0, or -errno: -EPERM without
 * ptrace access, -ENOSYS before Linux 5.6.
 */
must_check int sock_probe(int pidfd, int fd, struct sock *ret);

/* "LISTEN", "CLOSE_WAIT", ...; "BOUND" for TCP with a port that neither listens nor is connected. */
const char *sock_state_name(const struct sock *sock);

/* `127.0.0.1:80`, `[::1]:80`, `*:80`; unix: the path, `@abstract`, or "". Not escaped: name may hold any
 * byte; returns its length. */
#define SOCK_TEXT_MAX 128
size_t sock_local(const struct sock *sock, char text[static SOCK_TEXT_MAX]);
size_t sock_remote(const struct sock *sock, char text[static SOCK_TEXT_MAX]);

#endif
