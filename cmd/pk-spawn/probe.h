#ifndef PK_SPAWN_PROBE_H
#define PK_SPAWN_PROBE_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "answer.h"
#include "common/base.h"
#include "spec.h"

/*
 * One connection as a question: does somebody accept it (tcp, unix), and answer a request with a status
 * that says ready (http)? Nothing here blocks.
 */
struct probe {
	const struct spec *spec;
	int fd; /* -1: no question is open */
	bool connected, asked;
	int64_t until; /* when the question is given up */
	size_t len;
	char answer[ANSWER_ENOUGH + 1];
};

#define PROBE_NONE ((struct probe){.fd = -1})

/* How long an answer may take. A server that has not yet accepted answers late, and is asked once. */
#define PROBE_LIMIT_NS INT64_C(2000000000)

enum probe_result { PROBE_WAIT, PROBE_YES, PROBE_NO };

/* Ask at the address. PROBE_WAIT: go on with probe_poll and probe_step. */
must_check enum probe_result probe_start(struct probe *probe, const struct spec *spec,
					 const struct sockaddr *address, socklen_t len,
					 int64_t now);
void probe_drop(struct probe *probe);

/* What to wait for while a question is open. */
struct pollfd probe_poll(const struct probe *probe);
must_check enum probe_result probe_step(struct probe *probe, int64_t now);

/* An address of the family for a host that is "localhost", "" or an address; a port in ours. Returns its
 * length, or 0 when the host has none in that family. Pure. */
must_check socklen_t probe_address(const char *host, uint16_t port, int family,
				   struct sockaddr_storage *ret);

/* The address of a unix socket's path. Returns its length. Pure. */
must_check socklen_t probe_path(const char *path, struct sockaddr_storage *ret);

#endif
