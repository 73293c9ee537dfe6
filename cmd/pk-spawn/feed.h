#ifndef PK_SPAWN_FEED_H
#define PK_SPAWN_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"
#include "items.h"
#include "plan.h"

/*
 * Items put together into jobs: up to --max-args of them, and up to FEED_BYTES, as one command line is
 * meant to hold (xargs(1) has the same limit). Jobs are numbered from 1.
 */
#define FEED_BYTES ITEMS_LONGEST

struct feed {
	struct items items;
	size_t max_args;
	bool is_input;	/* the item is the job's stdin */
	bool ended;	/* there is no further job */
	int64_t seq;	/* of the last job taken */
	struct buf job; /* the items of the job in the making, each ended by a NUL */
	size_t count;
	bool delivered;
	struct item spare; /* it did not fit into the job before */
	bool has_spare;
};

/* A job as it is to be sent; what it points to is the feed's until the next call. */
struct feed_job {
	int64_t seq;
	const char *items;
	size_t len, count;
	int64_t input_bytes; /* of the one item, as an input: without the NUL, and all of a file */
	int file;	     /* -1, or the item as a file: the caller's to close */
	int err;	     /* it cannot be run: -E2BIG, -EINVAL (a NUL inside of an item) */
};

/* Open the source of items that the plan names. Returns 0 or -errno. */
must_check int feed_open(struct feed *feed, const struct plan *plan);
void feed_drop(struct feed *feed);

/* Take the next job. Returns 1, 0 at the end, -EAGAIN: more must be read first (feed_read), or -errno. */
must_check int feed_next(struct feed *feed, struct feed_job *ret);

/* The same, for who wants no more than to name what is left: a file is read on to its end. */
must_check int feed_rest(struct feed *feed, struct feed_job *ret);

/* The descriptor to wait for, -1: none; and one read of it. */
int feed_fd(const struct feed *feed);
must_check int feed_read(struct feed *feed);

/* How many jobs there are in all, or -1. Reads a file through. */
int64_t feed_total(const struct feed *feed);

/* May what is left be gone through, because nobody else will want it? */
bool feed_is_ours(const struct feed *feed);

#endif
