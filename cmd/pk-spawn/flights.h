#ifndef PK_SPAWN_FLIGHTS_H
#define PK_SPAWN_FLIGHTS_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"

/*
 * The jobs that have been sent to the slots and are not over: what the front knows of each, for the lines
 * and records about it. Their number is limited by the pool.
 */
struct flight {
	int64_t seq; /* 0: free */
	int slot;    /* -1: not known, or waiting in the queue */
	int64_t started;
	struct buf items; /* count texts, each ended by a NUL; a long one only in part */
	size_t count;
	int64_t input_bytes; /* struct feed_job */
};

struct flights {
	struct flight *all;
	int size, used;
};

/* Returns 0 or -ENOMEM. */
must_check int flights_open(struct flights *flights, int size);
void flights_drop(struct flights *flights);

/* Enter a job; there is room. Returns it, or NULL without memory. */
struct flight *flights_add(struct flights *flights, int64_t seq, const char *items, size_t len,
			   size_t count);

/* The job of that number, or NULL. */
struct flight *flights_find(const struct flights *flights, int64_t seq);

/* Any job, or NULL when there is none. */
struct flight *flights_any(const struct flights *flights);

/* How many of them are known to be with a slot. */
int flights_running(const struct flights *flights);

/* The job that has been running longest, or NULL. */
const struct flight *flights_oldest(const struct flights *flights);

/* The job is over. */
void flights_remove(struct flights *flights, struct flight *flight);

#endif
