/* Descriptors, environment and rules of a command, before its start. */
#include "prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/report.h"
#include "common/say.h"

/* Pipes for what is relayed. Of a service only its lines are of interest, and they are passed on. */
static int open_streams(struct work *work)
{
	const struct plan *plan = work->plan;
	const bool asked = plan->max_output > 0 || plan->idle > 0 || plan->spill;

	work->relays = ready_reads(&work->ready) || (asked && !work->service);
	if (!work->relays)
		return 0;
	if (!work->service)
		work->relay.most = (size_t)plan->max_output;
	if (ready_reads(&work->ready)) {
		work->relay.look = ready_look;
		work->relay.look_arg = &work->ready;
	}
	return relay_open(&work->relay);
}

/*
 * Where readiness is ours to tell, the command's messages are for us alone, if for anybody. This process
 * is the guard: the environment is the command's.
 */
static int set_environment(const struct work *work)
{
	if (work->ready.notify >= 0)
		return setenv("NOTIFY_SOCKET", work->ready.notify_name, 1) < 0 ? -errno : 0;
	return work->told && unsetenv("NOTIFY_SOCKET") < 0 ? -errno : 0;
}

int prepare_streams(struct work *work)
{
	int err = ready_open(&work->ready, work->spec);

	if (err >= 0)
		err = open_streams(work);
	return err < 0 ? err : set_environment(work);
}

struct child_job prepare_job(struct work *work)
{
	size_t count = 0;

	if (work->input >= 0)
		work->fds[count++] = (struct child_fd){.from = work->input, .to = STDIN_FILENO};
	if (work->relays)
		count += relay_fds(&work->relay, work->fds + count);
	count += ready_fds(&work->ready, work->fds + count);
	return (struct child_job){
		.argv = work->argv,
		.fds = work->fds,
		.fd_count = count,
		.limits = work->plan->limits,
		.limit_count = work->service ? 0 : work->plan->limit_count,
	};
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
 * once. What it holds stays until the command is sure to be run (prepare_spill). Returns it or
 * -errno, told.
 */
static int open_spill(const char *path)
{
	struct stat st;
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);

	if (fd < 0 || fstat(fd, &st) < 0) {
		const int err = -errno;

		say_errno(err, "cannot open '%s'", path);
		fd_drop(&fd);
		return err;
	}
	if (!S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode) && !isatty(fd))
		return fd;
	say("cannot spill to '%s': it is not a file", path);
	fd_drop(&fd);
	return -EINVAL;
}

int prepare_command(struct work *work, const struct plan *plan, int64_t now)
{
	int err;

	*work = (struct work){
		.plan = plan,
		.argv = plan->command,
		.spec = plan->has_ready ? &plan->ready : NULL,
		.policy = plan_policy(plan, getpid() == 1, now),
		.input = -1,
		.hold = HOLD_NONE,
		.begun = now,
		.relay = RELAY_OFF,
		.ready = READY_OFF,
		.limits = {.deadline = NS_NEVER}, /* the guard keeps to it */
		.look_again = NS_NEVER,
	};
	err = open_input(plan, &work->input);
	if (err < 0 || !plan->spill)
		return err;
	work->relay.spill = open_spill(plan->spill);
	return work->relay.spill < 0 ? work->relay.spill : 0;
}

void prepare_service(struct work *work, const struct plan *plan, int number, int64_t now)
{
	const struct plan_service *service = &plan->services[number - 1];

	*work = (struct work){
		.plan = plan,
		.argv = service->argv,
		.service = service->argv[2],
		.number = number,
		.spec = &service->ready,
		.policy = plan_policy(plan, false, now),
		.input = open("/dev/null", O_RDONLY | O_CLOEXEC),
		.told = true,
		.hold = HOLD_NONE,
		.relay = RELAY_OFF,
		.ready = READY_OFF,
		.look_again = NS_NEVER,
	};
	/* These are about COMMAND; a service goes on until it is told to stop. */
	work->limits = work->policy;
	work->policy.timeout = 0;
	work->policy.deadline = NS_NEVER;
	work->policy.orphans = ORPHANS_STOP;
}

void prepare_drop(struct work *work)
{
	relay_drop(&work->relay);
	ready_drop(&work->ready);
	fd_drop(&work->input);
}

bool prepare_hold(struct work *work, struct guard *guard, struct ending *ret_ending)
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
		*ret_ending = (struct ending){.code = STATUS_OWN};
	}
	return false;
}

int prepare_spill(struct work *work)
{
	const int fd = work->relay.spill;
	struct stat st;
	int err;

	if (fd < 0 || (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) || ftruncate(fd, 0) == 0)
		return 0;
	err = -errno;
	say_errno(err, "cannot empty '%s'", work->plan->spill);
	return err;
}
