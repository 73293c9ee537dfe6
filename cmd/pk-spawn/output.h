#ifndef PK_SPAWN_OUTPUT_H
#define PK_SPAWN_OUTPUT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "backlog.h"
#include "common/base.h"
#include "common/child.h"
#include "lines.h"
#include "print.h"

/*
 * What becomes of the stdout and stderr of a pool's jobs.
 *
 *	raw	the caller's own; nothing passes through us
 *	line	pipes, read by the front: whole lines, as they come
 *	group	nameless files, one pair for each slot: the whole of a job's when it has ended
 *	keep	the same, in the order of the items
 *	failed	the same, of failed jobs only
 *
 * Files cost no wake-up while a job runs. A slot whose job has written something waits for the front
 * (ORDER_CALL) before its next job, so that a file holds the output of one job. Where stdout and stderr
 * are one object, they stay one stream in the order of writing.
 *
 * The front's half is a machine that never waits: output_step goes as far as it can.
 */
enum output_mode { OUTPUT_RAW, OUTPUT_LINE, OUTPUT_GROUP, OUTPUT_KEEP, OUTPUT_FAILED };

#define OUTPUT_TAG_MAX 256

struct output_slot {
	int to[PRINT_STREAMS]; /* a job's stdout and stderr; the second is -1 where they are one */
	int from[PRINT_STREAMS]; /* our ends of the pipes */
	struct lines lines[PRINT_STREAMS];
	char tag[OUTPUT_TAG_MAX]; /* of the job that runs */
};

struct output {
	enum output_mode mode;
	bool tags;
	int streams; /* 1 where stdout and stderr are one, else 2 */
	struct print print;
	struct output_slot *slots;
	int count;
	int pipes; /* an epoll(7) of all pipes, or -1 */
	struct backlog backlog;

	/* What is under way; nothing when slot is -1 and turn is false. */
	int slot;   /* the slot whose job has ended */
	bool turn;  /* the backlog's next is being printed */
	bool waits; /* the slot waits for the end of this */
	bool aside; /* into the backlog, not to print */
	int fds[PRINT_STREAMS];
	off_t at[PRINT_STREAMS], end[PRINT_STREAMS];
	struct lines lines[PRINT_STREAMS];
	char tag[OUTPUT_TAG_MAX];
	int err; /* reading or keeping has failed */
};

/* A job's output as its slot has measured it. */
struct output_sizes {
	off_t len[PRINT_STREAMS];
	bool waits; /* the slot waits for ORDER_CALL */
	int err;    /* the file system is full: some of it may be lost */
};

/* one: stdout and stderr may share a file. Returns 0 or -errno. */
must_check int output_open(struct output *output, enum output_mode mode, bool tags, bool one,
			   int slots);
void output_drop(struct output *output);

/* Before the guard of a slot is hired. Returns 0 or -errno. */
must_check int output_add_slot(struct output *output, int slot);

/* In the guard: keep only what its jobs need; their descriptors; what a job has written. */
void output_settle(struct output *output, int slot);
size_t output_fds(const struct output *output, int slot, struct child_fd fds[static PRINT_STREAMS]);
struct output_sizes output_measure(const struct output *output, int slot);

/* In the front: a job with that tag has started in the slot. */
void output_started(struct output *output, int slot, const char *tag);

/*
 * A job has ended: print its output, or with !wanted forget it. slot is -1 when it never had one.
 * Only when output_step has returned false.
 */
void output_done(struct output *output, int slot, int64_t seq, const char *tag,
		 const struct output_sizes *sizes, bool wanted);

/*
 * Go on. Returns true while something is left to do: call again when output_poll's descriptors are ready,
 * or at once where it has none. *ret_released is the slot whose wait is over, else -1.
 */
must_check bool output_step(struct output *output, int *ret_released);

/* Read from the pipes what running jobs have written. */
void output_read(struct output *output);

#define OUTPUT_POLLS PRINT_STREAMS
nfds_t output_poll(const struct output *output, struct pollfd polls[static OUTPUT_POLLS]);

/* The first failure, -errno, and the name of what could not be written; 0: none. */
int output_error(const struct output *output, const char **ret_name);

/* May a job of that number be started? */
bool output_has_room(const struct output *output, int64_t seq);

/* Read up to size bytes of a job's stream from `at` on, before ORDER_CALL. Returns how many. */
size_t output_peek(const struct output *output, int slot, int stream, off_t at, char *bytes,
		   size_t size);

#endif
