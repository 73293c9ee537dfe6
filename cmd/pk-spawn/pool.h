#ifndef PK_SPAWN_POOL_H
#define PK_SPAWN_POOL_H

#include "common/base.h"
#include "common/events.h"
#include "common/status.h"
#include "plan.h"

/*
 * Run the plan's command once for each job, in up to plan->pool.jobs slots (slot.h), and return how
 * pk-spawn is to end. Every failure has been told.
 *
 * The coordinator is the front: it takes items when a slot can use them, sends them to the queue, orders
 * and prints what comes back, and decides when to stop. It never waits for anything but in one ppoll(2).
 */
must_check struct ending pool_run(const struct plan *plan, struct events *events);

#endif
