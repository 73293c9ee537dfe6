#ifndef PK_RETRY_FEED_H
#define PK_RETRY_FEED_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base.h"

/*
 * Every attempt's stdin. A regular file is wound back, a terminal or device is left to the command,
 * and a pipe is replayed: what an attempt has read is kept in a spool and given to the next one, and
 * what no attempt has read stays in the pipe for whoever reads it after us.
 *
 * Which bytes a command has read is known exactly as long as it has not read all that it was given:
 *
 *	PEEK   tee(2) puts a copy of the first bytes into the command's pipe, which is one page small, and
 *	       takes nothing from ours. At the command's end FIONREAD tells what it left, and exactly
 *	       the rest is taken from our pipe into the spool.
 *	BULK   the command has drained the copy (the small pipe is writable only when it is empty): it
 *	       wants more. From now on whatever there is goes to it and into the spool at once, and we
 *	       may have read further than it did, like any reader with a buffer.
 *
 * Where tee(2) and splice(2) do not work, bytes are copied, and the reading is BULK from the start.
 */
enum feed_mode { FEED_AUTO, FEED_REPLAY, FEED_INHERIT, FEED_NULL };

struct feed {
	enum { FEEDS_NOTHING, FEEDS_NULL, FEEDS_REWIND, FEEDS_PIPE } kind;
	off_t start; /* FEEDS_REWIND: where stdin stood */
	int null;    /* FEEDS_NULL: /dev/null */

	/* FEEDS_PIPE */
	int spool; /* what has been taken from stdin, kept bytes */
	off_t kept;
	bool bulk;   /* for ever, once an attempt has drained the peek */
	bool copies; /* tee or splice has failed: read and write */
	bool ended;  /* stdin is at its end */

	/* The attempt. */
	int to;		 /* the write end of its pipe, -1: closed */
	int from;	 /* the read end, until the command has it */
	off_t sent;	 /* bytes of the spool that it was given */
	size_t peeked;	 /* bytes of stdin that it was given and that are still in our pipe */
	bool needs_data; /* there is room, but nothing to give */
};

#define FEED_EMPTY ((struct feed){.null = -1, .spool = -1, .to = -1, .from = -1})

/* Look at stdin and prepare. Returns 0 or -errno. */
must_check int feed_open(struct feed *feed, enum feed_mode mode);
void feed_drop(struct feed *feed);

/*
 * Before an attempt: *ret_fd is the descriptor that is to be its stdin, -1 for ours as it is. Returns 0
 * or -errno. feed_started: the command has its copy.
 */
must_check int feed_begin(struct feed *feed, int *ret_fd);
void feed_started(struct feed *feed);

/* What to wait for while the command runs: fills poll[0] and poll[1]. Returns 2, or 0 for nothing. */
nfds_t feed_poll(const struct feed *feed, struct pollfd poll[static 2]);

/* One of them is ready. Returns 0 or -errno: stdin cannot be kept (-ENOSPC, for example). */
must_check int feed_step(struct feed *feed, const struct pollfd poll[static 2]);

/* After the command's end: take from our pipe exactly what it has read. Returns 0 or -errno. */
must_check int feed_end(struct feed *feed);

#endif
