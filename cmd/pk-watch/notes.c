/* Events and messages. */
#include "notes.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/num.h"
#include "common/say.h"
#include "common/signame.h"

#define PATHS_SHOWN 100
#define LOOP_PATHS_SHOWN 3

const char *reason_name(enum reason reason)
{
	static const char *const names[] = {
		[REASON_INITIAL] = "initial", [REASON_CHANGE] = "change", [REASON_EVERY] = "every",
		[REASON_RESCAN] = "rescan",   [REASON_SIGNAL] = "signal",
	};

	return names[reason];
}

void note_ready(struct events *events, const struct watchset *set, int64_t elapsed_ns)
{
	struct event event;

	if (!event_begin(&event, events, "ready"))
		return;
	json_int(&event.json, "dirs", set->dirs.live);
	json_int(&event.json, "watches", (int64_t)watchset_watches(set));
	json_text(&event.json, "backend",
		  watchset_interval(set) == NS_NEVER ? "inotify"
		  : watchset_watches(set) > 0	     ? "mixed"
						     : "poll");
	json_ms(&event.json, "elapsed_ms", elapsed_ns);
	event_send(&event, events);
}

/* The first paths of a batch that count, as an array; true when there were more. */
static bool add_paths(struct json *json, const struct batch *batch, size_t most)
{
	size_t shown = 0;

	json_open(json, "paths");
	for (size_t i = 0; i < batch->used && shown < most; i++) {
		if (!batch_counts(batch, &batch->entries[i]))
			continue;
		json_item_text(json, batch_path(batch, &batch->entries[i]));
		shown++;
	}
	json_close(json);
	return batch->count > shown;
}

void note_change(struct events *events, int64_t seq, const struct batch *batch)
{
	struct event event;

	if (!event_begin(&event, events, "change"))
		return;
	json_int(&event.json, "seq", seq);
	json_int(&event.json, "count", (int64_t)batch->count);
	event.json.truncated |= add_paths(&event.json, batch, PATHS_SHOWN);
	event_send(&event, events);
}

void note_run(struct events *events, const struct plan *plan, int64_t seq, enum reason reason,
	      pid_t pid, char *const *argv)
{
	struct event event;

	if (!event_begin(&event, events, "run"))
		return;
	json_int(&event.json, "seq", seq);
	json_text(&event.json, "reason", reason_name(reason));
	json_int(&event.json, "command_pid", pid);
	json_text(&event.json, "command", argv[0]);
	if (plan->events_argv) {
		json_open(&event.json, "argv");
		for (size_t i = 0; argv[i]; i++)
			json_item_text(&event.json, argv[i]);
		json_close(&event.json);
	}
	event_send(&event, events);
}

void note_exit(struct events *events, int64_t seq, pid_t pid, const struct owner_result *result)
{
	char name[SIGNAME_MAX];
	struct event event;

	if (!event_begin(&event, events, "exit"))
		return;
	json_int(&event.json, "seq", seq);
	json_int(&event.json, "command_pid", pid);
	if (result->ending.signal)
		json_text(&event.json, "signal", signame(result->ending.signal, name));
	else
		json_int(&event.json, "exit_code", result->ending.code);
	json_text(&event.json, "cause", owner_cause_name(result->cause));
	json_ms(&event.json, "elapsed_ms", result->elapsed_ns);
	json_bool(&event.json, "timed_out", result->timed_out);
	json_bool(&event.json, "killed", result->killed);
	json_int(&event.json, "orphans", result->orphans);
	event_send(&event, events);
}

void note_busy(struct events *events, const struct plan *plan, size_t count)
{
	static const char *const policies[] = {[BUSY_QUEUE] = "queue",
					       [BUSY_RESTART] = "restart",
					       [BUSY_IGNORE] = "ignore",
					       [BUSY_SIGNAL] = "signal"};
	struct event event;

	if (plan->verbose)
		say("a change while the command runs: %s", policies[plan->on_busy]);
	if (!event_begin(&event, events, "busy"))
		return;
	json_text(&event.json, "policy", policies[plan->on_busy]);
	json_int(&event.json, "count", (int64_t)count);
	event_send(&event, events);
}

void note_tick(struct events *events, int64_t tick, int64_t missed)
{
	struct event event;

	if (!event_begin(&event, events, "tick"))
		return;
	json_int(&event.json, "tick", tick);
	json_int(&event.json, "missed", missed);
	event_send(&event, events);
}

void note_skip(struct events *events, int64_t tick, int64_t skipped)
{
	struct event event;

	if (!event_begin(&event, events, "skip"))
		return;
	json_int(&event.json, "tick", tick);
	json_int(&event.json, "skipped", skipped);
	event_send(&event, events);
}

void note_loop(struct events *events, const struct plan *plan, const struct batch *batch,
	       int64_t delay_ns)
{
	const struct batch_entry *first = batch_first(batch);
	struct event event;

	if (!plan->quiet && first)
		say("the command seems to wake itself by changing '%s'%s: runs are slowed down; "
		    "ignore it with -i",
		    batch_path(batch, first), batch->count > 1 ? " and more" : "");
	if (!event_begin(&event, events, "loop"))
		return;
	json_ms(&event.json, "delay_ms", delay_ns);
	(void)add_paths(&event.json, batch, LOOP_PATHS_SHOWN);
	event_send(&event, events);
}

void note_end(struct events *events, struct ending ending, const char *reason)
{
	struct event event;

	if (!event_begin(&event, events, "end"))
		return;
	json_int(&event.json, "status", ending_status(ending));
	json_text(&event.json, "reason", reason);
	event_send(&event, events);
}

void note_deadline(struct events *events, const struct plan *plan)
{
	char limit[NS_TEXT_MAX];
	struct event event;

	ns_format(limit, plan->inherited.left);
	if (!plan->quiet)
		say("ended after %s (inherited deadline)", limit);
	if (!event_begin(&event, events, "timeout"))
		return;
	json_text(&event.json, "kind", "inherited");
	if (plan->inherited.from[0] != '\0')
		json_text(&event.json, "from", plan->inherited.from);
	event_send(&event, events);
}

void note_failure(const struct plan *plan, const char *command, const struct owner_result *result)
{
	char text[NS_TEXT_MAX], name[SIGNAME_MAX];

	if (result->survivors > 0) {
		say("%d process%s survived SIGKILL", result->survivors,
		    result->survivors > 1 ? "es" : "");
		return;
	}
	if (plan->quiet || result->cause == CAUSE_STOPPED)
		return;
	if (result->timed_out) {
		const bool inherited = result->cause == CAUSE_INHERITED;

		ns_format(text, inherited ? plan->inherited.left : plan->timeout);
		say("timed out after %s%s%s", text, inherited ? " (inherited deadline)" : "",
		    result->killed ? ", SIGKILL needed" : "");
	} else if (result->ending.signal) {
		say("'%s' died of %s", command, signame(result->ending.signal, name));
	} else if (result->ending.code != 0) {
		say("'%s' exited with %d", command, result->ending.code);
	}
}

void note_note(void *arg, enum owner_note kind, int signal, int targets)
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
