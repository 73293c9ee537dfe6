#ifndef PK_RETRY_RUN_H
#define PK_RETRY_RUN_H

#include "common/base.h"
#include "common/events.h"
#include "common/status.h"
#include "plan.h"

/*
 * Carry the plan out in a guard of its own: the lock, then attempt after attempt with the delays
 * between. Returns how pk-retry is to end; every failure has been told.
 */
must_check struct ending run_plan(const struct plan *plan, struct events *events);

#endif
