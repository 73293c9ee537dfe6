/* Attempt after attempt, in the guard. */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include "attempt.h"
#include "breaker.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/front.h"
#include "common/guard.h"
#include "common/lock.h"
#include "common/num.h"
#include "common/say.h"
#include "common/signame.h"
#include "notice.h"
#include "pause.h"
#include "policy.h"

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
	int lock;
	int64_t count;	      /* attempts begun */
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
	notice_error(run->notice.events, class, err);
	return end(run, OWN_FAILURE, REASON_ERROR);
}

/* --- before the first attempt ------------------------------------------------------------------- */

/* As flock(1) opens it: a directory will do, and a new file is there for everybody to lock. */
static int open_lock(const char *path)
{
	int fd = open(path, O_RDONLY | O_CREAT | O_NOCTTY | O_CLOEXEC, 0666);

	if (fd < 0 && errno == EISDIR)
		fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int wait_for_lock(struct run *run, int64_t until)
{
	struct lock lock;
	int err = lock_begin(&lock, run->lock, LOCK_EX);
	struct pollfd ready = {.fd = lock.ready, .events = POLLIN};

	if (err < 0 || lock.ready < 0)
		return err;
	notice_lock(&run->notice, "lock_wait", -1);
	err = guard_wait(run->guard, &ready, 1, until);
	if (err < 0) {
		(void)!lock_end(&lock);
		return err;
	}
	return lock_end(&lock);
}

static int64_t lock_limit(const struct run *run)
{
	int64_t wait = run->plan->wait == PLAN_UNSET ? NS_NEVER : run->plan->wait;

	return ns_min(ns_add(run->notice.started, wait), run->rules.deadline);
}

static bool take_lock(struct run *run)
{
	const char *path = run->plan->lock;
	int err;

	if (!path)
		return true;
	run->lock = open_lock(path);
	err = run->lock < 0 ? run->lock : wait_for_lock(run, lock_limit(run));
	if (err == 0) {
		notice_lock(&run->notice, "lock_acquired", now_ns() - run->notice.started);
		return true;
	}
	if (guard_stop_signal(run->guard))
		return end_by_signal(run);
	if (err == -EWOULDBLOCK) {
		if (!run->plan->quiet)
			say("'%s' is locked: not run", path);
		return end(run, LATER, REASON_LOCK);
	}
	say_errno(err, "cannot lock '%s'", path);
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

static bool is_admitted(struct run *run)
{
	int64_t wait_ms = 0;
	char text[NS_TEXT_MAX];

	if (!run->plan->breaker)
		return true;
	switch (breaker_ask(&run->breaker, run->guard, &wait_ms)) {
	case ADMIT_FREELY:
		break;
	case ADMIT_PROBE:
		notice_breaker(&run->notice, "open", "half_open", &run->breaker, 0, true);
		break;
	case ADMIT_NOBODY:
		notice_breaker_trouble(&run->notice, &run->breaker);
		notice_breaker(&run->notice, "open", "open", &run->breaker, wait_ms, false);
		ns_format(text, wait_ms > INT64_MAX / NS_PER_MS ? NS_NEVER : wait_ms * NS_PER_MS);
		if (!run->plan->quiet && wait_ms > 0)
			say("the circuit '%s' is open for %s: not run", run->plan->breaker, text);
		else if (!run->plan->quiet)
			say("the circuit '%s' is open and being probed: not run",
			    run->plan->breaker);
		return end(run, run->last, REASON_BREAKER);
	}
	notice_breaker_trouble(&run->notice, &run->breaker);
	return true;
}

/* A signal or the deadline may have come while we waited. */
static bool may_begin(struct run *run)
{
	if (guard_stop_signal(run->guard))
		return end_by_signal(run);
	if (now_ns() >= run->rules.deadline) {
		if (run->count == 0 && !run->plan->quiet)
			say("the deadline has passed: not run");
		return end(run, run->last, REASON_DEADLINE);
	}
	if (!is_admitted(run))
		return false;
	return guard_stop_signal(run->guard) ? end_by_signal(run) : true;
}

/* The status that this failure ends with, should it be the last one. */
static struct ending ending_of_failure(struct outcome outcome)
{
	if (outcome.signal)
		return (struct ending){.signal = outcome.signal};
	return (struct ending){.code = outcome.status == 0 ? STATUS_NO : outcome.status};
}

static void tell_breaker(struct run *run, struct account *account)
{
	struct judgement *judgement = &account->judgement;
	bool probe = run->breaker.probing, succeeded = judgement->verdict == VERDICT_SUCCESS;
	bool turned;

	if (!run->plan->breaker)
		return;
	turned = breaker_tell(&run->breaker, run->guard,
			      succeeded		     ? RESULT_SUCCESS
			      : judgement->transient ? RESULT_FAILURE
						     : RESULT_NEITHER);
	if (turned)
		notice_breaker(&run->notice, probe ? "half_open" : "closed",
			       run->breaker.is_open ? "open" : "closed", &run->breaker,
			       run->breaker.is_open ? run->breaker.rules.cooldown_ms : 0, probe);
	notice_breaker_trouble(&run->notice, &run->breaker);
	if (judgement->verdict == VERDICT_RETRY && run->breaker.is_open) {
		judgement->verdict = VERDICT_STOP;
		judgement->reason = REASON_BREAKER;
	}
}

/* The three decisions: retry? give up? how long? */
static void judge(struct run *run, struct account *account)
{
	account->judgement = policy_judge(&run->rules, &account->facts);
	tell_breaker(run, account);
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
	int err = attempt_commit(&run->attempts);

	if (outcome.signal)
		ending = (struct ending){.signal = outcome.signal};
	if (err == 0)
		return end(run, ending, REASON_SUCCESS);
	if (err == -EPIPE)
		return end(run, (struct ending){.signal = SIGPIPE}, REASON_SIGNAL);
	if (err == -EINTR && guard_stop_signal(run->guard))
		return end_by_signal(run);
	say_errno(err, "cannot write to stdout");
	return fail(run, "io", err);
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

/* One attempt and what follows from it. Returns true when another one is due. */
static bool attempt(struct run *run)
{
	struct account account = {.facts.attempt = ++run->count};

	if (!attempt_run(&run->attempts, &account, &run->ending, &run->reason))
		return false;
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
			  .deadline = deadline},
		.attempts = {.plan = plan,
			     .guard = guard,
			     .policy = plan_policy(plan, is_init, deadline),
			     .last_status = -1},
		.breaker = {.path = plan->breaker, .rules = plan->breaker_rules, .fd = -1},
		.lock = -1,
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
	if (prepare(&run) && take_lock(&run))
		while (may_begin(&run) && attempt(&run))
			;
	notice_end(&run.notice, run.count, run.ending, run.reason);
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
	notice_error(events, "resource", result == FRONT_BEREFT ? 0 : result);
	return OWN_FAILURE;
}
