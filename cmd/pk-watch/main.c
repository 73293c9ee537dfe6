/*
 * pk-watch - run a command when files change, once things settle, and never twice at once
 *
 * Directories are watched by inotify(7) so that nothing is missed (watchset.h), changes are gathered
 * into batches (batch.h, debounce.h), and each batch is one run of the command, owned by a guard
 * process from birth to death (common/guard.h). Without a command the paths are printed.
 */
#include <errno.h>
#include <stdbool.h>

#include "common/events.h"
#include "common/program.h"
#include "common/report.h"
#include "common/say.h"
#include "common/status.h"
#include "loop.h"
#include "notes.h"
#include "plan.h"

/* A mistake in the command line is an event too, wherever events go that far into it. */
static int end_early(const struct plan *plan, struct events *events, int status)
{
	if (status == STATUS_OWN && events_open(events, "pk-watch", plan->events) == 0) {
		report_error(events, "usage", 0);
		note_end(events, (struct ending){.code = status}, "error");
		events_drop(events);
	}
	return program_finish(status);
}

int main(int argc, char **argv)
{
	struct plan plan = {0};
	struct events events = EVENTS_OFF;
	struct ending ending = {.code = STATUS_OWN};

	if (!program_start("pk-watch"))
		return STATUS_OWN;
	if (!plan_parse(&plan, argc, argv, &ending.code)) {
		int status = end_early(&plan, &events, ending.code);

		plan_drop(&plan);
		return status;
	}
	if (program_open_events(&events, "pk-watch", plan.events))
		ending = loop_run(&plan, &events);
	events_drop(&events);
	plan_drop(&plan);
	ending_die(ending);
}
