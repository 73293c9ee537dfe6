/*
 * pk-jsonl - JSON Lines as a shared, crash-safe log and a stream
 *
 * One verb a run. The verbs that read share the stream (stream.c): lines, validated, malformed ones
 * reported; those that write share the locked file (logfile.c).
 */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "common/events.h"
#include "common/program.h"
#include "common/say.h"
#include "common/status.h"
#include "init.h"
#include "plan.h"
#include "verbs.h"

static int (*const verbs[VERBS])(struct work *) = {
	[VERB_APPEND] = verb_append, [VERB_FILTER] = verb_filter,     [VERB_COUNT] = verb_count,
	[VERB_FOLLOW] = verb_follow, [VERB_VALIDATE] = verb_validate, [VERB_REPAIR] = verb_repair,
	[VERB_ROTATE] = verb_rotate,
};

static void send_end(struct events *events, int status)
{
	struct event event;

	if (!event_begin(&event, events, "end"))
		return;
	json_int(&event.json, "status", status);
	event_send(&event, events);
}

static int run(struct plan *plan, struct events *events)
{
	static struct work work; /* its output buffer is too large for a stack */
	int status, err;

	work = (struct work){.plan = plan, .events = events};
	work.report = (struct report){.events = events, .event = "malformed", .quiet = plan->quiet};
	work.stream = (struct stream){
		.fields = &plan->fields, .report = &work.report, .max_line = plan->max_line};
	output_begin(&work.output, STDOUT_FILENO);
	status = verbs[plan->verb](&work);
	send_end(events, status);
	err = events_error(events);
	if (err < 0)
		say_errno(err, "cannot write to the events destination");
	return status;
}

/* A mistake in the command line is an event too, wherever events go that far into it. */
static int end_early(const struct plan *plan, struct events *events, int status)
{
	if (status == STATUS_OWN && events_open(events, "pk-jsonl", plan->events) == 0) {
		struct event event;

		if (event_begin(&event, events, "error")) {
			json_text(&event.json, "class", "usage");
			event_send(&event, events);
		}
		send_end(events, status);
	}
	return status;
}

int main(int argc, char **argv)
{
	struct plan plan;
	struct events events = EVENTS_OFF;
	int status = STATUS_OWN;

	if (!program_start("pk-jsonl"))
		return STATUS_OWN;
	if (!plan_parse(&plan, argc, argv, &status)) {
		status = end_early(&plan, &events, status);
	} else if (program_open_events(&events, "pk-jsonl", plan.events)) {
		init_stand_aside();
		status = run(&plan, &events);
	}
	events_drop(&events);
	plan_drop(&plan);
	return program_finish(status);
}
