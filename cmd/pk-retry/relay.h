#ifndef PK_RETRY_RELAY_H
#define PK_RETRY_RELAY_H

#include <poll.h>
#include <stddef.h>

#include "common/base.h"
#include "common/guard.h"
#include "common/match.h"

/*
 * Stderr under --retry-match: the command writes into a pipe, and what comes out of it goes to our
 * stderr at once and past the matcher. One piece is in hand at a time; while our stderr is full the
 * command waits for it, as it would for the bare one.
 */
struct relay {
	int from;	  /* our end; -1: no relay */
	int to;		  /* the command's end, until it has it */
	size_t len, at;	  /* the piece in hand */
	char piece[4096]; /* PIPE_BUF: a writable pipe takes it whole */
};

#define RELAY_EMPTY ((struct relay){.from = -1, .to = -1})

/* Before an attempt. Returns the descriptor that is to be its stderr, or -errno. */
must_check int relay_begin(struct relay *relay);
void relay_started(struct relay *relay);

/* What to wait for while the command runs: fills poll[0] and poll[1]. Returns 2, or 0 for nothing. */
nfds_t relay_poll(const struct relay *relay, struct pollfd poll[static 2]);
void relay_step(struct relay *relay, const struct pollfd poll[static 2], struct match *match);

/* After the command's end: pass on what is left in the pipe, without waiting for others that hold it,
 * and for room in our stderr until that instant at most. */
void relay_end(struct relay *relay, struct guard *guard, struct match *match, int64_t until);

#endif
