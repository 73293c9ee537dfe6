#ifndef PK_SPAWN_STAGE_H
#define PK_SPAWN_STAGE_H

#include "common/base.h"
#include "common/events.h"
#include "common/status.h"
#include "plan.h"

/*
 * COMMAND with what belongs around it: what it waits for, the services that it needs, and the word
 * that all is ready.
 *
 *	wait for the --wait-for	-> start each service, wait until it is ready -> COMMAND -> stop the services
 *
 * Each service is owned by a guard of its own and stopped in the reverse order. The first that fails ends
 * the run.
 */

/* Does the plan ask for any of that? */
bool stage_is_wanted(const struct plan *plan);

/* Run it all and return how pk-spawn is to end. Every failure has been told. */
must_check struct ending stage_run(const struct plan *plan, struct events *events);

#endif
