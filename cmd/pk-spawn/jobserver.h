#ifndef PK_SPAWN_JOBSERVER_H
#define PK_SPAWN_JOBSERVER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/base.h"

/*
 * A client of GNU make's jobserver (the GNU make manual, "POSIX Jobserver"): inside a recipe the first
 * job of a pool runs in the recipe's own slot, each further one needs a token, a byte read from make's
 * pipe and written back afterwards. Both styles: `--jobserver-auth=R,W` (two descriptors of one
 * pipe) and `--jobserver-auth=fifo:PATH` (make 4.4).
 *
 * Tokens that are out are written down in memory that the guards share, so that whoever outlives a
 * SIGKILL can give them back.
 */
#define JOBSERVER_MOST 4096 /* tokens that one pool can hold */

enum jobserver_kind {
	JOBSERVER_NONE,	  /* no jobserver: -j alone decides */
	JOBSERVER_CLOSED, /* make has one, but not for this recipe: one job at a time */
	JOBSERVER_PIPE,
	JOBSERVER_FIFO,
};

/* What MAKEFLAGS says; pure. Descriptors are not looked at. */
struct jobserver_auth {
	enum jobserver_kind kind;
	int in, out;	  /* PIPE */
	const char *path; /* FIFO: path_len bytes inside of MAKEFLAGS */
	size_t path_len;
};
void jobserver_parse(const char *makeflags, struct jobserver_auth *ret);

struct jobserver_held;

struct jobserver {
	enum jobserver_kind kind;
	int in;			     /* of our own, non-blocking */
	int out;		     /* of our own */
	struct jobserver_held *held; /* shared with the guards */
};

#define JOBSERVER_OFF ((struct jobserver){.in = -1, .out = -1})

/*
 * Join the jobserver that makeflags (the value of $MAKEFLAGS, may be NULL) names. One that does not
 * exist for us, closed or foreign descriptors, is CLOSED. Returns 0 or -errno.
 */
must_check int jobserver_open(struct jobserver *jobserver, const char *makeflags);
void jobserver_drop(struct jobserver *jobserver);

/* Take a token if there is one. Returns 1, 0, or -errno. */
must_check int jobserver_take(struct jobserver *jobserver);

/* Give one back, or all. */
void jobserver_give(struct jobserver *jobserver);
void jobserver_give_all(struct jobserver *jobserver);

/* How many are out. */
int jobserver_held(const struct jobserver *jobserver);

/*
 * In a guard whose front has died: its tree is gone, so one token is free, if it had one; the last of
 * the guards returns the rest. jobserver_join counts a guard, in the front; jobserver_leave that of one
 * that has ended otherwise.
 */
void jobserver_join(struct jobserver *jobserver);
void jobserver_leave(struct jobserver *jobserver);
void jobserver_bereft(struct jobserver *jobserver, bool had_job);

#endif
