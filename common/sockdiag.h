#ifndef PK_SOCKDIAG_H
#define PK_SOCKDIAG_H

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/unix_diag.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/base.h"

/*
 * Questions to the kernel about sockets of our network namespace, by netlink: sock_diag(7). What is asked
 * and what the answers mean is the caller's.
 */
struct sockdiag_request {
	struct nlmsghdr header; /* filled in by sockdiag_ask */
	union {
		struct inet_diag_req_v2 inet;
		struct unix_diag_req local;
	} body;
};

/* One message of the answer: body of an answer for that family, len bytes, not checked further. */
typedef void sockdiag_take(void *arg, const void *body, size_t len);

/*
 * Ask, with len bytes of the request's body, and give each message of the answer to take. dump: for all sockets
 * that fit; else for one. Returns 0 or -errno: -ENOENT, say, when the one is not there.
 */
must_check int sockdiag_ask(struct sockdiag_request *request, size_t len, bool dump,
			    sockdiag_take *take, void *arg);

/*
 * The messages of one datagram, outside bytes. Returns 1 at the end of a dump, 0 to go on, or -errno: -EINVAL when it
 * makes no sense.
 */
must_check int sockdiag_parse(const char *bytes, size_t len, sockdiag_take *take, void *arg);

#endif
