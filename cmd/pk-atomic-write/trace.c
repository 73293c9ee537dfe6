/* Events along the way. */
#include "trace.h"

#include <sys/stat.h>

#include "common/clock.h"
#include "common/sha256.h"
#include "common/signame.h"
#include "tell.h"

void trace_start(const struct work *work)
{
	struct event event;

	if (!event_begin(&event, work->events, "start"))
		return;
	json_text(&event.json, "path", work->plan->file);
	if (work->plan->command)
		json_text(&event.json, "command", work->plan->command[0]);
	if (work->plan->command && work->plan->events_argv) {
		json_open(&event.json, "argv");
		for (char **arg = work->plan->command; *arg; arg++)
			json_item_text(&event.json, *arg);
		json_close(&event.json);
	}
	event_send(&event, work->events);
}

void trace_lock(const struct work *work, int64_t waited_ns)
{
	struct event event;

	if (!event_begin(&event, work->events, "lock"))
		return;
	json_ms(&event.json, "waited_ms", waited_ns);
	event_send(&event, work->events);
}

void trace_staged(const struct work *work, const uint8_t *hash)
{
	char text[SHA256_TEXT];
	struct event event;

	if (!event_begin(&event, work->events, "staged"))
		return;
	json_int(&event.json, "size_bytes", work->size);
	if (hash) {
		sha256_format(text, hash);
		json_text(&event.json, "sha256", text);
	}
	json_ms(&event.json, "elapsed_ms", now_ns() - work->begun);
	event_send(&event, work->events);
}

void trace_metadata(const struct work *work, const struct keep_lost *lost)
{
	struct event event;

	if (!event_begin(&event, work->events, "metadata"))
		return;
	json_open(&event.json, "lost");
	if (lost->owner)
		json_item_text(&event.json, "owner");
	if (lost->group)
		json_item_text(&event.json, "group");
	if (lost->acl)
		json_item_text(&event.json, "acl");
	if (lost->mode)
		json_item_text(&event.json, "mode");
	if (lost->xattr)
		json_item_text(&event.json, *lost->name ? lost->name : "xattr");
	json_close(&event.json);
	event_send(&event, work->events);
}

void trace_exit(const struct work *work, const char *name, pid_t pid)
{
	const struct owner_result *result = guard_result(work->guard);
	char signal[SIGNAME_MAX];
	struct event event;

	if (!event_begin(&event, work->events, name))
		return;
	json_int(&event.json, "command_pid", pid);
	if (result->ending.signal)
		json_text(&event.json, "signal", signame(result->ending.signal, signal));
	else
		json_int(&event.json, "exit_code", result->ending.code);
	json_text(&event.json, "cause", owner_cause_name(result->cause));
	json_ms(&event.json, "elapsed_ms", result->elapsed_ns);
	json_bool(&event.json, "killed", result->killed);
	event_send(&event, work->events);
}

void trace_deadline(const struct work *work)
{
	const struct deadline *inherited = &work->plan->inherited;
	struct event event;

	if (!event_begin(&event, work->events, "timeout"))
		return;
	json_text(&event.json, "kind", "inherited");
	if (inherited->from[0] != '\0')
		json_text(&event.json, "from", inherited->from);
	event_send(&event, work->events);
}

void trace_swept(const struct work *work)
{
	struct event event;

	if (work->new.swept == 0)
		return;
	tell_detail(work, "removed %d leftover%s of an interrupted run", work->new.swept,
		    work->new.swept > 1 ? "s" : "");
	if (!event_begin(&event, work->events, "swept"))
		return;
	json_int(&event.json, "count", work->new.swept);
	event_send(&event, work->events);
}
