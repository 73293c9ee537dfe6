/* Running COMMAND for a batch. */
#include "job.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/program.h"
#include "common/report.h"
#include "common/say.h"
#include "output.h"

extern char **environ;

#define OWN_FAILURE ((struct ending){.code = STATUS_OWN})
#define PREFIX "PK_WATCH_"
#define OWN_VARIABLES 4
#define TOLD_VARIABLES 1 /* deadline.h */
/* As xargs(1): room for what the kernel and the environment may still need. */
#define ARGUMENT_RESERVE 4096

int job_open(struct job *job, const struct plan *plan, bool is_init)
{
	size_t count = 0;

	*job = (struct job){
		.plan = plan,
		.policy = plan_policy(plan, is_init),
		.batch = BATCH_EMPTY(plan->kinds),
		.env = {.cap = (size_t)4 * PATH_MAX},
		.input = -1,
	};
	while (environ[count])
		count++;
	job->envp = calloc(count + OWN_VARIABLES + TOLD_VARIABLES + 1, sizeof(*job->envp));
	return job->envp ? 0 : -ENOMEM;
}

void job_drop(struct job *job)
{
	batch_drop(&job->batch);
	free(job->argv);
	free(job->envp);
	buf_drop(&job->env);
	fd_drop(&job->input);
}

/* When the run that starts now will be ended. */
static int64_t limit(const struct job *job)
{
	const struct stop_policy *policy = &job->policy;
	int64_t timeout = policy->timeout > 0 ? ns_add(now_ns(), policy->timeout) : NS_NEVER;

	return ns_min(timeout, policy->deadline);
}

/* The caller's environment with our variables in place of older ones. */
static int make_env(struct job *job, const char *run)
{
	const struct batch_entry *first = batch_first(&job->batch);
	char text[PATH_MAX + 160];
	size_t offsets[OWN_VARIABLES], count = 0, kept = 0;
	int len[OWN_VARIABLES], err = 0;

	job->env.len = 0;
	for (size_t i = 0; i < OWN_VARIABLES && err >= 0; i++) {
		len[0] = snprintf(text, sizeof(text), PREFIX "REASON=%s", reason_name(job->reason));
		if (i == 1)
			len[1] = snprintf(text, sizeof(text), PREFIX "SEQ=%lld",
					  (long long)job->seq);
		else if (i == 2)
			len[2] = snprintf(text, sizeof(text), PREFIX "COUNT=%zu", job->batch.count);
		else if (i == 3 && first)
			len[3] = snprintf(text, sizeof(text), PREFIX "PATH=%s",
					  batch_path(&job->batch, first));
		else if (i == 3)
			break;
		offsets[count++] = job->env.len;
		err = buf_add(&job->env, text, (size_t)len[i] + 1);
	}
	if (err < 0)
		return err;
	deadline_tell(&job->deadline, limit(job), run);
	for (size_t i = 0; environ[i]; i++)
		if (strncmp(environ[i], PREFIX, strlen(PREFIX)) != 0)
			job->envp[kept++] = environ[i];
	for (size_t i = 0; i < count; i++)
		job->envp[kept++] = job->env.bytes + offsets[i];
	job->envp[kept] = NULL;
	return 0;
}

/* How many bytes of arguments the kernel takes beside the environment. */
static size_t argument_room(const struct job *job)
{
	long most = sysconf(_SC_ARG_MAX);
	size_t used = ARGUMENT_RESERVE;

	for (size_t i = 0; job->envp[i]; i++)
		used += strlen(job->envp[i]) + 1 + sizeof(char *);
	for (size_t i = 0; job->plan->command[i]; i++)
		used += strlen(job->plan->command[i]) + 1 + sizeof(char *);
	return most > 0 && (size_t)most > used ? (size_t)most - used : 0;
}

static int add_arg(struct job *job, size_t *count, const char *arg)
{
	if (*count + 2 > job->argv_size) {
		size_t size = job->argv_size ? job->argv_size * 2 : 32;
		char **argv = realloc(job->argv, size * sizeof(*argv));

		if (!argv)
			return -ENOMEM;
		job->argv = argv;
		job->argv_size = size;
	}
	/* execve(2) does not write to its arguments. */
	job->argv[(*count)++] = (char *)(uintptr_t)arg;
	job->argv[*count] = NULL;
	return 0;
}

/* Put paths where `{}` stands: of the batch from job->at, as many as there is room for. Without a batch
 * (the first run, a tick, SIGUSR1) the PATHs that are watched. */
static int add_paths(struct job *job, size_t *count, size_t room, size_t *next)
{
	const struct batch *batch = &job->batch;
	bool any = false;
	int err = 0;

	*next = batch->used;
	for (size_t i = 0; batch->count == 0 && i < job->plan->path_count && err >= 0; i++)
		err = add_arg(job, count, job->plan->paths[i][0] ? job->plan->paths[i] : ".");
	for (size_t i = job->at; i < batch->used && err >= 0; i++) {
		const struct batch_entry *entry = &batch->entries[i];
		size_t need = entry->len + 1 + sizeof(char *);

		if (!batch_counts(batch, entry))
			continue;
		if (any && need > room) {
			*next = i;
			break;
		}
		room -= need < room ? need : room;
		any = true;
		err = add_arg(job, count, batch_path(batch, entry));
	}
	return err;
}

static int make_argv(struct job *job)
{
	size_t count = 0, places = 0, next = job->batch.used;
	int err = 0;

	for (size_t i = 1; job->plan->command[i]; i++)
		places += strcmp(job->plan->command[i], "{}") == 0;
	for (size_t i = 0; job->plan->command[i] && err >= 0; i++) {
		if (i > 0 && strcmp(job->plan->command[i], "{}") == 0)
			err = add_paths(job, &count, argument_room(job) / (places > 0 ? places : 1),
					&next);
		else
			err = add_arg(job, &count, job->plan->command[i]);
	}
	job->at = next;
	return err;
}

/* A file of the batch's paths that no directory knows, at its beginning; or -errno. */
static int make_input(const struct job *job)
{
	const char *dir = getenv("TMPDIR");
	scoped(buf_drop) struct buf text = {.cap = SIZE_MAX / 2};
	int err = output_batch(&job->batch, plan_format(job->plan), &text), fd;

	if (err < 0)
		return err;
	fd = memfd_create("pk-watch paths", MFD_CLOEXEC);
	if (fd < 0)
		fd = open(dir ? dir : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = fd_write_full(fd, text.bytes, text.len);
	if (err >= 0 && lseek(fd, 0, SEEK_SET) < 0)
		err = -errno;
	if (err >= 0)
		return fd;
	fd_drop(&fd);
	return err;
}

/* Tell why the command could not be started, and the status for it. */
static struct ending explain_start(const struct job *job, struct guard *guard,
				   enum child_stage stage, int err)
{
	const char *name = job->plan->command[0];

	if (stage != CHILD_EXEC) {
		say_errno(err, "cannot start '%s'", name);
		report_error(guard_events(guard), "resource", err);
		return OWN_FAILURE;
	}
	return (struct ending){.code = program_exec_failed(guard_events(guard), name, err)};
}

static int start_one(struct job *job, struct guard *guard, struct ending *ret_ending)
{
	const struct child_fd input = {.from = job->input, .to = STDIN_FILENO};
	struct child_job child = {.envp = job->envp, .fds = &input, .fd_count = job->input >= 0};
	enum child_stage stage = CHILD_SETUP;
	int err = make_argv(job);

	child.argv = job->argv;
	if (err >= 0)
		err = guard_start(guard, &child, &job->policy, &stage);
	if (err < 0) {
		*ret_ending = explain_start(job, guard, stage, err);
		return -1;
	}
	job->pid = guard_pid(guard);
	note_run(guard_events(guard), job->plan, job->seq, job->reason, job->pid, job->argv);
	return 0;
}

int job_start(struct job *job, struct guard *guard, struct batch *batch, enum reason reason,
	      int64_t seq, struct ending *ret_ending)
{
	const struct batch taken = *batch;
	int err;

	batch_clear(&job->batch);
	*batch = job->batch;
	job->batch = taken;
	job->reason = reason;
	job->seq = seq;
	job->at = 0;
	job->ending = (struct ending){0};
	fd_drop(&job->input);
	err = make_env(job, guard_events(guard)->run);
	if (err >= 0 && job->plan->paths_stdin)
		err = job->input = make_input(job);
	if (err < 0) {
		say_errno(err, "cannot hand over the changed paths");
		report_error(guard_events(guard), "resource", err);
		*ret_ending = OWN_FAILURE;
		return -1;
	}
	return start_one(job, guard, ret_ending);
}

int job_next(struct job *job, struct guard *guard, struct ending *ret_ending)
{
	const struct owner_result *result = guard_result(guard);
	struct ending ending = result->ending;
	int err;

	if (result->ended)
		note_exit(guard_events(guard), job->seq, job->pid, result);
	note_failure(job->plan, job->plan->command[0], result);
	if (result->timed_out)
		ending = (struct ending){.code = STATUS_TIMEOUT};
	if (ending_status(job->ending) == 0)
		job->ending = ending;
	/* Only a run that was not stopped goes on to its remaining paths. */
	if (job->at >= job->batch.used || result->cause == CAUSE_STOPPED || ending.signal ||
	    guard_stop_signal(guard))
		return 0;
	err = start_one(job, guard, ret_ending);
	return err < 0 ? err : 1;
}
