#ifndef PK_WATCH_SCHEDULE_H
#define PK_WATCH_SCHEDULE_H

#include <stdint.h>

#include "common/base.h"

/*
 * The ticks of --every: a fixed grid start + n * period, so that nothing drifts. Jitter is drawn anew
 * for each tick and added to the grid, never to the tick before, so that it neither accumulates nor
 * starves (systemd.timer(5), RandomizedDelaySec, and its bug reports). Pure: now and the random number
 * are arguments; the clock is the caller's.
 */
struct schedule {
	int64_t start, period; /* ns */
	int64_t jitter;	       /* 0 <= jitter <= period */
	int64_t last;	       /* number of the last tick on the grid */
};

/* Begin a grid at start; the first tick is the first one after now. */
void schedule_begin(struct schedule *schedule, int64_t start, int64_t now);

/* When the next tick is. */
int64_t schedule_next(const struct schedule *schedule, uint64_t random);

/*
 * A tick happens now. Returns how many points of the grid have passed without one (a suspend, a
 * stopped process): they are made up for by this one.
 */
int64_t schedule_tick(struct schedule *schedule, int64_t now);

#endif
