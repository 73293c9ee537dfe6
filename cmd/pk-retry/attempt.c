/* One attempt: start, serve, sweep, and the facts. */
#include "attempt.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/program.h"
#include "common/report.h"
#include "common/say.h"
#include "holders.h"
#include "lines.h"

#define OWN_FAILURE ((struct ending){.code = STATUS_OWN})
#define TAIL_MAX 4096

/* Where attempt_run's two results go when it fails. */
struct failure {
	struct ending *ending;
	enum reason *reason;
};

static bool fail(const struct failure *failure, struct ending ending, enum reason reason)
{
	*failure->ending = ending;
	*failure->reason = reason;
	return false;
}

static bool fail_io(const struct attempts *attempts, const struct failure *failure,
		    const char *what, int err)
{
	say_errno(err, "cannot keep %s for the attempt", what);
	report_error(attempts->notice->events, "io", err);
	return fail(failure, OWN_FAILURE, REASON_ERROR);
}

/* The command could not be started: whatever it is, another attempt would not cure it. */
static bool fail_start(const struct attempts *attempts, const struct failure *failure,
		       enum child_stage stage, int err)
{
	const char *name = attempts->plan->command[0];

	if (stage != CHILD_EXEC) {
		say_errno(err, "cannot start '%s'", name);
		report_error(attempts->notice->events, "resource", err);
		return fail(failure, OWN_FAILURE, REASON_ERROR);
	}
	return fail(
		failure,
		(struct ending){.code = program_exec_failed(attempts->notice->events, name, err)},
		REASON_EXEC);
}

static int64_t remaining(const struct attempts *attempts)
{
	int64_t left;

	if (attempts->policy.deadline == NS_NEVER)
		return -1;
	left = attempts->policy.deadline - now_ns();
	return left > 0 ? left : 0;
}

static bool start(struct attempts *attempts, struct account *account, const struct failure *failure)
{
	struct child_job job = {.argv = attempts->plan->command};
	enum child_stage stage;
	const char *what;
	int err = streams_begin(&attempts->streams, &what);

	if (err < 0)
		return fail_io(attempts, failure, what, err);
	err = environment_set(&attempts->environment, account->facts.attempt, attempts->last_status,
			      remaining(attempts));
	if (err < 0)
		return fail_io(attempts, failure, "the environment", err);
	job.fds = attempts->streams.fds;
	job.fd_count = attempts->streams.fd_count;
	err = guard_start(attempts->guard, &job, &attempts->policy, &stage);
	if (err < 0)
		return fail_start(attempts, failure, stage, err);
	streams_started(&attempts->streams);
	account->command_pid = guard_pid(attempts->guard);
	notice_attempt_start(attempts->notice, account->facts.attempt, account->command_pid);
	return true;
}

static struct outcome outcome_of(const struct owner_result *result)
{
	if (result->timed_out)
		return (struct outcome){.status = STATUS_TIMEOUT, .timed_out = true};
	return (struct outcome){.status = ending_status(result->ending),
				.signal = result->ending.signal};
}

/* Stop, or wait for, what the command has left. Returns 0 or -errno. */
static int sweep(struct attempts *attempts, enum orphans orphans)
{
	const char *what;

	attempts->leftovers = attempts->policy;
	attempts->leftovers.orphans = orphans;
	if (!guard_sweep(attempts->guard, &attempts->leftovers))
		return 0;
	return streams_serve(&attempts->streams, attempts->guard, &what);
}

/* The command's stdout is complete when nobody can write to it any more. */
static int settle_success(struct attempts *attempts)
{
	const struct output *output = &attempts->streams.output;

	if (guard_is_childless(attempts->guard))
		return 0;
	if (attempts->plan->orphans == ORPHANS_STOP)
		return sweep(attempts, ORPHANS_STOP);
	if (!output->commits || holders_stop(attempts->guard, output->dev, output->ino,
					     attempts->policy.signal, attempts->policy.grace) >= 0)
		return 0;
	/* They could not be told apart, or a signal asks us to end. */
	return sweep(attempts, ORPHANS_STOP);
}

/*
 * The command has ended: is it a success as far as its status and its stdout say, and what becomes of
 * its descendants? Returns 0 or -errno.
 */
static int settle(struct attempts *attempts, struct facts *facts)
{
	bool succeeds = outcome_in(&attempts->rules->success_on, facts->outcome);
	int err = 0;

	if (succeeds && attempts->plan->orphans == ORPHANS_WAIT)
		err = sweep(attempts, ORPHANS_WAIT);
	if (err >= 0 && succeeds) {
		err = streams_match_until(&attempts->streams);
		facts->unmatched_until = err == 0;
		succeeds = err > 0;
	}
	if (err < 0)
		return err;
	return succeeds ? settle_success(attempts) : sweep(attempts, ORPHANS_STOP);
}

/* How long a slow reader is waited for, once a signal has asked us to end. */
static int64_t patience(const struct attempts *attempts)
{
	return guard_stop_signal(attempts->guard) ? ns_add(now_ns(), attempts->policy.grace)
						  : NS_NEVER;
}

static int gather(struct attempts *attempts, struct facts *facts, const char **ret_what)
{
	int err = streams_end(&attempts->streams, attempts->guard, patience(attempts), ret_what);

	facts->stop_asked = guard_stop_signal(attempts->guard) != 0;
	facts->hint = streams_hint(&attempts->streams);
	if (err < 0)
		return err;
	err = streams_match_retry(&attempts->streams);
	facts->unmatched_retry = err == 0;
	return err < 0 ? err : 0;
}

bool attempt_run(struct attempts *attempts, struct account *account, struct ending *ret_ending,
		 enum reason *ret_reason)
{
	const struct failure failure = {ret_ending, ret_reason};
	const struct owner_result *result = guard_result(attempts->guard);
	struct facts *facts = &account->facts;
	const char *what;
	int err;

	if (!start(attempts, account, &failure))
		return false;
	err = streams_serve(&attempts->streams, attempts->guard, &what);
	if (err < 0)
		return fail_io(attempts, &failure, what, err);
	facts->outcome = outcome_of(result);
	account->elapsed_ns = result->elapsed_ns;
	what = "stdout";
	err = settle(attempts, facts);
	if (err >= 0)
		err = gather(attempts, facts, &what);
	if (err < 0)
		return fail_io(attempts, &failure, what, err);
	account->killed = result->killed;
	attempts->last_status = facts->outcome.status;
	if (result->survivors == 0)
		return true;
	say("%d process%s survived SIGKILL", result->survivors, result->survivors > 1 ? "es" : "");
	report_error(attempts->notice->events, "resource", -EBUSY);
	return fail(&failure, OWN_FAILURE, REASON_ERROR);
}

int attempt_commit(struct attempts *attempts)
{
	return output_commit(&attempts->streams.output, attempts->guard, patience(attempts));
}

void attempt_show_tail(const struct attempts *attempts)
{
	unzeroed char bytes[TAIL_MAX];

	if (attempts->plan->verbose)
		lines_tail(attempts->notice, bytes,
			   output_tail(&attempts->streams.output, bytes, sizeof(bytes)));
}
