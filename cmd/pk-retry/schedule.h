#ifndef PK_RETRY_SCHEDULE_H
#define PK_RETRY_SCHEDULE_H

#include <stdint.h>
#include <stdio.h>

#include "backoff.h"

/*
 * Print what --schedule shows: one line `attempt delay_ms total_ms` per attempt, the delay before it
 * and the sum of all so far, in milliseconds with at most three places. Attempts take no time here.
 */
void schedule_print(FILE *out, const struct backoff_rules *rules, uint64_t seed, int64_t attempts);

#endif
