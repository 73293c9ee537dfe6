/* One command from start to report; the guard does the owning. */
#include "job.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/front.h"
#include "common/guard.h"
#include "common/report.h"
#include "common/say.h"
#include "common/signame.h"
#include "relay.h"
#include "tell.h"

#define OWN_FAILURE ((struct ending){.code = STATUS_OWN})

/* What the body inside the guard needs. */
struct work {
	const struct plan *plan;
	struct stop_policy policy;
	struct child_job job;
	struct child_fd fds[3];
	bool relays;
	struct relay relay;
	bool stopping; /* the command has been asked to end, or will be in this moment */
};

static void note_stopping(void *arg)
{
	struct work *work = arg;

	work->stopping = true;
}

/* When the command will have been silent for too long. One that is on its way out may be silent. */
static int64_t idle_at(const struct work *work)
{
	if (work->plan->idle <= 0 || work->plan->idle == NS_NEVER || work->stopping)
		return NS_NEVER;
	return relay_idle_at(&work->relay, work->plan->idle);
}

/* Wait for the command's end and serve it meanwhile. Returns 0 or -errno. */
static int serve(struct work *work, struct guard *guard)
{
	for (;;) {
		struct pollfd polls[RELAY_POLLS];
		nfds_t count = work->relays ? relay_poll(&work->relay, polls) : 0;
		int event = guard_wait(guard, polls, count, idle_at(work));

		if (event < 0)
			return event;
		if (event == GUARD_ENDED)
			return 0;
		if (event == GUARD_READY)
			relay_step(&work->relay, polls);
		/* What has been written in this moment counts. */
		if (event == GUARD_TIME && idle_at(work) <= now_ns())
			guard_stop(guard, STOP_IDLE);
	}
}

/* How long a reader may take for what is left after the end: a limit is not put off for it. */
static int64_t patience(const struct work *work, struct guard *guard)
{
	const struct owner_result *result = guard_result(guard);
	const bool ended_by_us = result->timed_out || guard_stop_signal(guard);
	int64_t until = ended_by_us ? ns_add(now_ns(), work->policy.grace) : NS_NEVER;

	return ns_min(until, work->policy.deadline);
}

/* What the ending is worth after a look at the output: lost bytes are never a success. */
static struct ending judge_output(const struct work *work, struct guard *guard,
				  struct ending ending)
{
	const struct relay *relay = &work->relay;
	const bool success = !ending.code && !ending.signal;

	if (relay->failed) {
		say_errno(relay->err, "cannot write to %s", relay->failed);
		report_error(guard_events(guard), "io", relay->err);
		return OWN_FAILURE;
	}
	if (relay->broken && success)
		return (struct ending){.signal = SIGPIPE};
	if (!relay->cut)
		return ending;
	if (guard_stop_signal(guard) && !guard_result(guard)->requested)
		return (struct ending){.signal = guard_stop_signal(guard)};
	say("the end of the output was lost: nobody read it in time");
	return success ? OWN_FAILURE : ending;
}

static struct ending judge(const struct work *work, struct guard *guard)
{
	const struct owner_result *result = guard_result(guard);
	struct ending ending = result->ending;

	if (result->survivors > 0) {
		report_error(guard_events(guard), "resource", -EBUSY);
		return OWN_FAILURE;
	}
	if (work->relays)
		ending = judge_output(work, guard, ending);
	if (result->timed_out && !work->plan->preserve_status)
		return (struct ending){.code = STATUS_TIMEOUT};
	return ending;
}

static struct ending report(struct work *work, struct guard *guard, pid_t pid)
{
	tell_exit(guard_events(guard), guard_result(guard), pid, NULL);
	tell_why(work->plan, guard_result(guard));
	if (work->relays) {
		relay_end(&work->relay, guard, patience(work, guard));
		tell_output(guard_events(guard), &work->relay);
	}
	return judge(work, guard);
}

/* The command has been started: keep what it is served with, let the rest go. */
static void settle_in(struct work *work, struct guard *guard)
{
	int keep[RELAY_KEEPS];
	size_t count = 0;

	if (work->relays) {
		relay_started(&work->relay, now_ns());
		count = relay_keep(&work->relay, keep);
	}
	guard_let_go(guard, keep, count);
}

static struct ending run_one(struct work *work, struct guard *guard)
{
	struct events *events = guard_events(guard);
	const char *name = work->job.argv[0];
	enum child_stage stage;
	int err = guard_start(guard, &work->job, &work->policy, &stage);
	pid_t pid = guard_pid(guard);

	if (err < 0)
		return tell_unstarted(events, work->plan, name, stage, err);
	settle_in(work, guard);
	tell_start(events, work->plan, work->job.argv, pid);
	err = serve(work, guard);
	if (err >= 0)
		return report(work, guard, pid);
	say_errno(err, "cannot wait for '%s'", name);
	report_error(events, "resource", err);
	return OWN_FAILURE;
}

static struct ending body(struct guard *guard, void *arg)
{
	struct work *work = arg;
	struct ending ending;

	tell_notes(guard, work->plan);
	guard_set_stopping(guard, note_stopping, work);
	ending = run_one(work, guard);
	relay_drop(&work->relay);
	tell_end(guard_events(guard), ending);
	tell_sink(guard_events(guard));
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

/*
 * Open the file of --spill. It is written to in passing, so it must be of a kind that takes bytes at
 * once. Returns it or -errno, told.
 */
static int open_spill(const char *path)
{
	struct stat st;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
	int err = fd < 0 || fstat(fd, &st) < 0 ? -errno : 0;

	if (err < 0) {
		say_errno(err, "cannot open '%s'", path);
	} else if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || isatty(fd)) {
		say("cannot spill to '%s': it is not a file", path);
		err = -EINVAL;
	}
	if (err >= 0)
		return fd;
	fd_drop(&fd);
	return err;
}

/* Returns 0 or -errno, told. */
static int open_relay(struct work *work)
{
	const struct plan *plan = work->plan;
	int err;

	work->relay = RELAY_OFF;
	work->relays = plan->max_output > 0 || plan->idle > 0 || plan->spill;
	if (!work->relays)
		return 0;
	work->relay.most = (size_t)plan->max_output;
	if (plan->spill) {
		work->relay.spill = open_spill(plan->spill);
		if (work->relay.spill < 0)
			return work->relay.spill;
	}
	err = relay_open(&work->relay);
	if (err < 0)
		say_errno(err, "cannot set up the relay of the output");
	return err;
}

static struct ending fail(struct events *events, const char *class, int err)
{
	const struct ending ending = OWN_FAILURE;

	events_brace();
	report_error(events, class, err);
	tell_end(events, ending);
	return ending;
}

static struct ending run_in_guard(struct work *work, struct events *events)
{
	const struct front_config config = {.events = events, .lets_go = true};
	struct ending ending;
	int end = front_run(&config, body, work, &ending);

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

struct ending job_run(const struct plan *plan, struct events *events)
{
	struct work work = {
		.plan = plan,
		.policy = plan_policy(plan, getpid() == 1, now_ns()),
		.fds = {{.from = -1, .to = STDIN_FILENO}},
		.relay = RELAY_OFF,
	};
	scoped(fd_drop) int input = -1;
	struct ending ending = OWN_FAILURE;
	int err = open_input(plan, &input);

	if (err >= 0)
		err = open_relay(&work);
	if (err < 0) {
		ending = fail(events, "io", err);
	} else {
		const size_t own = input >= 0;

		work.fds[0].from = input;
		work.job = (struct child_job){
			.argv = plan->command,
			.fds = own ? work.fds : work.fds + 1,
			.fd_count = own + relay_fds(&work.relay, work.fds + 1),
			.limits = plan->limits,
			.limit_count = plan->limit_count,
		};
		ending = run_in_guard(&work, events);
	}
	relay_drop(&work.relay);
	return ending;
}
