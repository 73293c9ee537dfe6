/* Attempt after attempt, in the guard. */
#include "run.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <unistd.h>

#include "attempt.h"
#include "breaker.h"
#include "circuit.h"
#include "common/clock.h"
#include "common/front.h"
#include "common/guard.h"
#include "common/hold.h"
#include "common/num.h"
#include "common/report.h"
#include "common/say.h"
#include "common/signame.h"
#include "notice.h"
#include "pause.h"
#include "policy.h"
#include "share.h"

#define OWN_FAILURE ((struct ending){.code = STATUS_OWN})
#define LATER ((struct ending){.code = STATUS_LATER})

struct run {
	const struct plan *plan;
	struct guard *guard;
	struct notice notice;
	struct policy_rules rules;
	struct backoff backoff;
	struct attempts attempts;
	struct breaker breaker;
	struct hold hold;
	struct share share;
	int64_t count;	      /* attempts begun since the last one that lasted */
	int64_t total;	      /* attempts begun */
	struct ending last;   /* how the last one makes us end; STATUS_LATER before the first */
	struct ending ending; /* set by end() */
	enum reason reason;
};

/* The run is over; returns false, so that it can be said by `return`. */
static bool end(struct run *run, struct ending ending, enum reason reason)
{
	run->ending = ending;
	run->reason = reason;
	return false;
}

static bool end_by_signal(struct run *run)
{
	return end(run, (struct ending){.signal = guard_stop_signal(run->guard)}, REASON_SIGNAL);
}

static bool fail(struct run *run, const char *class, int err)
{
	report_error(run->notice.events, class, err);
	return end(run, OWN_FAILURE, REASON_ERROR);
}

/* --- before the first attempt ------------------------------------------------------------------- */

/* How long others are waited for. */
static int64_t wait_until(const struct run *run)
{
	const int64_t wait = run->plan->wait == PLAN_UNSET ? NS_NEVER : run->plan->wait;

	return ns_min(ns_add(run->notice.started, wait), run->rules.deadline);
}

/* stdout has been sent, or not: the run ends, with ending if that went well. */
static bool end_delivered(struct run *run, int err, struct ending ending, enum reason reason)
{
	if (err == 0)
		return end(run, ending, reason);
	if (err == -EPIPE)
		return end(run, (struct ending){.signal = SIGPIPE}, REASON_SIGNAL);
	if (err == -EINTR && guard_stop_signal(run->guard))
		return end_by_signal(run);
	say_errno(err, "cannot write to stdout");
	return fail(run, "io", err);
}

/* --share: true when it is us who runs the command. */
static bool lead(struct run *run)
{
	struct share *share = &run->share;
	int found;

	if (!run->plan->share)
		return true;
	found = share_open(share, run->plan);
	if (found >= 0)
		found = share_join(share, run->guard, &run->notice, wait_until(run));
	if (found == 0)
		return true;
	if (found > 0)
		return end_delivered(run, share_deliver(share, run->guard, NS_NEVER),
				     share_ending(share), REASON_SHARED);
	if (guard_stop_signal(run->guard))
		return end_by_signal(run);
	if (found != -EWOULDBLOCK || !run->plan->quiet)
		share_explain(share, found);
	return found == -EWOULDBLOCK ? end(run, LATER, REASON_SHARE) : fail(run, "io", found);
}

/*
 * Can it have been our own limit of time that speaks? 124 is what a deadline makes of an attempt, here or
 * in a tool below that has inherited it: the others may have more time.
 */
static bool is_out_of_time(const struct run *run, struct ending ending)
{
	return run->attempts.policy.deadline != NS_NEVER && ending_status(ending) == STATUS_TIMEOUT;
}

/* SIGKILL comes from outside: from whoever is short of memory, or of patience. */
static bool is_killed(struct ending ending)
{
	return ending_status(ending) == STATUS_SIGNAL + SIGKILL;
}

/* The others are helped first, whatever becomes of our own stdout. */
static void publish(struct run *run, int spool, struct ending ending, bool failed)
{
	int err;

	if (is_out_of_time(run, ending))
		return;
	err = share_publish(&run->share, spool, ending, failed);
	if (err < 0)
		say_errno(err, "cannot keep the result in '%s'", run->plan->share);
}

static void publish_failure(struct run *run)
{
	if (run->plan->share_failures && run->share.lock >= 0 &&
	    reason_is_the_commands(run->reason) && !is_killed(run->ending))
		publish(run, -1, run->ending, true);
}

static bool take_lock(struct run *run)
{
	const struct plan *plan = run->plan;
	int err;

	if (!plan->lock)
		return true;
	err = hold_take(&run->hold, plan->lock, (int)plan->slots, run->guard, wait_until(run));
	if (err == 0)
		return true;
	if (guard_stop_signal(run->guard))
		return end_by_signal(run);
	if (err == -EWOULDBLOCK) {
		if (!plan->quiet)
			hold_explain(&run->hold, plan->lock, err);
		return end(run, LATER, REASON_LOCK);
	}
	hold_explain(&run->hold, plan->lock, err);
	return fail(run, "io", err);
}

static bool prepare(struct run *run)
{
	const char *what;
	uint64_t seed = (uint64_t)run->plan->seed;
	int err = run->plan->seed >= 0 ? 0 : num_random(&seed, sizeof(seed));

	backoff_start(&run->backoff, &run->plan->backoff, seed);
	if (err >= 0)
		err = environment_open(&run->attempts.environment, run->plan->attempts,
				       run->plan->hint_fd);
	if (err < 0) {
		say_errno(err, "cannot prepare the run");
		return fail(run, "resource", err);
	}
	err = streams_open(&run->attempts.streams, run->plan, &what);
	if (err >= 0)
		return true;
	say_errno(err, "cannot keep %s for the attempts", what);
	return fail(run, "io", err);
}

/* --- attempts ------------------------------------------------------------------------------------ */

/* A signal or the deadline may have come while we waited. */
static bool may_begin(struct run *run)
{
	if (guard_stop_signal(run->guard))
		return end_by_signal(run);
	if (run->rules.deadline != NS_NEVER && now_ns() >= run->rules.deadline) {
		if (run->total == 0 && !run->plan->quiet)
			say("the deadline has passed: not run");
		return end(run, run->last, REASON_DEADLINE);
	}
	if (run->plan->breaker && !circuit_admits(&run->breaker, run->guard, &run->notice))
		return end(run, run->last, REASON_BREAKER);
	return guard_stop_signal(run->guard) ? end_by_signal(run) : true;
}

/* The status that this failure ends with, should it be the last one. */
static struct ending ending_of_failure(struct outcome outcome)
{
	if (outcome.signal)
		return (struct ending){.signal = outcome.signal};
	return (struct ending){.code = outcome.status == 0 ? STATUS_NO : outcome.status};
}

/* The three decisions: retry? give up? how long? */
static void judge(struct run *run, struct account *account)
{
	account->judgement = policy_judge(&run->rules, &account->facts);
	if (run->plan->breaker)
		circuit_tell(&run->breaker, run->guard, &run->notice, &account->judgement);
	if (account->judgement.verdict != VERDICT_RETRY)
		return;
	account->wait = policy_wait(&run->rules, &run->backoff, &account->facts.hint, now_ns());
	account->judgement.verdict = account->wait.verdict;
	account->judgement.reason = account->wait.reason;
}

static bool succeed(struct run *run, const struct account *account)
{
	const struct outcome outcome = account->facts.outcome;
	struct ending ending = {.code = outcome.status};

	if (outcome.signal)
		ending = (struct ending){.signal = outcome.signal};
	if (run->plan->share)
		publish(run, run->attempts.streams.output.spool, ending, false);
	return end_delivered(run, attempt_commit(&run->attempts), ending, REASON_SUCCESS);
}

static bool pause_before_next(struct run *run, const struct wait *wait)
{
	int event;

	notice_delay(&run->notice, wait);
	if (wait->delay == 0)
		return true;
	event = pause_until(run->guard, ns_add(now_ns(), wait->delay), run->count + 1,
			    run->plan->quiet);
	if (event >= 0)
		return true;
	say_errno(event, "cannot wait");
	return fail(run, "resource", event);
}

/* A life that our own limit had to end says nothing of health, however long it was. */
static bool has_lasted(const struct plan *plan, const struct account *account)
{
	return plan->reset_after > 0 && account->elapsed_ns >= plan->reset_after &&
	       !account->facts.outcome.timed_out;
}

/* One attempt and what follows from it. Returns true when another one is due. */
static bool attempt(struct run *run)
{
	struct account account = {.facts.attempt = ++run->count};

	run->total++;
	if (!attempt_run(&run->attempts, &account, &run->ending, &run->reason))
		return false;
	account.facts.lasted = has_lasted(run->plan, &account);
	if (account.facts.lasted) {
		run->count = 0;
		backoff_reset(&run->backoff);
	}
	judge(run, &account);
	notice_attempt_end(&run->notice, &account);
	if (account.judgement.verdict == VERDICT_SUCCESS)
		return succeed(run, &account);
	attempt_show_tail(&run->attempts);
	run->last = ending_of_failure(account.facts.outcome);
	if (account.judgement.verdict == VERDICT_RETRY)
		return pause_before_next(run, &account.wait);
	if (account.judgement.reason == REASON_SIGNAL)
		return end_by_signal(run);
	return end(run, run->last, account.judgement.reason);
}

/* -v: a line for each signal sent; without /proc always, since less is promised then. */
static void note(void *arg, enum owner_note kind, int signal, int targets)
{
	const struct plan *plan = arg;
	const char *plural = targets == 1 ? "" : "es";
	char name[SIGNAME_MAX];

	if (kind == OWNER_NO_PROC) {
		if (!plan->quiet)
			say("/proc cannot be read: only the command's process group is signalled");
		return;
	}
	if (plan->verbose && !plan->quiet)
		say("%s %s to %d process%s", kind == OWNER_FORWARDED ? "passed on" : "sent",
		    signame(signal, name), targets, plural);
}

static struct run make(const struct plan *plan, struct guard *guard, bool is_init)
{
	const int64_t now = now_ns();
	const int64_t deadline = plan->deadline > 0 ? ns_add(now, plan->deadline) : NS_NEVER;

	return (struct run){
		.plan = plan,
		.guard = guard,
		.notice = {.plan = plan, .events = guard_events(guard), .started = now},
		.rules = {.success_on = plan->success_on,
			  .retry_on = plan->retry_on,
			  .attempts = plan->attempts,
			  .max_hint = plan->max_hint,
			  .deadline = ns_min(deadline, plan->inherited.begin_by)},
		.attempts = {.plan = plan,
			     .guard = guard,
			     .policy = plan_policy(plan, is_init, deadline),
			     .last_status = -1},
		.breaker = {.path = plan->breaker, .rules = plan->breaker_rules, .fd = -1},
		.hold = HOLD_NONE,
		.share = SHARE_NONE,
		.last = LATER,
	};
}

static struct ending body(struct guard *guard, void *arg)
{
	const struct plan *plan = arg;
	struct run run = make(plan, guard, getppid() == 1);
	int err;

	run.attempts.notice = &run.notice;
	run.attempts.rules = &run.rules;
	guard_set_note(guard, note, (void *)(uintptr_t)plan);
	notice_start(&run.notice);
	if (lead(&run) && prepare(&run) && take_lock(&run))
		while (may_begin(&run) && attempt(&run))
			;
	publish_failure(&run);
	notice_end(&run.notice, run.total, run.ending, run.reason);
	share_drop(&run.share);
	hold_drop(&run.hold, guard);
	breaker_drop(&run.breaker);
	streams_drop(&run.attempts.streams);
	err = events_error(guard_events(guard));
	if (err < 0)
		say_errno(err, "cannot write to the events destination");
	return run.ending;
}

struct ending run_plan(const struct plan *plan, struct events *events)
{
	const struct front_config config = {.events = events, .lets_go = true};
	struct ending ending;
	int result = front_run(&config, body, (void *)(uintptr_t)plan, &ending);

	if (result == FRONT_DONE)
		return ending;
	if (result == FRONT_BEREFT)
		say("the guard process was killed; the command was ended");
	else
		say_errno(result, "cannot set up the guard process");
	report_error(events, "resource", result == FRONT_BEREFT ? 0 : result);
	return OWN_FAILURE;
}
