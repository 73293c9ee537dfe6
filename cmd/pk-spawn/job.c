/* One command from start to report; the guard does the owning. */
#include "job.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/front.h"
#include "common/guard.h"
#include "common/hold.h"
#include "common/program.h"
#include "common/report.h"
#include "common/say.h"
#include "common/signame.h"

#define OWN_FAILURE ((struct ending){.code = STATUS_OWN})

/* What the body inside the guard needs. */
struct work {
	const struct plan *plan;
	struct stop_policy policy;
	struct child_job job;
	struct child_fd input;
	struct hold hold;
	int64_t begun;
};

void job_event_end(struct events *events, struct ending ending)
{
	struct event event;

	if (!event_begin(&event, events, "end"))
		return;
	json_int(&event.json, "status", ending_status(ending));
	event_send(&event, events);
}

static void event_start(const struct work *work, struct guard *guard)
{
	struct event event;

	if (!event_begin(&event, guard_events(guard), "start"))
		return;
	json_int(&event.json, "command_pid", guard_pid(guard));
	json_text(&event.json, "command", work->job.argv[0]);
	if (work->plan->events_argv) {
		json_open(&event.json, "argv");
		for (size_t i = 0; work->job.argv[i]; i++)
			json_item_text(&event.json, work->job.argv[i]);
		json_close(&event.json);
	}
	event_send(&event, guard_events(guard));
}

static int64_t timeval_ns(struct timeval time)
{
	return (int64_t)time.tv_sec * NS_PER_S + (int64_t)time.tv_usec * 1000;
}

static void event_exit(struct guard *guard, pid_t pid)
{
	const struct owner_result *result = guard_result(guard);
	char name[SIGNAME_MAX];
	struct event event;

	if (!result->ended || !event_begin(&event, guard_events(guard), "exit"))
		return;
	json_int(&event.json, "command_pid", pid);
	if (result->ending.signal)
		json_text(&event.json, "signal", signame(result->ending.signal, name));
	else
		json_int(&event.json, "exit_code", result->ending.code);
	json_text(&event.json, "cause", owner_cause_name(result->cause));
	json_ms(&event.json, "elapsed_ms", result->elapsed_ns);
	json_ms(&event.json, "user_ms", timeval_ns(result->usage.ru_utime));
	json_ms(&event.json, "sys_ms", timeval_ns(result->usage.ru_stime));
	json_int(&event.json, "maxrss_bytes", (int64_t)result->usage.ru_maxrss * 1024);
	json_bool(&event.json, "timed_out", result->timed_out);
	json_bool(&event.json, "killed", result->killed);
	json_int(&event.json, "orphans", result->orphans);
	event_send(&event, guard_events(guard));
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

/* Tell why the command could not be started, and the status for it. */
static struct ending explain_start(const struct work *work, struct guard *guard,
				   enum child_stage stage, int err)
{
	const char *name = work->job.argv[0];

	switch (stage) {
	case CHILD_EXEC:
		return (struct ending){.code = program_exec_failed(guard_events(guard), name, err)};
	case CHILD_LIMIT:
		explain_limit(work->plan, err);
		break;
	case CHILD_FORK:
	case CHILD_SETUP:
		say_errno(err, "cannot start '%s'", name);
		break;
	}
	report_error(guard_events(guard), "resource", err);
	return OWN_FAILURE;
}

static int64_t limit_of(const struct plan *plan, enum owner_cause cause)
{
	if (cause == CAUSE_INHERITED)
		return plan->inherited.left;
	return cause == CAUSE_DEADLINE ? plan->deadline : plan->timeout;
}

static const char *name_of(enum owner_cause cause)
{
	if (cause == CAUSE_INHERITED)
		return " (inherited deadline)";
	return cause == CAUSE_DEADLINE ? " (deadline)" : "";
}

/* One line when the end was our doing; silence is success. */
static void explain_end(const struct work *work, const struct owner_result *result)
{
	const struct plan *plan = work->plan;
	char limit[NS_TEXT_MAX];

	if (result->survivors > 0) {
		say("%d process%s survived SIGKILL", result->survivors,
		    result->survivors > 1 ? "es" : "");
		return;
	}
	if (plan->quiet || !result->timed_out)
		return;
	ns_format(limit, limit_of(plan, result->cause));
	say("timed out after %s%s%s", limit, name_of(result->cause),
	    result->killed ? ", SIGKILL needed" : "");
}

static struct ending judge(const struct work *work, struct guard *guard)
{
	const struct owner_result *result = guard_result(guard);

	if (result->survivors > 0) {
		report_error(guard_events(guard), "resource", -EBUSY);
		return OWN_FAILURE;
	}
	if (result->timed_out && !work->plan->preserve_status)
		return (struct ending){.code = STATUS_TIMEOUT};
	return result->ending;
}

/* -v: a line for each signal sent; without /proc always, since less is promised then. */
static void note(void *arg, enum owner_note kind, int signal, int targets)
{
	const struct work *work = arg;
	const char *plural = targets == 1 ? "" : "es";
	char name[SIGNAME_MAX];

	switch (kind) {
	case OWNER_NO_PROC:
		if (!work->plan->quiet)
			say("/proc cannot be read: only the command's process group is signalled");
		return;
	case OWNER_FORWARDED:
		if (work->plan->verbose)
			say("passed %s on to %d process%s", signame(signal, name), targets, plural);
		return;
	case OWNER_ASKED:
	case OWNER_KILLED:
		if (work->plan->verbose)
			say("sent %s to %d process%s", signame(signal, name), targets, plural);
		return;
	}
}

static int wait_for_end(struct guard *guard)
{
	int event;

	do
		event = guard_wait(guard, NULL, 0, NS_NEVER);
	while (event >= 0 && event != GUARD_ENDED);
	return event;
}

static struct ending report(const struct work *work, struct guard *guard, pid_t pid)
{
	event_exit(guard, pid);
	explain_end(work, guard_result(guard));
	return judge(work, guard);
}

static struct ending run_one(const struct work *work, struct guard *guard)
{
	const int held = hold_fd(&work->hold);
	enum child_stage stage;
	int err = guard_start(guard, &work->job, &work->policy, &stage);
	pid_t pid = guard_pid(guard);

	if (err < 0)
		return explain_start(work, guard, stage, err);
	guard_let_go(guard, &held, 1);
	event_start(work, guard);
	err = wait_for_end(guard);
	if (err >= 0)
		return report(work, guard, pid);
	say_errno(err, "cannot wait for '%s'", work->job.argv[0]);
	report_error(guard_events(guard), "resource", err);
	return OWN_FAILURE;
}

/* --lock: false when it was not to be had, with *ret_ending set. */
static bool take_hold(struct work *work, struct guard *guard, struct ending *ret_ending)
{
	const struct plan *plan = work->plan;
	const int64_t wait = plan->wait == PLAN_WAIT_UNSET ? NS_NEVER : plan->wait;
	const int64_t until = ns_min(ns_add(work->begun, wait), work->policy.deadline);
	int err =
		plan->lock ? hold_take(&work->hold, plan->lock, (int)plan->slots, guard, until) : 0;

	if (err == 0)
		return true;
	if (guard_stop_signal(guard)) {
		*ret_ending = (struct ending){.signal = guard_stop_signal(guard)};
	} else if (err == -EWOULDBLOCK) {
		if (!plan->quiet)
			hold_explain(&work->hold, plan->lock, err);
		*ret_ending = (struct ending){.code = STATUS_LATER};
	} else {
		hold_explain(&work->hold, plan->lock, err);
		report_error(guard_events(guard), "io", err);
		*ret_ending = OWN_FAILURE;
	}
	return false;
}

static struct ending body(struct guard *guard, void *arg)
{
	struct work *work = arg;
	struct ending ending;
	int err;

	guard_set_note(guard, note, work);
	if (take_hold(work, guard, &ending))
		ending = run_one(work, guard);
	hold_drop(&work->hold, guard);
	job_event_end(guard_events(guard), ending);
	err = events_error(guard_events(guard));
	if (err < 0)
		say_errno(err, "cannot write to the events destination");
	return ending;
}

/* Open the file or device of --stdin; *ret_fd stays -1 for inherit. Returns 0 or -errno, told. */
static int open_input(const struct plan *plan, int *ret_fd)
{
	const char *path = strcmp(plan->input, "null") == 0 ? "/dev/null" : plan->input;
	int err;

	if (strcmp(plan->input, "inherit") == 0 || strcmp(plan->input, "-") == 0)
		return 0;
	*ret_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*ret_fd >= 0)
		return 0;
	err = -errno;
	say_errno(err, "cannot open '%s'", path);
	return err;
}

static struct ending fail(struct events *events, const char *class, int err)
{
	const struct ending ending = OWN_FAILURE;

	events_brace();
	report_error(events, class, err);
	job_event_end(events, ending);
	return ending;
}

struct ending job_run(const struct plan *plan, struct events *events)
{
	const struct front_config config = {.events = events, .lets_go = true};
	scoped(fd_drop) int input = -1;
	struct ending ending;
	int end = open_input(plan, &input);

	if (end < 0)
		return fail(events, "io", end);
	struct work work = {
		.plan = plan,
		.policy = plan_policy(plan, getpid() == 1, now_ns()),
		.input = {.from = input, .to = STDIN_FILENO},
		.hold = HOLD_NONE,
		.begun = now_ns(),
	};
	work.job = (struct child_job){
		.argv = plan->command,
		.fds = &work.input,
		.fd_count = input >= 0,
		.limits = plan->limits,
		.limit_count = plan->limit_count,
	};
	end = front_run(&config, body, &work, &ending);
	if (end == FRONT_DONE)
		return ending;
	if (end == FRONT_BEREFT)
		say("the guard process was killed; the command was ended");
	else if (end == FRONT_LOST)
		say("the guard process was killed; some of what it owned may live on");
	else
		say_errno(end, "cannot set up the guard process");
	return fail(events, "resource", end < 0 ? end : 0);
}
