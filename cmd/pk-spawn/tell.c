/* Events and lines about a command. */
#include "tell.h"

#include <stdio.h>

#include "common/clock.h"
#include "common/program.h"
#include "common/report.h"
#include "common/say.h"
#include "common/signame.h"

void tell_end(struct events *events, struct ending ending)
{
	struct event event;

	if (!event_begin(&event, events, "end"))
		return;
	json_int(&event.json, "status", ending_status(ending));
	event_send(&event, events);
}

void tell_pool_end(struct events *events, struct ending ending, const struct tally *tally)
{
	struct event event;

	if (!event_begin(&event, events, "end"))
		return;
	json_int(&event.json, "status", ending_status(ending));
	json_int(&event.json, "jobs", tally->succeeded + tally->failed + tally->stopped);
	json_int(&event.json, "failed", tally->failed);
	json_int(&event.json, "not_run", tally->not_run);
	event_send(&event, events);
}

static void note(void *arg, enum owner_note kind, int signal, int targets)
{
	const struct plan *plan = arg;
	const char *plural = targets == 1 ? "" : "es";
	char name[SIGNAME_MAX];

	switch (kind) {
	case OWNER_NO_PROC:
		if (!plan->quiet)
			say("/proc cannot be read: only the command's process group is signalled");
		return;
	case OWNER_FORWARDED:
		if (plan->verbose)
			say("passed %s on to %d process%s", signame(signal, name), targets, plural);
		return;
	case OWNER_ASKED:
	case OWNER_KILLED:
		if (plan->verbose)
			say("sent %s to %d process%s", signame(signal, name), targets, plural);
		return;
	}
}

void tell_notes(struct guard *guard, const struct plan *plan)
{
	guard_set_note(guard, note, (void *)(uintptr_t)plan);
}

/* Which service it is about; COMMAND has no number. */
static void add_service(struct event *event, const struct work *work)
{
	if (work->service)
		json_int(&event->json, "service", work->number);
}

void tell_start(struct events *events, const struct work *work, pid_t pid)
{
	char *const *argv = work->argv;
	struct event event;

	if (!event_begin(&event, events, "start"))
		return;
	json_int(&event.json, "command_pid", pid);
	json_text(&event.json, "command", argv[0]);
	add_service(&event, work);
	if (work->plan->events_argv) {
		json_open(&event.json, "argv");
		for (size_t i = 0; argv[i]; i++)
			json_item_text(&event.json, argv[i]);
		json_close(&event.json);
	}
	event_send(&event, events);
}

void tell_ready(struct events *events, const struct work *work, pid_t pid, int64_t elapsed_ns)
{
	struct event event;

	if (!event_begin(&event, events, "ready"))
		return;
	json_int(&event.json, "command_pid", pid);
	add_service(&event, work);
	json_text(&event.json, "how", spec_kind_name(work->spec->kind));
	json_ms(&event.json, "elapsed_ms", elapsed_ns);
	event_send(&event, events);
}

void tell_exit(struct events *events, const struct work *work, const struct owner_result *result,
	       pid_t pid, const struct tell_streams *streams)
{
	struct event event;

	if (!result->ended || !event_begin(&event, events, "exit"))
		return;
	json_int(&event.json, "command_pid", pid);
	add_service(&event, work);
	record_result(&event.json, result);
	for (int i = 0; streams && i < streams->count; i++)
		record_stream(&event.json, streams->keys[i], &streams->streams[i]);
	event_send(&event, events);
}

void tell_output(struct events *events, const struct relay *relay)
{
	for (size_t i = 0; i < array_len(relay->streams); i++) {
		const struct relay_stream *stream = &relay->streams[i];
		struct event event;

		if (!stream->name || !event_begin(&event, events, "output"))
			continue;
		json_text(&event.json, "stream", relay->one ? "both" : stream->name);
		json_int(&event.json, "bytes", (int64_t)stream->bytes);
		json_int(&event.json, "omitted_bytes", (int64_t)stream->rest.omitted_bytes);
		json_int(&event.json, "omitted_lines", (int64_t)stream->rest.omitted_lines);
		event_send(&event, events);
	}
}

/* Which one it was, the kernel does not say; with one limit it is clear. */
static void explain_limit(const struct plan *plan, int err)
{
	char names[128];
	size_t len = 0;

	for (size_t i = 0; i < plan->limit_count && len < sizeof(names); i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s", i ? " or " : "",
					plan_limit_name(plan->limits[i].resource));
	say_errno(err, "cannot set the limit of %s", names);
}

struct ending tell_unstarted(struct events *events, const struct plan *plan, const char *name,
			     enum child_stage stage, int err)
{
	switch (stage) {
	case CHILD_EXEC:
		return (struct ending){.code = program_exec_failed(events, name, err)};
	case CHILD_LIMIT:
		explain_limit(plan, err);
		break;
	case CHILD_FORK:
	case CHILD_SETUP:
		say_errno(err, "cannot start '%s'", name);
		break;
	}
	report_error(events, "resource", err);
	return (struct ending){.code = STATUS_OWN};
}

/* A limit and, where it is not the obvious one, which. */
static const char *format_limit(char text[static TELL_LIMIT_MAX], int64_t limit, const char *name)
{
	char duration[NS_TEXT_MAX];

	ns_format(duration, limit);
	(void)snprintf(text, TELL_LIMIT_MAX, "%s%s", duration, name);
	return text;
}

const char *tell_deadline(const struct plan *plan, bool inherited, char text[static TELL_LIMIT_MAX])
{
	if (inherited)
		return format_limit(text, plan->inherited.left, " (inherited deadline)");
	return format_limit(text, plan->deadline, " (deadline)");
}

const char *tell_ready_limit(const struct plan *plan, enum stop_cause cause,
			     char text[static TELL_LIMIT_MAX])
{
	if (cause == STOP_DEADLINE || cause == STOP_INHERITED)
		return tell_deadline(plan, cause == STOP_INHERITED, text);
	return format_limit(text, plan->ready_timeout, "");
}

static void say_limit(const struct plan *plan, const struct owner_result *result)
{
	const char *insisted = result->killed ? ", SIGKILL needed" : "";
	const bool inherited = result->cause == CAUSE_INHERITED;
	char limit[TELL_LIMIT_MAX];

	if (result->cause == CAUSE_IDLE)
		say("no output for %s%s", format_limit(limit, plan->idle, ""), insisted);
	else if (inherited || result->cause == CAUSE_DEADLINE)
		say("timed out after %s%s", tell_deadline(plan, inherited, limit), insisted);
	else
		say("timed out after %s%s", format_limit(limit, plan->timeout, ""), insisted);
}

static void say_unready(const struct work *work)
{
	const char *what = work->service ? work->service : work->argv[0];
	char limit[TELL_LIMIT_MAX];

	if (work->lost)
		say("'%s' is not ready: %s is not its own", what, work->spec->text);
	else
		say("'%s' was not ready in %s: %s", what,
		    tell_ready_limit(work->plan, work->ready_by.cause, limit), work->spec->text);
}

static void say_fallen(const struct work *work, const struct owner_result *result)
{
	const char *early = work->ready.yes ? "" : " before it was ready";
	char name[SIGNAME_MAX];

	if (work->lost)
		say("the service '%s' has lost %s", work->service, work->spec->text);
	else if (result->ending.signal)
		say("the service '%s' died of SIG%s%s", work->service,
		    signame(result->ending.signal, name), early);
	else
		say("the service '%s' exited with status %d%s", work->service, result->ending.code,
		    early);
}

void tell_why(const struct work *work, const struct owner_result *result, int stop_signal)
{
	if (result->survivors > 0)
		say("%d process%s survived SIGKILL", result->survivors,
		    result->survivors > 1 ? "es" : "");
	else if (work->plan->quiet || work->mute)
		return;
	else if (work->unready)
		say_unready(work);
	else if (work->service && (work->lost || !stop_signal))
		say_fallen(work, result);
	else if (result->timed_out)
		say_limit(work->plan, result);
}

void tell_sink(struct events *events)
{
	int err = events_error(events);

	if (err < 0)
		say_errno(err, "cannot write to the events destination");
}
