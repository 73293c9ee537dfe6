#ifndef PK_SPAWN_RELAY_H
#define PK_SPAWN_RELAY_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture.h"
#include "common/base.h"
#include "common/child.h"
#include "common/guard.h"
#include "common/sink.h"

/*
 * The command's stdout and stderr through our hands: the command writes into pipes, and the guard's body
 * passes on what comes out of them, whole or only its beginning and end (capture.h), keeps a copy,
 * and knows when the command last wrote. Bytes that nobody has to look at go from pipe to pipe
 * by splice(2).
 *
 * One piece of a stream is in hand at a time: while the reader is slow the command waits, as it would
 * without us. Once the reader has gone we close our end, so that the command meets its own SIGPIPE
 * or EPIPE; only a copy is still filled. Where stdout and stderr are the same object they stay one
 * stream, so that the order of what is written is kept.
 */
struct relay_stream {
	const char *name; /* "stdout" or "stderr"; NULL: not relayed */
	int from;	  /* our end; -1: closed */
	int to;		  /* the command's, until it has it */
	struct sink sink; /* the caller's */
	bool gone;	  /* nothing more is written to the sink */
	bool splices;	  /* splice(2) has not refused yet */
	bool full;	  /* the sink has no room for a splice */
	char *piece;
	const char *pending; /* what is in hand, */
	size_t pending_len;  /* 0: nothing */
	struct capture capture;
	uint64_t bytes; /* that the command wrote */
	struct capture_rest rest;
};

/* Sees every byte before it is passed on; false: it has seen enough. */
typedef bool relay_look(void *arg, int stream, const char *bytes, size_t len);

struct relay {
	struct relay_stream streams[2];
	bool one;    /* stdout and stderr are one: the first */
	size_t most; /* bytes of a stream that are passed on; 0: all */
	int spill;   /* the copy's file, or -1 */
	relay_look *look;
	void *look_arg;
	int64_t heard; /* when the command last wrote, or was last kept from it */

	const char *failed; /* what could not be written to, or NULL: */
	int err;	    /* why */
	bool broken;	    /* a reader has gone and bytes were lost by that */
	bool cut;	    /* the end of the output was lost: nobody took it in time */
};

#define RELAY_OFF ((struct relay){.spill = -1})
#define RELAY_POLLS 4

/* What is to be relayed and how; most, spill and look of *relay are set. Returns 0 or -errno. */
must_check int relay_open(struct relay *relay);
void relay_drop(struct relay *relay);

/* The command's descriptors. Returns how many. Once it has them: relay_started. */
size_t relay_fds(const struct relay *relay, struct child_fd fds[static 2]);
void relay_started(struct relay *relay, int64_t now);

/* The descriptors of the caller and of our own that are needed from now on. Returns how many, at most
 * RELAY_KEEPS. */
#define RELAY_KEEPS 7
size_t relay_keep(const struct relay *relay, int keep[static RELAY_KEEPS]);

/* What to wait for while the command runs. Returns how many, at most RELAY_POLLS. */
nfds_t relay_poll(const struct relay *relay, struct pollfd polls[static RELAY_POLLS]);
void relay_step(struct relay *relay, const struct pollfd polls[static RELAY_POLLS]);

/* When the command will have been silent for that long; NS_NEVER while it waits for a reader. */
int64_t relay_idle_at(const struct relay *relay, int64_t idle);

/*
 * After the command's end: pass on what is left in the pipes, without waiting for others that hold them,
 * and the ends of what was kept; wait for room until that instant at most, and for no longer than
 * until a signal asks us to end.
 */
void relay_end(struct relay *relay, struct guard *guard, int64_t until);

#endif
