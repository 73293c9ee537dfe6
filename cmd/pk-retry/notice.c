/* Events and lines. */
#include "notice.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/errname.h"
#include "common/fd.h"
#include "common/say.h"
#include "common/signame.h"

void notice_error(struct events *events, const char *class, int err)
{
	struct event event;

	if (!event_begin(&event, events, "error"))
		return;
	json_text(&event.json, "class", class);
	if (err)
		json_text(&event.json, "errno", errname(-err));
	event_send(&event, events);
}

void notice_start(const struct notice *notice)
{
	const struct plan *plan = notice->plan;
	struct event event;

	if (!event_begin(&event, notice->events, "start"))
		return;
	json_text(&event.json, "command", plan->command[0]);
	if (plan->attempts != PLAN_ENDLESS)
		json_int(&event.json, "attempts", plan->attempts);
	if (plan->deadline > 0 && plan->deadline != NS_NEVER)
		json_ms(&event.json, "deadline_ms", plan->deadline);
	if (plan->events_argv) {
		json_open(&event.json, "argv");
		for (size_t i = 0; plan->command[i]; i++)
			json_item_text(&event.json, plan->command[i]);
		json_close(&event.json);
	}
	event_send(&event, notice->events);
}

void notice_attempt_start(const struct notice *notice, int64_t attempt, pid_t command_pid)
{
	struct event event;

	if (!event_begin(&event, notice->events, "attempt_start"))
		return;
	json_int(&event.json, "attempt", attempt);
	json_int(&event.json, "command_pid", command_pid);
	event_send(&event, notice->events);
}

static const char *const verdict_names[] = {
	[VERDICT_SUCCESS] = "success", [VERDICT_RETRY] = "retry", [VERDICT_STOP] = "stop"};

static void event_attempt_end(const struct notice *notice, const struct account *account)
{
	const struct outcome *outcome = &account->facts.outcome;
	char name[SIGNAME_MAX];
	struct event event;

	if (!event_begin(&event, notice->events, "attempt_end"))
		return;
	json_int(&event.json, "attempt", account->facts.attempt);
	json_int(&event.json, "command_pid", account->command_pid);
	json_int(&event.json, "status", outcome->status);
	if (outcome->signal)
		json_text(&event.json, "signal", signame(outcome->signal, name));
	json_bool(&event.json, "timed_out", outcome->timed_out);
	json_bool(&event.json, "killed", account->killed);
	json_ms(&event.json, "elapsed_ms", account->elapsed_ns);
	json_text(&event.json, "decision", verdict_names[account->judgement.verdict]);
	json_text(&event.json, "reason", reason_name(account->judgement.reason));
	event_send(&event, notice->events);
}

static void event_hint(const struct notice *notice, const struct account *account)
{
	const struct hint *hint = &account->facts.hint;
	struct event event;

	if ((hint->kind == HINT_NONE && hint->http_status == 0) ||
	    !event_begin(&event, notice->events, "hint"))
		return;
	json_int(&event.json, "attempt", account->facts.attempt);
	if (hint->kind == HINT_DELAY && hint->delay != NS_NEVER)
		json_ms(&event.json, "hint_ms", hint->delay);
	if (hint->http_status > 0)
		json_int(&event.json, "http_status", hint->http_status);
	json_bool(&event.json, "accepted",
		  hint->kind != HINT_GARBAGE && account->judgement.reason != REASON_HINT_TOO_LONG);
	event_send(&event, notice->events);
}

#define TEXT_MAX 160

static void describe(char text[static TEXT_MAX], const struct facts *facts)
{
	char name[SIGNAME_MAX];

	if (facts->outcome.timed_out)
		(void)snprintf(text, TEXT_MAX, "timed out");
	else if (facts->outcome.signal)
		(void)snprintf(text, TEXT_MAX, "killed by %s",
			       signame(facts->outcome.signal, name));
	else
		(void)snprintf(text, TEXT_MAX, "status %d%s", facts->outcome.status,
			       facts->unmatched_until	    ? ", no line matches --until"
			       : facts->outcome.status == 0 ? ", not in --success-on"
							    : "");
}

/* The second half of the line: what comes next, or why nothing does; empty when it is plain. */
static void consequence(char text[static TEXT_MAX], const struct notice *notice,
			const struct account *account)
{
	const struct hint *hint = &account->facts.hint;
	char delay[NS_TEXT_MAX];

	text[0] = '\0';
	switch (account->judgement.reason) {
	case REASON_FAILURE:
		ns_format(delay, account->wait.delay);
		if (account->wait.delay == 0)
			(void)snprintf(text, TEXT_MAX, ", next at once");
		else
			(void)snprintf(text, TEXT_MAX, ", next in %s%s", delay,
				       account->wait.hinted ? " (as hinted)" : "");
		return;
	case REASON_HINT:
		if (hint->kind == HINT_STOP)
			(void)snprintf(text, TEXT_MAX, ", not retried: the hint is to stop");
		else
			(void)snprintf(text, TEXT_MAX, ", not retried: HTTP status %d",
				       hint->http_status);
		return;
	case REASON_STATUS:
		(void)snprintf(text, TEXT_MAX, ", not retried: not in --retry-on");
		return;
	case REASON_NO_MATCH:
		(void)snprintf(text, TEXT_MAX, ", not retried: no line matches --retry-match");
		return;
	case REASON_HINT_TOO_LONG:
		ns_format(delay, hint->delay);
		(void)snprintf(text, TEXT_MAX,
			       ", not retried: the hinted delay of %s is longer than --max-hint",
			       delay);
		return;
	case REASON_DEADLINE:
		ns_format(delay, notice->plan->deadline);
		(void)snprintf(text, TEXT_MAX, ", not retried: the deadline of %s is too near",
			       delay);
		return;
	case REASON_BREAKER:
		(void)snprintf(text, TEXT_MAX, ", not retried: the circuit is open");
		return;
	case REASON_SUCCESS:
	case REASON_SIGNAL:
	case REASON_ATTEMPTS:
	case REASON_LOCK:
	case REASON_EXEC:
	case REASON_ERROR:
		return;
	}
}

/* -v: which rule decided, where the line does not say it. */
static void say_rule(const struct account *account)
{
	const struct judgement *judgement = &account->judgement;
	char hint[NS_TEXT_MAX];

	if (judgement->reason == REASON_ATTEMPTS)
		say("no attempt is left");
	else if (judgement->verdict == VERDICT_SUCCESS)
		say("attempt %" PRId64 " succeeded", account->facts.attempt);
	if (account->facts.hint.kind == HINT_GARBAGE)
		say("the hint cannot be understood and is ignored");
	if (judgement->verdict != VERDICT_RETRY)
		return;
	ns_format(hint, account->facts.hint.kind == HINT_DELAY ? account->facts.hint.delay : 0);
	if (account->facts.hint.http_status > 0)
		say("retried for HTTP status %d", account->facts.hint.http_status);
	else
		say("retried for %s",
		    account->facts.outcome.timed_out ? "its time limit" : "its status");
	say("the delay is %s%s", account->wait.hinted ? "the hint of " : "the backoff's",
	    account->wait.hinted ? hint : "");
}

static void say_attempt(const struct notice *notice, const struct account *account)
{
	char what[TEXT_MAX], next[TEXT_MAX], of[32] = "";

	if (notice->plan->quiet)
		return;
	if (account->judgement.verdict != VERDICT_SUCCESS) {
		describe(what, &account->facts);
		consequence(next, notice, account);
		if (notice->plan->attempts != PLAN_ENDLESS)
			(void)snprintf(of, sizeof(of), " of %" PRId64, notice->plan->attempts);
		say("attempt %" PRId64 "%s failed (%s)%s", account->facts.attempt, of, what, next);
	}
	if (notice->plan->verbose)
		say_rule(account);
}

void notice_attempt_end(const struct notice *notice, const struct account *account)
{
	event_attempt_end(notice, account);
	event_hint(notice, account);
	say_attempt(notice, account);
}

void notice_tail(const struct notice *notice, const char *bytes, size_t len)
{
	if (!notice->plan->verbose || notice->plan->quiet || len == 0)
		return;
	say("its stdout, which is not passed on, ends with:");
	/* A stderr that does not work cannot be told so. */
	(void)!fd_write_full(STDERR_FILENO, bytes, len);
	if (bytes[len - 1] != '\n')
		(void)!fd_write_full(STDERR_FILENO, "\n", 1);
}

void notice_delay(const struct notice *notice, const struct wait *wait)
{
	struct event event;

	if (!event_begin(&event, notice->events, "delay"))
		return;
	json_ms(&event.json, "delay_ms", wait->delay);
	json_text(&event.json, "source", wait->hinted ? "hint" : "backoff");
	event_send(&event, notice->events);
}

void notice_lock(const struct notice *notice, const char *name, int64_t waited_ns)
{
	struct event event;

	if (!event_begin(&event, notice->events, name))
		return;
	json_text(&event.json, "path", notice->plan->lock);
	if (waited_ns >= 0)
		json_ms(&event.json, "waited_ms", waited_ns);
	event_send(&event, notice->events);
}

void notice_breaker(const struct notice *notice, const char *from, const char *to,
		    const struct breaker *breaker, int64_t open_for_ms, bool probe)
{
	struct event event;

	if (!event_begin(&event, notice->events, "breaker"))
		return;
	json_text(&event.json, "path", breaker->path);
	json_text(&event.json, "from", from);
	json_text(&event.json, "to", to);
	json_int(&event.json, "failures", breaker->record.failures);
	json_int(&event.json, "open_for_ms", open_for_ms);
	json_bool(&event.json, "probe", probe);
	event_send(&event, notice->events);
}

void notice_breaker_trouble(const struct notice *notice, struct breaker *breaker)
{
	int err = breaker_trouble(breaker);
	struct event event;

	if (err == 0)
		return;
	if (err == -EBADMSG)
		say("circuit breaker '%s' is corrupt: taken as closed", breaker->path);
	else
		say_errno(err, "circuit breaker '%s' cannot be used, and COMMAND runs without it",
			  breaker->path);
	if (!event_begin(&event, notice->events,
			 err == -EBADMSG ? "breaker_corrupt" : "breaker_failed"))
		return;
	json_text(&event.json, "path", breaker->path);
	if (err != -EBADMSG)
		json_text(&event.json, "errno", errname(-err));
	event_send(&event, notice->events);
}

void notice_end(const struct notice *notice, int64_t attempts, struct ending ending,
		enum reason reason)
{
	struct event event;

	if (!event_begin(&event, notice->events, "end"))
		return;
	json_int(&event.json, "attempts", attempts);
	json_int(&event.json, "status", ending_status(ending));
	json_text(&event.json, "reason", reason_name(reason));
	json_ms(&event.json, "elapsed_ms", now_ns() - notice->started);
	event_send(&event, notice->events);
}
