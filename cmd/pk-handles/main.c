/*
 * pk-handles - what a process holds open, what keeps it alive, and what it leaks
 *
 * Everything is read from outside, from /proc and the kernel's socket tables: the process is not stopped,
 * not signalled and needs to know nothing. What cannot be read is said, never passed over in silence.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "common/events.h"
#include "common/program.h"
#include "common/report.h"
#include "common/say.h"
#include "common/status.h"
#include "compare.h"
#include "explain.h"
#include "list.h"
#include "plan.h"
#include "run.h"
#include "sample.h"
#include "session.h"

/* A mistake in the command line is an event too, wherever events go that far into it. */
static int end_early(const struct plan *plan, struct events *events, int status)
{
	if (status == STATUS_OWN && events_open(events, "pk-handles", plan->events) == 0) {
		report_error(events, "usage", 0);
		session_event_end(events, status);
		events_drop(events);
	}
	return program_finish(status);
}

static int run(struct session *session)
{
	switch ((enum mode)session->plan->mode) {
	case MODE_LIST:
		return list_run(session);
	case MODE_SUMMARY:
		return summary_run(session);
	case MODE_WHY:
		return explain_run(session);
	case MODE_DIFF:
		return compare_run(session);
	case MODE_TREND:
		return sample_run(session);
	case MODE_RUN:
		break;
	}
	return STATUS_OWN;
}

static int look(const struct plan *plan, struct events *events)
{
	static char buffer[65536];
	struct session session;
	int status;

	(void)setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	if (session_open(&session, plan, events) < 0)
		return STATUS_OWN;
	status = run(&session);
	session_close(&session);
	return status;
}

int main(int argc, char **argv)
{
	struct plan plan;
	struct events events = EVENTS_OFF;
	int status = STATUS_OWN;

	if (!program_start("pk-handles"))
		return STATUS_OWN;
	if (!plan_parse(&plan, argc, argv, &status))
		return end_early(&plan, &events, status);
	if (!program_open_events(&events, "pk-handles", plan.events))
		return STATUS_OWN;
	if (plan.mode == MODE_RUN) {
		struct ending ending = run_command(&plan, &events);

		events_drop(&events);
		ending_die(ending);
	}
	status = program_finish(look(&plan, &events));
	session_event_end(&events, status);
	events_drop(&events);
	return status;
}
