/* The circuit breaker between the attempts. */
#include "circuit.h"

#include "common/clock.h"
#include "common/say.h"

static void say_refused(const struct breaker *breaker, int64_t wait_ms)
{
	char text[NS_TEXT_MAX];

	ns_format(text, wait_ms > INT64_MAX / NS_PER_MS ? NS_NEVER : wait_ms * NS_PER_MS);
	if (wait_ms > 0)
		say("the circuit '%s' is open for %s: not run", breaker->path, text);
	else
		say("the circuit '%s' is open and being probed: not run", breaker->path);
}

bool circuit_admits(struct breaker *breaker, struct guard *guard, const struct notice *notice)
{
	int64_t wait_ms = 0;
	enum admission admission = breaker_ask(breaker, guard, &wait_ms);

	notice_breaker_trouble(notice, breaker);
	switch (admission) {
	case ADMIT_FREELY:
		return true;
	case ADMIT_PROBE:
		notice_breaker(notice, "open", "half_open", breaker, 0, true);
		return true;
	case ADMIT_NOBODY:
		break;
	}
	notice_breaker(notice, "open", "open", breaker, wait_ms, false);
	if (!notice->plan->quiet)
		say_refused(breaker, wait_ms);
	return false;
}

static enum result result_of(const struct judgement *judgement)
{
	if (judgement->verdict == VERDICT_SUCCESS || judgement->healthy)
		return RESULT_SUCCESS;
	return judgement->transient ? RESULT_FAILURE : RESULT_NEITHER;
}

void circuit_tell(struct breaker *breaker, struct guard *guard, const struct notice *notice,
		  struct judgement *judgement)
{
	const bool probe = breaker->probing;

	if (breaker_tell(breaker, guard, result_of(judgement)))
		notice_breaker(notice, probe ? "half_open" : "closed",
			       breaker->is_open ? "open" : "closed", breaker,
			       breaker->is_open ? breaker->rules.cooldown_ms : 0, probe);
	notice_breaker_trouble(notice, breaker);
	if (judgement->verdict == VERDICT_RETRY && breaker->is_open) {
		judgement->verdict = VERDICT_STOP;
		judgement->reason = REASON_BREAKER;
	}
}
