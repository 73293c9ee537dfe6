/* outcome, policy: what succeeds, what is tried again, how long the wait is. */
#include "tests/check.h"

#include <errno.h>
#include <signal.h>

#include "common/clock.h"
#include "policy.h"

#define CODE(n) ((struct outcome){.status = (n)})
#define DEATH(n) ((struct outcome){.status = 128 + (n), .signal = (n)})
#define TIMEOUT ((struct outcome){.status = 124, .timed_out = true})

static struct outcome_set set_of(const char *list)
{
	struct outcome_set set = {0};

	assert_int_equal(outcome_set_parse(&set, list), 0);
	return set;
}

static void lists_mean_what_they_say(void **state)
{
	const struct {
		const char *list;
		struct outcome outcome;
		bool in;
	} rows[] = {
		{"7", CODE(7), true},
		{"7", CODE(8), false},
		{"7-9", CODE(9), true},
		{"7-9", CODE(10), false},
		{"0-255", CODE(255), true},
		{"any", CODE(0), true},
		{"any", TIMEOUT, true},
		{"any", DEATH(SIGKILL), true},
		{"any,!125-127", CODE(124), true},
		{"any,!125-127", CODE(125), false},
		{"any,!125-127", CODE(127), false},
		{"any,!125-127", CODE(128), true},
		{"any,!3,3", CODE(3), true},
		{"3,!3", CODE(3), false},
		{"timeout", TIMEOUT, true},
		{"timeout", CODE(124), false},
		{"124", TIMEOUT, true},
		{"124", CODE(124), true},
		{"any,!timeout", TIMEOUT, false},
		{"any,!timeout", CODE(124), true},
		{"signal", DEATH(SIGSEGV), true},
		{"signal", CODE(139), false},
		{"SEGV", DEATH(SIGSEGV), true},
		{"SIGSEGV", DEATH(SIGSEGV), true},
		{"SEGV", DEATH(SIGTERM), false},
		{"137", DEATH(SIGKILL), true},
		{"137", CODE(137), true},
		{"signal,!KILL", DEATH(SIGKILL), false},
		{"1,timeout,signal", CODE(1), true},
		{"none", CODE(0), false},
		{"none", TIMEOUT, false},
		{"any,none", DEATH(SIGKILL), false},
		{"none,3", CODE(3), true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct outcome_set set = set_of(rows[i].list);

		if (outcome_in(&set, rows[i].outcome) != rows[i].in)
			fail_msg("'%s' and %d", rows[i].list, rows[i].outcome.status);
	}
}

static void a_list_that_begins_with_an_exception_changes_the_default(void **state)
{
	struct outcome_set set = set_of("any,!125-127");

	(void)state;
	assert_int_equal(outcome_set_parse(&set, "!3"), 0);
	assert_false(outcome_in(&set, CODE(3)));
	assert_false(outcome_in(&set, CODE(126)));
	assert_true(outcome_in(&set, CODE(4)));
}

static void malformed_lists_are_refused_and_change_nothing(void **state)
{
	static const char *const lists[] = {"",
					    ",",
					    "1,",
					    ",1",
					    "256",
					    "-1",
					    "9-7",
					    "1-",
					    "1-2-3",
					    "1x",
					    "x",
					    "!",
					    "!!1",
					    "1 ",
					    "SIGNONE",
					    "7-any",
					    "99999999999999999999",
					    "any!3",
					    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct outcome_set set = set_of("7");

		if (outcome_set_parse(&set, lists[i]) != -EINVAL)
			fail_msg("'%s' was accepted", lists[i]);
		assert_true(outcome_in(&set, CODE(7)));
		assert_false(outcome_in(&set, CODE(1)));
	}
}

static struct policy_rules defaults(void)
{
	return (struct policy_rules){
		.success_on = set_of("0"),
		.retry_on = set_of("any,!125-127"),
		.attempts = 5,
		.max_hint = 300 * NS_PER_S,
		.deadline = NS_NEVER,
	};
}

static void assert_judged(struct facts facts, enum verdict verdict, enum reason reason,
			  bool transient)
{
	const struct policy_rules rules = defaults();
	struct judgement judgement = policy_judge(&rules, &facts);

	if (judgement.verdict != verdict || judgement.reason != reason ||
	    judgement.transient != transient)
		fail_msg("status %d: %d %s %d", facts.outcome.status, judgement.verdict,
			 reason_name(judgement.reason), judgement.transient);
}

#define FACTS(...) ((struct facts){.attempt = 1, __VA_ARGS__})

static void each_rule_of_the_decision_has_its_place(void **state)
{
	(void)state;
	assert_judged(FACTS(.outcome = CODE(0)), VERDICT_SUCCESS, REASON_SUCCESS, false);
	assert_judged(FACTS(.outcome = CODE(0), .stop_asked = true), VERDICT_SUCCESS,
		      REASON_SUCCESS, false);
	assert_judged(FACTS(.outcome = CODE(0), .unmatched_until = true), VERDICT_RETRY,
		      REASON_FAILURE, true);
	assert_judged(FACTS(.outcome = CODE(1)), VERDICT_RETRY, REASON_FAILURE, true);
	assert_judged(FACTS(.outcome = TIMEOUT), VERDICT_RETRY, REASON_FAILURE, true);
	assert_judged(FACTS(.outcome = DEATH(SIGKILL)), VERDICT_RETRY, REASON_FAILURE, true);
	assert_judged(FACTS(.outcome = CODE(1), .stop_asked = true), VERDICT_STOP, REASON_SIGNAL,
		      false);
	assert_judged(FACTS(.outcome = CODE(127)), VERDICT_STOP, REASON_STATUS, false);
	assert_judged(FACTS(.outcome = CODE(1), .hint.kind = HINT_STOP), VERDICT_STOP, REASON_HINT,
		      false);
	assert_judged(FACTS(.outcome = CODE(0), .hint.kind = HINT_STOP), VERDICT_SUCCESS,
		      REASON_SUCCESS, false);
	assert_judged(FACTS(.outcome = CODE(1), .unmatched_retry = true), VERDICT_STOP,
		      REASON_NO_MATCH, false);
	assert_judged((struct facts){.outcome = CODE(1), .attempt = 4}, VERDICT_RETRY,
		      REASON_FAILURE, true);
	assert_judged((struct facts){.outcome = CODE(1), .attempt = 5}, VERDICT_STOP,
		      REASON_ATTEMPTS, true);
}

static void an_http_status_decides_what_the_exit_status_cannot_tell(void **state)
{
	static const int never[] = {400, 401, 403, 404, 409, 410, 422, 451},
			 later[] = {408, 425, 429, 500, 502, 503, 504};

	(void)state;
	for (size_t i = 0; i < 8; i++)
		assert_judged(FACTS(.outcome = CODE(22), .hint.http_status = never[i]),
			      VERDICT_STOP, REASON_HINT, false);
	/* Also when the status alone would not be tried again. */
	for (size_t i = 0; i < 7; i++)
		assert_judged(FACTS(.outcome = CODE(126), .hint.http_status = later[i]),
			      VERDICT_RETRY, REASON_FAILURE, true);
	assert_judged(FACTS(.outcome = CODE(126), .hint.http_status = 302), VERDICT_STOP,
		      REASON_STATUS, false);
}

static struct wait wait_for(int64_t hint_ns, int64_t deadline, int64_t now)
{
	static const struct backoff_rules delays = {
		.base = NS_PER_S, .factor = FACTOR_ONE, .cap = NS_PER_S, .jitter = JITTER_NONE};
	struct policy_rules rules = defaults();
	const struct hint hint = {.kind = hint_ns >= 0 ? HINT_DELAY : HINT_NONE, .delay = hint_ns};
	struct backoff backoff;

	rules.deadline = deadline;
	backoff_start(&backoff, &delays, 1);
	return policy_wait(&rules, &backoff, &hint, now);
}

static void the_wait_is_the_backoff_or_the_longer_hint_and_a_little(void **state)
{
	struct wait wait = wait_for(-1, NS_NEVER, 0);

	(void)state;
	assert_int_equal(wait.delay, NS_PER_S);
	assert_false(wait.hinted);
	wait = wait_for(0, NS_NEVER, 0);
	assert_int_equal(wait.delay, NS_PER_S);
	assert_false(wait.hinted);
	wait = wait_for(10 * NS_PER_S, NS_NEVER, 0);
	assert_true(wait.hinted);
	assert_in_range(wait.delay, 10 * NS_PER_S, 11 * NS_PER_S);
	assert_int_equal(wait.verdict, VERDICT_RETRY);
}

static void a_hint_beyond_its_limit_ends_the_run(void **state)
{
	(void)state;
	assert_int_equal(wait_for(300 * NS_PER_S, NS_NEVER, 0).verdict, VERDICT_RETRY);
	assert_int_equal(wait_for(300 * NS_PER_S + 1, NS_NEVER, 0).reason, REASON_HINT_TOO_LONG);
	assert_int_equal(wait_for(NS_NEVER, NS_NEVER, 0).reason, REASON_HINT_TOO_LONG);
}

static void a_wait_that_would_pass_the_deadline_is_not_begun(void **state)
{
	(void)state;
	assert_int_equal(wait_for(-1, 5 * NS_PER_S, 3 * NS_PER_S).verdict, VERDICT_RETRY);
	assert_int_equal(wait_for(-1, 5 * NS_PER_S, 4 * NS_PER_S).reason, REASON_DEADLINE);
	assert_int_equal(wait_for(4 * NS_PER_S, 5 * NS_PER_S, 3 * NS_PER_S).reason,
			 REASON_DEADLINE);
	assert_int_equal(wait_for(-1, 5 * NS_PER_S, INT64_MAX - 5).reason, REASON_DEADLINE);
}

static void nothing_is_in_none(void **state)
{
	struct outcome_set none = set_of("none"), some = set_of("none,timeout");

	(void)state;
	assert_true(outcome_set_is_empty(&none));
	assert_false(outcome_set_is_empty(&some));
	assert_int_equal(outcome_set_parse(&some, "!none"), -EINVAL);
	assert_false(outcome_set_is_empty(&some));
}

static void an_attempt_that_lasted_is_never_the_last_one(void **state)
{
	const struct policy_rules rules = {
		.success_on = set_of("none"), .retry_on = set_of("any"), .attempts = 3};
	struct facts facts = {.outcome = CODE(0), .attempt = 3};
	struct judgement judgement = policy_judge(&rules, &facts);

	(void)state;
	assert_int_equal(judgement.verdict, VERDICT_STOP);
	assert_int_equal(judgement.reason, REASON_ATTEMPTS);
	assert_false(judgement.healthy);
	facts.lasted = true;
	judgement = policy_judge(&rules, &facts);
	assert_int_equal(judgement.verdict, VERDICT_RETRY);
	assert_true(judgement.healthy);
	facts.stop_asked = true;
	judgement = policy_judge(&rules, &facts);
	assert_int_equal(judgement.reason, REASON_SIGNAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_mean_what_they_say),
		cmocka_unit_test(a_list_that_begins_with_an_exception_changes_the_default),
		cmocka_unit_test(malformed_lists_are_refused_and_change_nothing),
		cmocka_unit_test(each_rule_of_the_decision_has_its_place),
		cmocka_unit_test(an_http_status_decides_what_the_exit_status_cannot_tell),
		cmocka_unit_test(the_wait_is_the_backoff_or_the_longer_hint_and_a_little),
		cmocka_unit_test(a_hint_beyond_its_limit_ends_the_run),
		cmocka_unit_test(a_wait_that_would_pass_the_deadline_is_not_begun),
		cmocka_unit_test(nothing_is_in_none),
		cmocka_unit_test(an_attempt_that_lasted_is_never_the_last_one),
	};
	return cmocka_run_group_tests_name("pk-retry/policy", tests, NULL, NULL);
}
