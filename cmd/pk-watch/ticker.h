#ifndef PK_WATCH_TICKER_H
#define PK_WATCH_TICKER_H

#include <stdint.h>

#include "common/base.h"
#include "plan.h"
#include "schedule.h"

/*
 * The clock of --every: a timerfd that is armed for one tick of the schedule at a time. It counts
 * CLOCK_BOOTTIME, which goes on during a suspend; with --align it is the wall clock, and setting that
 * draws the ticks anew.
 */
struct ticker {
	int fd; /* readable when a tick is due; -1: there is no --every */
	int clock;
	struct schedule schedule;
};

#define TICKER_OFF ((struct ticker){.fd = -1})

/* Start ticking; -errno when there is no timer to be had. */
must_check int ticker_open(struct ticker *ticker, const struct plan *plan);
void ticker_drop(struct ticker *ticker);

/*
 * The descriptor is readable: take the tick and arm the next. Returns how many were missed before it,
 * or -ECANCELED when the clock was set and this is none.
 */
must_check int64_t ticker_take(struct ticker *ticker);

#endif
