#ifndef PK_WATCH_LOOP_H
#define PK_WATCH_LOOP_H

#include "common/base.h"
#include "common/events.h"
#include "common/status.h"
#include "plan.h"

/*
 * Watch, and run the command or print, until something ends it. Returns how pk-watch is to end; every
 * failure has been told.
 */
must_check struct ending loop_run(const struct plan *plan, struct events *events);

#endif
