/* COMMAND and --check under the guard. */
#include "job.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "stage.h"
#include "tell.h"
#include "trace.h"

static void keep_ours(const struct work *work)
{
	const int keep[] = {work->target.place.dir, work->target.fd, work->new.fd, work->spare.dir};

	/* --check needs what the caller gave us. */
	if (!work->plan->check)
		guard_let_go(work->guard, keep, array_len(keep));
}

static bool start_failed(struct work *work, const struct child_job *job, enum child_stage stage,
			 int err)
{
	/* Only COMMAND has 126 and 127; that there is no sh for --check says nothing about it. */
	if (stage != CHILD_EXEC || job->argv != work->plan->command)
		return tell_failed(work, "start", err, "cannot start '%s'", job->argv[0]);
	return tell_not_run(work, err);
}

/* The one limit that there is here is inherited. */
static bool timed_out(struct work *work, const char *name)
{
	tell_warning(work, "'%s' was ended (inherited deadline); '%s' is untouched", name,
		     work->plan->file);
	return tell_rejected(work, "deadline", (struct ending){.code = STATUS_TIMEOUT});
}

/* Run it to its end. */
static bool run(struct work *work, const struct child_job *job, const char *event)
{
	struct guard *guard = work->guard;
	const struct stop_policy policy = plan_policy(work->plan, getpid() == 1);
	enum child_stage stage;
	int err = guard_start(guard, job, &policy, &stage);
	pid_t pid = guard_pid(guard);

	if (err < 0)
		return start_failed(work, job, stage, err);
	keep_ours(work);
	do
		err = guard_wait(guard, NULL, 0, NS_NEVER);
	while (err >= 0 && err != GUARD_ENDED);
	if (err < 0)
		return tell_failed(work, "wait", err, "cannot wait for '%s'", job->argv[0]);
	trace_exit(work, event, pid);
	if (guard_result(guard)->survivors > 0)
		return tell_failed(work, event, 0, "%d of the processes of '%s' survived SIGKILL",
				   guard_result(guard)->survivors, job->argv[0]);
	if (guard_result(guard)->timed_out)
		return timed_out(work, job->argv[0]);
	/* A typed interrupt that it has taken as an ordinary key is no order to us. */
	if (!guard_result(guard)->requested && guard_result(guard)->ending.signal == 0)
		work->forgiven = guard_stop_signal(guard);
	return !work_stop_signal(work) || tell_stopped(work, event);
}

static void seal(void *arg)
{
	struct work *work = arg;

	work->sealed = replace_seal(&work->new);
}

static bool command_failed(struct work *work, struct ending ending)
{
	const struct plan *plan = work->plan;

	if (ending.signal)
		tell_warning(work, "'%s' died of signal %d; '%s' is untouched", plan->command[0],
			     ending.signal, plan->file);
	else
		tell_warning(work, "'%s' exited with status %d; '%s' is untouched",
			     plan->command[0], ending.code, plan->file);
	return tell_rejected(work, "command", ending);
}

static bool judge(struct work *work)
{
	const struct ending ending = guard_result(work->guard)->ending;
	struct stat st;

	if (ending_status(ending) != 0)
		return command_failed(work, ending);
	if (work->sealed == -ETXTBSY)
		return tell_failed(
			work, "seal", work->sealed,
			"'%s' has left a process that holds the new '%s' open for writing",
			work->plan->command[0], work->plan->file);
	if (work->sealed < 0 || fstat(work->new.fd, &st) < 0)
		return tell_failed(work, "seal", work->sealed < 0 ? work->sealed : -errno,
				   "cannot look at the new content of '%s'", work->plan->file);
	work->size = st.st_size;
	return true;
}

/* What COMMAND reads with -e: a description of its own, since ours carries the lock. */
static int open_content(const struct work *work)
{
	int fd;

	if (work->target.fd >= 0)
		return stage_reopen(work->target.fd);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

bool job_command(struct work *work)
{
	struct child_fd fds[2] = {{.to = STDOUT_FILENO}, {.to = STDIN_FILENO}};
	scoped(fd_drop) int content = -1;
	struct child_job job = {.argv = work->plan->command, .fds = fds, .fd_count = 1};
	bool ran;

	if (work->plan->edit) {
		content = open_content(work);
		if (content < 0)
			return tell_failed(work, "input", content, "cannot read '%s'",
					   work->plan->file);
		fds[1].from = content;
		job.fd_count = 2;
	}
	if (!stage_open(work))
		return false;
	fds[0].from = work->new.fd;
	guard_set_exited(work->guard, seal, work);
	ran = run(work, &job, "exit");
	guard_set_exited(work->guard, NULL, NULL);
	return ran && judge(work);
}

/* Tell the check where the new content is. A nameless file has a path in /proc for as long as we live. */
static int set_path(const struct work *work)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%ld/fd/%d", (long)getpid(), work->new.fd);
	return setenv("PK_NEW", path, 1) < 0 ? -errno : 0;
}

static bool check_failed(struct work *work, struct ending ending)
{
	tell_warning(work, "the check of the new '%s' failed with status %d", work->plan->file,
		     ending_status(ending));
	return tell_rejected(work, "check", (struct ending){.code = STATUS_FAILED});
}

bool job_check(struct work *work)
{
	char *const argv[] = {(char[]){"sh"}, (char[]){"-c"}, strdup(work->plan->check), NULL};
	scoped(fd_drop) int content = stage_reopen(work->new.fd);
	/* What it prints is for people: our stdout is not ours to write to. */
	const struct child_fd fds[] = {{content, STDIN_FILENO}, {STDERR_FILENO, STDOUT_FILENO}};
	const struct child_job job = {.argv = argv, .fds = fds, .fd_count = array_len(fds)};
	int err = content < 0 ? content : argv[2] ? set_path(work) : -ENOMEM;
	struct ending ending;
	bool ran;

	if (err < 0) {
		free(argv[2]);
		return tell_failed(work, "check", err, "cannot run the check of '%s'",
				   work->plan->file);
	}
	ran = run(work, &job, "check");
	free(argv[2]);
	if (!ran)
		return false;
	ending = guard_result(work->guard)->ending;
	return ending_status(ending) == 0 || check_failed(work, ending);
}
