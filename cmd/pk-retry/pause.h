#ifndef PK_RETRY_PAUSE_H
#define PK_RETRY_PAUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base.h"
#include "common/guard.h"

/*
 * Wait until the instant (monotonic) before the next attempt: one blocking call. On a terminal in
 * whose foreground we are, unless quiet, the seconds are counted down on stderr and erased at the
 * end, at the price of one wake-up a second.
 *
 * Returns GUARD_TIME, GUARD_STOP when a signal asks the tool to end, or -errno.
 */
must_check int pause_until(struct guard *guard, int64_t until, int64_t next_attempt, bool quiet);

#endif
