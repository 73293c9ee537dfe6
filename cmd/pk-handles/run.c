/* Run mode: a command in the guard, and a look at each process that ends. */
#include "run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/front.h"
#include "common/guard.h"
#include "common/program.h"
#include "common/report.h"
#include "common/say.h"
#include "common/signame.h"
#include "leftovers.h"
#include "session.h"
#include "trace.h"

#define OWN_FAILURE ((struct ending){.code = STATUS_OWN})

/* What the body inside the guard needs. */
struct work {
	const struct plan *plan;
	struct session session;
	struct stop_policy policy;
	struct leftovers leftovers;
	struct trace trace;
	bool traced;
};

static void event_start(const struct work *work, struct guard *guard)
{
	struct event event;

	if (!event_begin(&event, guard_events(guard), "start"))
		return;
	json_text(&event.json, "command", work->plan->command[0]);
	json_int(&event.json, "command_pid", guard_pid(guard));
	if (work->plan->events_argv) {
		json_open(&event.json, "argv");
		for (size_t i = 0; work->plan->command[i]; i++)
			json_item_text(&event.json, work->plan->command[i]);
		json_close(&event.json);
	}
	event_send(&event, guard_events(guard));
}

static void event_exit(struct guard *guard, pid_t pid)
{
	const struct owner_result *result = guard_result(guard);
	char name[SIGNAME_MAX];
	struct event event;

	if (!event_begin(&event, guard_events(guard), "exit"))
		return;
	json_int(&event.json, "command_pid", pid);
	if (result->ending.signal)
		json_text(&event.json, "signal", signame(result->ending.signal, name));
	else
		json_int(&event.json, "exit_code", result->ending.code);
	json_ms(&event.json, "elapsed_ms", result->elapsed_ns);
	event_send(&event, guard_events(guard));
}

static void event_inherited(const struct work *work, struct guard *guard)
{
	struct event event;

	if (!event_begin(&event, guard_events(guard), "inherited"))
		return;
	json_int(&event.json, "command_pid", guard_pid(guard));
	json_int(&event.json, "count", leftovers_inherited(&work->leftovers));
	event_send(&event, guard_events(guard));
}

/* Tell why the command could not be started, and the status for it. */
static struct ending explain_start(const struct work *work, struct guard *guard,
				   enum child_stage stage, int err)
{
	const char *name = work->plan->command[0];

	if (stage != CHILD_EXEC) {
		report_error(guard_events(guard), "resource", err);
		say_errno(err, "cannot start '%s'", name);
		return OWN_FAILURE;
	}
	return (struct ending){.code = program_exec_failed(guard_events(guard), name, err)};
}

/* Where tracing is refused the command runs all the same, unseen. */
static void attach(struct work *work, struct guard *guard)
{
	int err = work->session.proc < 0 ? work->session.proc
					 : trace_attach(guard_pid(guard), work->plan->tree);

	if (err >= 0)
		err = leftovers_born(&work->leftovers, guard_pid(guard));
	if (err < 0) {
		say_errno(err, "cannot trace '%s': it runs without a report",
			  work->plan->command[0]);
		work->session.tally.unknown = true;
	}
	work->traced = err >= 0;
	event_inherited(work, guard);
}

/* Let the held command go to its exec. A tracee may stop on the way, so guard_wait does the waiting. */
static int release(struct guard *guard, enum child_stage *ret_stage, bool *ret_ended)
{
	struct pollfd hold = {.events = POLLIN};
	int event = GUARD_TIME;

	*ret_stage = CHILD_FORK;
	hold.fd = guard_tell(guard);
	if (hold.fd < 0)
		return hold.fd;
	while (event != GUARD_READY && event != GUARD_ENDED) {
		event = guard_wait(guard, &hold, 1, NS_NEVER);
		if (event < 0)
			return event;
	}
	*ret_ended = event == GUARD_ENDED;
	return guard_release(guard, ret_stage);
}

static int wait_for_end(struct guard *guard)
{
	int event;

	do
		event = guard_wait(guard, NULL, 0, NS_NEVER);
	while (event >= 0 && event != GUARD_ENDED);
	return event;
}

static void report(struct work *work)
{
	const struct leftovers *leftovers = &work->leftovers;
	const struct plan *plan = work->plan;

	if (!work->traced)
		return;
	if (!plan->json && !plan->quiet && leftovers->own > 0)
		say("%lld descriptor%s open at exit, not counting those that were inherited:",
		    (long long)leftovers->own, leftovers->own == 1 ? "" : "s");
	/* Nobody is left to be told that stderr does not work. */
	if (plan->json || !plan->quiet)
		(void)!leftovers_report(leftovers);
	if (leftovers->incomplete)
		say("not everything that was open at exit could be read");
}

/* The one limit that there is here is inherited. */
static struct ending timed_out(const struct plan *plan, const struct owner_result *result)
{
	char limit[NS_TEXT_MAX];

	ns_format(limit, plan->inherited.left);
	if (!plan->quiet)
		say("timed out after %s (inherited deadline)%s", limit,
		    result->killed ? ", SIGKILL needed" : "");
	return (struct ending){.code = STATUS_TIMEOUT};
}

static struct ending judge(const struct work *work, struct guard *guard)
{
	const struct owner_result *result = guard_result(guard);
	const struct plan *plan = work->plan;

	if (result->survivors > 0) {
		say("%d process%s survived SIGKILL", result->survivors,
		    result->survivors > 1 ? "es" : "");
		report_error(guard_events(guard), "resource", -EBUSY);
		return OWN_FAILURE;
	}
	if (result->timed_out)
		return timed_out(plan, result);
	if (plan->error_exitcode > 0 && work->leftovers.own > 0 && !result->ending.signal &&
	    result->ending.code == 0)
		return (struct ending){.code = (int)plan->error_exitcode};
	return result->ending;
}

static struct ending run_one(struct work *work, struct guard *guard)
{
	const struct child_job job = {.argv = work->plan->command, .held = true};
	enum child_stage stage;
	bool ended = false;
	pid_t pid;
	int err = guard_start(guard, &job, &work->policy, &stage);

	if (err < 0)
		return explain_start(work, guard, stage, err);
	pid = guard_pid(guard);
	work->trace.main = pid;
	attach(work, guard);
	err = release(guard, &stage, &ended);
	if (err < 0)
		return explain_start(work, guard, stage, err);
	guard_let_go(guard, &work->session.proc, 1);
	event_start(work, guard);
	err = ended ? 0 : wait_for_end(guard);
	if (err < 0) {
		say_errno(err, "cannot wait for '%s'", work->plan->command[0]);
		report_error(guard_events(guard), "resource", err);
		return OWN_FAILURE;
	}
	event_exit(guard, pid);
	report(work);
	return judge(work, guard);
}

static struct ending body(struct guard *guard, void *arg)
{
	struct work *work = arg;
	const bool sees = session_open(&work->session, work->plan, guard_events(guard)) >= 0;
	struct ending ending;
	int err;

	leftovers_init(&work->leftovers, &work->session);
	work->trace = (struct trace){
		.proc = work->session.proc, .leaving = leftovers_leaving, .arg = &work->leftovers};
	guard_set_trap(guard, trace_trap, &work->trace);
	ending = run_one(work, guard);
	leftovers_drop(&work->leftovers);
	if (sees)
		session_close(&work->session);
	session_event_end(guard_events(guard), ending_status(ending));
	err = events_error(guard_events(guard));
	if (err < 0)
		say_errno(err, "cannot write to the events destination");
	return ending;
}

struct ending run_command(const struct plan *plan, struct events *events)
{
	const struct front_config config = {.events = events, .lets_go = true};
	struct work work = {
		.plan = plan,
		.policy = plan_policy(plan, getpid() == 1),
	};
	struct ending ending;
	int end = front_run(&config, body, &work, &ending);

	if (end == FRONT_DONE)
		return ending;
	if (end == FRONT_BEREFT)
		say("the guard process was killed; the command was ended");
	else
		say_errno(end, "cannot set up the guard process");
	report_error(events, "resource", end == FRONT_BEREFT ? 0 : end);
	session_event_end(events, STATUS_OWN);
	return OWN_FAILURE;
}
