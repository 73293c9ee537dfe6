#ifndef PK_SPAWN_LISTENER_H
#define PK_SPAWN_LISTENER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "spec.h"

/*
 * Who listens: sockets by inode, from the kernel's tables of our network namespace (sock_diag(7), else
 * /proc/net), and whether a process of our tree holds one of them. No connection is made.
 */
struct listener {
	uint64_t ino;
	int family; /* AF_INET, AF_INET6 */
	uint16_t port;
	bool listens;
	struct in6_addr address; /* AF_INET: its first 4 bytes */
};

/* Would a connection to that host reach it? Any listener is right for "". Pure. */
bool listener_is_for(const struct listener *listener, const char *host);

/* Parse a line of /proc/net/tcp, or tcp6. Returns 0 or -EINVAL, which the headings are. Pure. */
must_check int listener_parse(const char *line, int family, struct listener *ret);

#define LISTENERS_MAX 16
struct listeners {
	uint64_t inos[LISTENERS_MAX];
	size_t count;
};

/* The listening sockets of a tcp, http or unix SPEC. Returns 0 or -errno. */
must_check int listeners_find(const struct spec *spec, struct listeners *ret);

/* Does a descendant of this process hold one of them? */
must_check bool listeners_are_ours(const struct listeners *listeners);

#endif
