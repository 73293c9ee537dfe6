#ifndef PK_SPAWN_JOB_H
#define PK_SPAWN_JOB_H

#include "common/base.h"
#include "common/events.h"
#include "common/status.h"
#include "plan.h"

/*
 * Run the plan's command in a guard of its own, report it, and return how pk-spawn is to end. Every
 * failure has been told.
 */
must_check struct ending job_run(const struct plan *plan, struct events *events);

#endif
