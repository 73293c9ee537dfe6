/*
 * pk-spawn - run a command and own its process tree from birth to death
 *
 * The front (this process) forks a guard; the guard starts the command, times it, and is the
 * subreaper of all that comes of it. Whichever of the two dies, the other ends the tree, so that no
 * descendant outlives pk-spawn: not a daemon, not a session of its own, not one that ignores signals.
 */
#include <stdbool.h>

#include "common/events.h"
#include "common/program.h"
#include "common/report.h"
#include "common/status.h"
#include "job.h"
#include "plan.h"
#include "pool.h"
#include "tell.h"

/* A mistake in the command line is an event too, wherever events go that far into it. */
static int end_early(const struct plan *plan, struct events *events, int status)
{
	if (status == STATUS_OWN && events_open(events, "pk-spawn", plan->events) == 0) {
		events_brace();
		report_error(events, "usage", 0);
		tell_end(events, (struct ending){.code = status});
		events_drop(events);
	}
	return program_finish(status);
}

int main(int argc, char **argv)
{
	struct plan plan;
	struct events events = EVENTS_OFF;
	struct ending ending = {.code = STATUS_OWN};

	if (!program_start("pk-spawn"))
		return STATUS_OWN;
	if (!plan_parse(&plan, argc, argv, &ending.code))
		return end_early(&plan, &events, ending.code);
	if (program_open_events(&events, "pk-spawn", plan.events))
		ending = plan.pool.wanted ? pool_run(&plan, &events) : job_run(&plan, &events);
	events_drop(&events);
	ending_die(ending);
}
