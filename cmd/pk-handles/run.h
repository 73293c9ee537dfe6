#ifndef PK_HANDLES_RUN_H
#define PK_HANDLES_RUN_H

#include "common/base.h"
#include "common/events.h"
#include "common/status.h"
#include "plan.h"

/*
 * Run the plan's command and report what it had open when it ended. Returns how pk-handles is to end:
 * as the command did, unless --error-exitcode says otherwise. Every failure has been told.
 */
must_check struct ending run_command(const struct plan *plan, struct events *events);

#endif
