/*
 * The guard to its interface: many jobs on one guard, descriptors per job, a job held before exec,
 * the body's own descriptors, and the ending of whole trees. Each test runs the pair in a forked
 * process, which a test program must not become, and judges by the ending that the body returns.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/front.h"
#include "common/tree.h"
#include "tests/check.h"
#include "tests/lib/leftover.h"
#include "tests/lib/run.h"

#define END(n) ((struct ending){.code = (n)})
/* execve(2) takes char *const[], yet writes to none of them. */
#define ARGS(...) ((char **)(uintptr_t)(const char *[]){__VA_ARGS__, NULL})

/* A condition inside the body: the line number tells which one failed. */
#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			print_error("line %d: %s\n", __LINE__, #condition);                        \
			return END(1);                                                             \
		}                                                                                  \
	} while (0)

static const struct stop_policy plain = {
	.deadline = NS_NEVER, .grace = 200 * NS_PER_MS, .signal = SIGTERM, .orphans = ORPHANS_STOP};

/* Run body in a pair of its own; the ending's status. */
static int guarded(front_body *body, void *arg)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct events off = EVENTS_OFF;
		const struct front_config config = {.events = &off};
		struct ending ending = {.code = 99};

		(void)setenv("PK_TEST_MARK", test_now()->mark, 1);
		_exit(front_run(&config, body, arg, &ending) == FRONT_DONE ? ending_status(ending)
									   : 98);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return ending_status(ending_of(status));
}

/* Start argv and wait for its end. */
static int run_job(struct guard *guard, const struct child_job *job,
		   const struct stop_policy *policy)
{
	enum child_stage stage;
	int event = guard_start(guard, job, policy, &stage);

	while (event >= 0 && event != GUARD_ENDED)
		event = guard_wait(guard, NULL, 0, NS_NEVER);
	return event;
}

static struct ending many_jobs(struct guard *guard, void *arg)
{
	int total = 0;

	(void)arg;
	for (int i = 0; i < 50; i++) {
		const char *script = i % 2 ? "exit 3" : "kill -9 $$";
		const struct child_job job = {.argv = ARGS("sh", "-c", script)};

		REQUIRE(run_job(guard, &job, &plain) == GUARD_ENDED);
		total += ending_status(guard_result(guard)->ending);
		REQUIRE(guard_result(guard)->cause == (i % 2 ? CAUSE_EXITED : CAUSE_SIGNAL));
	}
	REQUIRE(total == 25 * 3 + 25 * 137);
	return END(0);
}

static void one_guard_runs_many_jobs(void **state)
{
	(void)state;
	assert_int_equal(guarded(many_jobs, NULL), 0);
}

static struct ending own_descriptors(struct guard *guard, void *arg)
{
	char text[64];
	int in[2], out[2];
	ssize_t len;

	(void)arg;
	REQUIRE(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
	for (char round = '1'; round <= '2'; round++) {
		/* 9 and a swap of the pipes' own numbers: all are put in place at once. */
		const struct child_fd fds[] = {{in[0], 0}, {out[1], in[0]}, {out[1], 9}};
		const struct child_job job = {
			.argv = ARGS(
				"sh", "-c",
				"read x; echo got $x >&9; exec 9>&-; ls /proc/self/fd | wc -l"),
			.fds = fds,
			.fd_count = array_len(fds),
		};

		REQUIRE(write(in[1], (char[]){round, '\n'}, 2) == 2);
		REQUIRE(run_job(guard, &job, &plain) == GUARD_ENDED);
		REQUIRE(guard_result(guard)->ending.code == 0);
		len = read(out[0], text, sizeof(text) - 1);
		REQUIRE(len > 0);
		text[len] = '\0';
		REQUIRE(strncmp(text, "got ", 4) == 0 && text[4] == round);
	}
	return END(0);
}

static void descriptors_are_given_per_job(void **state)
{
	(void)state;
	assert_int_equal(guarded(own_descriptors, NULL), 0);
}

static struct ending held(struct guard *guard, void *arg)
{
	const struct child_job job = {.argv = ARGS("sh", "-c", "exit 5"), .held = true};
	enum child_stage stage;

	(void)arg;
	REQUIRE(guard_start(guard, &job, &plain, &stage) == 0);
	/* Nothing runs before the release: the wait ends by its time. */
	REQUIRE(guard_wait(guard, NULL, 0, ns_add(now_ns(), 30 * NS_PER_MS)) == GUARD_TIME);
	REQUIRE(guard_release(guard, &stage) == 0);
	REQUIRE(guard_wait(guard, NULL, 0, NS_NEVER) == GUARD_ENDED);
	return guard_result(guard)->ending;
}

static void a_held_job_waits_for_its_release(void **state)
{
	(void)state;
	assert_int_equal(guarded(held, NULL), 5);
}

static struct ending traced(struct guard *guard, void *arg)
{
	const struct child_job job = {.argv = ARGS("true"), .held = true};
	enum child_stage stage;

	(void)arg;
	REQUIRE(guard_start(guard, &job, &plain, &stage) == 0);
	REQUIRE(ptrace(PTRACE_SEIZE, guard_pid(guard), NULL, NULL) == 0);
	REQUIRE(guard_release(guard, &stage) == 0);
	REQUIRE(guard_wait(guard, NULL, 0, NS_NEVER) == GUARD_ENDED);
	return guard_result(guard)->ending;
}

static void a_tracer_attaches_to_a_held_job(void **state)
{
	(void)state;
	assert_int_equal(guarded(traced, NULL), 0);
}

static struct ending exec_errors(struct guard *guard, void *arg)
{
	static const struct {
		const char *name;
		int err;
	} rows[] = {{"pk-no-such-command", -ENOENT},
		    {"/dev/null", -EACCES},
		    {"", -ENOENT},
		    {"/", -EACCES}};

	(void)arg;
	for (size_t i = 0; i < array_len(rows); i++) {
		for (int hold = 0; hold < 2; hold++) {
			const struct child_job job = {.argv = ARGS(rows[i].name), .held = hold};
			enum child_stage stage;
			int err = guard_start(guard, &job, &plain, &stage);

			if (hold) {
				REQUIRE(err == 0);
				err = guard_release(guard, &stage);
			}
			REQUIRE(err == rows[i].err);
			REQUIRE(stage == CHILD_EXEC);
		}
	}
	return END(0);
}

static void a_failed_exec_is_told_by_errno(void **state)
{
	(void)state;
	assert_int_equal(guarded(exec_errors, NULL), 0);
}

static struct ending with_extra(struct guard *guard, void *arg)
{
	const struct child_job job = {.argv = ARGS("sh", "-c", "echo here; sleep 20")};
	struct pollfd extra;
	enum child_stage stage;
	int ends[2];

	(void)arg;
	REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
	struct child_job own = job;
	const struct child_fd out = {ends[1], 1};

	own.fds = &out;
	own.fd_count = 1;
	REQUIRE(guard_start(guard, &own, &plain, &stage) == 0);
	extra = (struct pollfd){.fd = ends[0], .events = POLLIN};
	REQUIRE(guard_wait(guard, &extra, 1, NS_NEVER) == GUARD_READY);
	REQUIRE(extra.revents & POLLIN);
	guard_stop(guard, STOP_IDLE);
	REQUIRE(guard_wait(guard, NULL, 0, NS_NEVER) == GUARD_ENDED);
	REQUIRE(guard_result(guard)->cause == CAUSE_IDLE && guard_result(guard)->timed_out);
	REQUIRE(!guard_result(guard)->killed);
	return END(0);
}

static void the_body_polls_its_own_descriptors_and_stops_the_job(void **state)
{
	(void)state;
	assert_int_equal(guarded(with_extra, NULL), 0);
}

static struct ending between_jobs(struct guard *guard, void *arg)
{
	(void)arg;
	REQUIRE(guard_wait(guard, NULL, 0, now_ns()) == GUARD_TIME);
	REQUIRE(kill(getppid(), SIGTERM) == 0);
	REQUIRE(guard_wait(guard, NULL, 0, NS_NEVER) == GUARD_STOP);
	REQUIRE(guard_stop_signal(guard) == SIGTERM);
	return END(0);
}

static void a_signal_while_no_job_runs_is_told(void **state)
{
	(void)state;
	assert_int_equal(guarded(between_jobs, NULL), 0);
}

static struct ending tree_of_each(struct guard *guard, void *arg)
{
	(void)arg;
	for (int i = 0; i < 3; i++) {
		const struct child_job job = {
			.argv = ARGS(
				"sh", "-c",
				"setsid sh -c 'trap \"\" TERM; sleep 25 & sleep 25' & exit 4")};
		struct stop_policy policy = plain;

		policy.grace = 20 * NS_PER_MS;
		REQUIRE(run_job(guard, &job, &policy) == GUARD_ENDED);
		REQUIRE(guard_result(guard)->ending.code == 4);
		/* The job is over when its tree is gone: nothing is left for the next job. */
		REQUIRE(tree_is_empty());
	}
	return END(0);
}

static void a_job_is_over_when_its_tree_is_gone(void **state)
{
	(void)state;
	assert_int_equal(guarded(tree_of_each, NULL), 0);
	assert_no_survivor();
}

static struct ending abandon(struct guard *guard, void *arg)
{
	const struct child_job job = {
		.argv = ARGS("sh", "-c", "trap '' TERM; setsid sleep 25 & sleep 25")};
	enum child_stage stage;

	(void)arg;
	REQUIRE(guard_start(guard, &job, &plain, &stage) == 0);
	return END(6);
}

static void a_body_that_returns_early_leaves_its_job_to_nobody(void **state)
{
	(void)state;
	assert_int_equal(guarded(abandon, NULL), 6);
	assert_int_equal(test_wait_gone(2000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tidy_test(one_guard_runs_many_jobs),
		tidy_test(descriptors_are_given_per_job),
		tidy_test(a_held_job_waits_for_its_release),
		tidy_test(a_tracer_attaches_to_a_held_job),
		tidy_test(a_failed_exec_is_told_by_errno),
		tidy_test(the_body_polls_its_own_descriptors_and_stops_the_job),
		tidy_test(a_signal_while_no_job_runs_is_told),
		tidy_test(a_job_is_over_when_its_tree_is_gone),
		tidy_test(a_body_that_returns_early_leaves_its_job_to_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
