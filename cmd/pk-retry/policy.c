/* Success, again, or enough. */
#include "policy.h"

#include "common/clock.h"

static const char *const reason_names[] = {
	[REASON_SUCCESS] = "success",	[REASON_FAILURE] = "failure",
	[REASON_SIGNAL] = "signal",	[REASON_HINT] = "hint",
	[REASON_STATUS] = "status",	[REASON_NO_MATCH] = "no_match",
	[REASON_ATTEMPTS] = "attempts", [REASON_HINT_TOO_LONG] = "hint_too_long",
	[REASON_DEADLINE] = "deadline", [REASON_BREAKER] = "breaker",
	[REASON_LOCK] = "lock",		[REASON_EXEC] = "exec",
	[REASON_SHARE] = "share",	[REASON_SHARED] = "shared",
	[REASON_ERROR] = "error",
};

const char *reason_name(enum reason reason)
{
	return reason_names[reason];
}

bool reason_is_the_commands(enum reason reason)
{
	switch (reason) {
	case REASON_SUCCESS:
	case REASON_HINT:
	case REASON_HINT_TOO_LONG:
	case REASON_STATUS:
	case REASON_NO_MATCH:
	case REASON_ATTEMPTS:
		return true;
	case REASON_FAILURE:
	case REASON_SIGNAL:
	case REASON_DEADLINE:
	case REASON_BREAKER:
	case REASON_LOCK:
	case REASON_SHARE:
	case REASON_SHARED:
	case REASON_EXEC:
	case REASON_ERROR:
		return false;
	}
	return false;
}

/* HTTP statuses that say "later", as opposed to "never like this" (RFC 9110, 6585, 8470). */
static bool is_later(int http_status)
{
	return http_status == 408 || http_status == 425 || http_status == 429 ||
	       (http_status >= 500 && http_status <= 599);
}

static bool is_never(int http_status)
{
	return http_status >= 400 && http_status <= 499 && !is_later(http_status);
}

static struct judgement stop(enum reason reason, bool transient)
{
	return (struct judgement){
		.verdict = VERDICT_STOP, .reason = reason, .transient = transient};
}

struct judgement policy_judge(const struct policy_rules *rules, const struct facts *facts)
{
	const int http_status = facts->hint.http_status;

	if (outcome_in(&rules->success_on, facts->outcome) && !facts->unmatched_until)
		return (struct judgement){.verdict = VERDICT_SUCCESS, .reason = REASON_SUCCESS};
	if (facts->stop_asked)
		return stop(REASON_SIGNAL, false);
	if (facts->hint.kind == HINT_STOP || is_never(http_status))
		return stop(REASON_HINT, false);
	if (!outcome_in(&rules->retry_on, facts->outcome) && !is_later(http_status))
		return stop(REASON_STATUS, false);
	if (facts->unmatched_retry)
		return stop(REASON_NO_MATCH, false);
	if (facts->attempt >= rules->attempts && !facts->lasted)
		return stop(REASON_ATTEMPTS, true);
	return (struct judgement){
		.verdict = VERDICT_RETRY,
		.reason = REASON_FAILURE,
		.transient = true,
		.healthy = facts->lasted,
	};
}

struct wait policy_wait(const struct policy_rules *rules, struct backoff *backoff,
			const struct hint *hint, int64_t now)
{
	struct wait wait = {
		.delay = backoff_next(backoff), .verdict = VERDICT_RETRY, .reason = REASON_FAILURE};

	if (hint->kind == HINT_DELAY && hint->delay > 0) {
		int64_t least = ns_add(hint->delay, backoff_uniform(backoff, backoff->rules->base));

		wait.hinted = least > wait.delay;
		wait.delay = wait.hinted ? least : wait.delay;
		if (hint->delay > rules->max_hint) {
			wait.verdict = VERDICT_STOP;
			wait.reason = REASON_HINT_TOO_LONG;
			return wait;
		}
	}
	if (rules->deadline != NS_NEVER && ns_add(now, wait.delay) >= rules->deadline) {
		wait.verdict = VERDICT_STOP;
		wait.reason = REASON_DEADLINE;
	}
	return wait;
}
