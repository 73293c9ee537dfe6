#ifndef PK_RETRY_SCHEDULE_H
#define PK_RETRY_SCHEDULE_H

#include <stdint.h>

#include "backoff.h"
#include "common/base.h"

/*
 * Print what --schedule shows: one line `attempt delay_ms total_ms` per attempt, the delay before it
 * and the sum of all so far, in milliseconds with at most three places. Attempts take no time here.
 * Returns 0 or -errno of the write to out.
 */
must_check int schedule_print(int out, const struct backoff_rules *rules, uint64_t seed,
			      int64_t attempts);

#endif
