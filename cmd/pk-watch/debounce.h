#ifndef PK_WATCH_DEBOUNCE_H
#define PK_WATCH_DEBOUNCE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base.h"

/*
 * When does a batch of changes become a run? When nothing has come for `quiet`, but never later than
 * `max_wait` after the first: a steady writer delays a run, and does not prevent it. Pure.
 */
struct debounce {
	int64_t quiet, max_wait; /* ns */
	int64_t first, last;	 /* of the batch; NS_NEVER: it is empty */
};

void debounce_clear(struct debounce *debounce);

/* Something came in. */
void debounce_note(struct debounce *debounce, int64_t now);

/* When to act. `held`: somebody is still writing, so wait for the end of that, or for max_wait. */
int64_t debounce_due(const struct debounce *debounce, bool held);

#endif
