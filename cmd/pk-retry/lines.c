/* Lines for people about attempts. */
#include "lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/say.h"
#include "common/signame.h"

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

static void deadline_too_near(char text[static TEXT_MAX], const struct plan *plan)
{
	const bool own = plan->deadline > 0 && plan->deadline < plan->inherited.left;
	char limit[NS_TEXT_MAX];

	ns_format(limit, own ? plan->deadline : plan->inherited.left);
	(void)snprintf(text, TEXT_MAX, ", not retried: the %sdeadline of %s is too near",
		       own ? "" : "inherited ", limit);
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
		deadline_too_near(text, notice->plan);
		return;
	case REASON_BREAKER:
		(void)snprintf(text, TEXT_MAX, ", not retried: the circuit is open");
		return;
	case REASON_SUCCESS:
	case REASON_SIGNAL:
	case REASON_ATTEMPTS:
	case REASON_LOCK:
	case REASON_SHARE:
	case REASON_SHARED:
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
	if (account->facts.lasted && judgement->verdict == VERDICT_RETRY)
		say("it has lasted as long as --reset-after says: counting begins anew");
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

void lines_attempt(const struct notice *notice, const struct account *account)
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

void lines_tail(const struct notice *notice, const char *bytes, size_t len)
{
	if (!notice->plan->verbose || notice->plan->quiet || len == 0)
		return;
	say("its stdout, which is not passed on, ends with:");
	/* A stderr that does not work cannot be told so. */
	(void)!fd_write_full(STDERR_FILENO, bytes, len);
	if (bytes[len - 1] != '\n')
		(void)!fd_write_full(STDERR_FILENO, "\n", 1);
}
