#ifndef PK_WATCH_FEEDBACK_H
#define PK_WATCH_FEEDBACK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base.h"

/*
 * Notices a command that wakes itself by writing what is watched: batch after batch of the same paths
 * that came while the command ran or right after it. Such runs are slowed down, never dropped: one of
 * the edits may be the user's. Pure.
 */
struct feedback {
	int runs;
	uint64_t signature;
	int64_t delay; /* of the next run, ns */
};

#define FEEDBACK_RUNS 5
#define FEEDBACK_FIRST INT64_C(100000000)
#define FEEDBACK_MOST INT64_C(5000000000)

/*
 * A run for a batch with that signature is due; own: the batch came while the command ran, or right
 * after. Returns true the moment a loop is noticed. feedback->delay says how long to wait before the
 * run.
 */
bool feedback_note(struct feedback *feedback, uint64_t signature, bool own);

#endif
