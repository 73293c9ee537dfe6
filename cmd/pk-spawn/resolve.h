#ifndef PK_SPAWN_RESOLVE_H
#define PK_SPAWN_RESOLVE_H

#include <stdint.h>
#include <sys/socket.h>

#include "common/base.h"
#include "common/guard.h"
#include "spec.h"

#define RESOLVED_MAX 8
struct resolved {
	int count;
	socklen_t lens[RESOLVED_MAX];
	struct sockaddr_storage addresses[RESOLVED_MAX];
};

/*
 * The addresses of the spec's host and port. A name is looked up by a process of its own, since
 * getaddrinfo(3) blocks; no job runs in the guard meanwhile. Returns how many there are, 0 when there is
 * none or a signal or the instant `until` came first.
 */
must_check int resolve(struct guard *guard, const struct spec *spec, int64_t until,
		       struct resolved *ret);

#endif
