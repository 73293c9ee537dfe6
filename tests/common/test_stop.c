/* The phases of an ending, with time as an argument. */
#include <signal.h>

#include "common/base.h"
#include "common/clock.h"
#include "common/stop.h"
#include "tests/check.h"

#define MS NS_PER_MS

static struct stop_policy standard(void)
{
	return (struct stop_policy){
		.timeout = 1000 * MS, .deadline = NS_NEVER, .grace = 5000 * MS, .signal = SIGTERM};
}

static void a_timeout_asks_then_kills_then_gives_up(void **state)
{
	struct stop_policy policy = standard();
	struct stop stop;

	(void)state;
	stop_start(&stop, &policy, 0);
	assert_int_equal(stop_next(&stop), 1000 * MS);
	assert_int_equal(stop_due(&stop, 1000 * MS - 1), STOP_DO_NOTHING);
	assert_int_equal(stop_due(&stop, 1000 * MS), STOP_DO_ASK);
	assert_int_equal(stop.cause, STOP_TIMEOUT);
	assert_int_equal(stop.signal, SIGTERM);
	assert_int_equal(stop_due(&stop, 5999 * MS), STOP_DO_NOTHING);
	assert_int_equal(stop_due(&stop, 6000 * MS), STOP_DO_KILL);
	/* twice the grace period */
	assert_int_equal(stop_due(&stop, 15999 * MS), STOP_DO_NOTHING);
	assert_int_equal(stop_due(&stop, 16000 * MS), STOP_DO_GIVE_UP);
	assert_int_equal(stop_next(&stop), NS_NEVER);
}

static void a_short_grace_still_waits_two_seconds_for_the_unkillable(void **state)
{
	struct stop_policy policy = standard();
	struct stop stop;

	(void)state;
	policy.grace = 1 * MS;
	stop_start(&stop, &policy, 0);
	(void)stop_due(&stop, 1000 * MS);
	assert_int_equal(stop_due(&stop, 1001 * MS), STOP_DO_KILL);
	assert_int_equal(stop_next(&stop), 3001 * MS);
}

static void no_grace_or_sigkill_as_stop_signal_kills_at_once(void **state)
{
	struct stop_policy policy = standard();
	struct stop stop;

	(void)state;
	policy.grace = 0;
	stop_start(&stop, &policy, 0);
	assert_int_equal(stop_due(&stop, 1000 * MS), STOP_DO_KILL);
	policy = standard();
	policy.signal = SIGKILL;
	stop_start(&stop, &policy, 0);
	assert_int_equal(stop_due(&stop, 1000 * MS), STOP_DO_KILL);
}

static void an_infinite_grace_has_no_sigkill(void **state)
{
	struct stop_policy policy = standard();
	struct stop stop;

	(void)state;
	policy.grace = NS_NEVER;
	stop_start(&stop, &policy, 0);
	assert_int_equal(stop_due(&stop, 1000 * MS), STOP_DO_ASK);
	assert_int_equal(stop_next(&stop), NS_NEVER);
	/* A second request still kills, and then nothing is given up. */
	assert_int_equal(stop_request(&stop, SIGTERM, 2000 * MS), STOP_DO_NOTHING);
	assert_int_equal(stop_request(&stop, SIGTERM, 2200 * MS), STOP_DO_KILL);
	assert_int_equal(stop_next(&stop), NS_NEVER);
}

static void the_nearer_limit_is_the_cause(void **state)
{
	struct stop_policy policy = standard();
	struct stop stop;

	(void)state;
	policy.deadline = 500 * MS;
	stop_start(&stop, &policy, 0);
	assert_int_equal(stop_due(&stop, 500 * MS), STOP_DO_ASK);
	assert_int_equal(stop.cause, STOP_DEADLINE);
	policy.timeout = 0;
	policy.deadline = NS_NEVER;
	stop_start(&stop, &policy, 0);
	assert_int_equal(stop_next(&stop), NS_NEVER);
}

static void requests_within_200_ms_are_one(void **state)
{
	struct stop_policy policy = standard();
	struct stop stop;

	(void)state;
	policy.timeout = 0;
	stop_start(&stop, &policy, 0);
	assert_int_equal(stop_request(&stop, SIGINT, 100 * MS), STOP_DO_ASK);
	assert_int_equal(stop.signal, SIGINT);
	assert_int_equal(stop.cause, STOP_SIGNAL);
	assert_int_equal(stop_next(&stop), 5100 * MS);
	assert_int_equal(stop_request(&stop, SIGTERM, 299 * MS), STOP_DO_NOTHING);
	assert_int_equal(stop_request(&stop, SIGHUP, 900 * MS), STOP_DO_NOTHING);
	assert_int_equal(stop_request(&stop, SIGTERM, 300 * MS), STOP_DO_KILL);
	assert_int_equal(stop_request(&stop, SIGTERM, 900 * MS), STOP_DO_NOTHING);
}

static void a_request_during_a_timeouts_grace_is_passed_on_once(void **state)
{
	struct stop_policy policy = standard();
	struct stop stop;

	(void)state;
	stop_start(&stop, &policy, 0);
	(void)stop_due(&stop, 1000 * MS);
	assert_int_equal(stop_request(&stop, SIGINT, 3000 * MS), STOP_DO_ASK);
	assert_int_equal(stop.cause, STOP_TIMEOUT);
	/* The clock that ran is not put back. */
	assert_int_equal(stop_next(&stop), 6000 * MS);
}

static void a_limit_passes_during_a_request_all_the_same(void **state)
{
	struct stop_policy policy = standard();
	struct stop stop;

	(void)state;
	policy.grace = NS_NEVER;
	stop_start(&stop, &policy, 0);
	assert_int_equal(stop_request(&stop, SIGHUP, 300 * MS), STOP_DO_ASK);
	assert_int_equal(stop_due(&stop, 1000 * MS), STOP_DO_ASK);
	assert_int_equal(stop.signal, SIGTERM);
	assert_int_equal(stop.cause, STOP_TIMEOUT);
	/* As PID 1: the limit starts the clock that the request had not. */
	policy = standard();
	policy.patient = true;
	stop_start(&stop, &policy, 0);
	assert_int_equal(stop_request(&stop, SIGTERM, 300 * MS), STOP_DO_ASK);
	assert_int_equal(stop_due(&stop, 1000 * MS), STOP_DO_NOTHING);
	assert_int_equal(stop.cause, STOP_TIMEOUT);
	assert_int_equal(stop_due(&stop, 6000 * MS), STOP_DO_KILL);
}

static void pid_1_leaves_the_clock_to_the_orchestrator(void **state)
{
	struct stop_policy policy = standard();
	struct stop stop;

	(void)state;
	policy.patient = true;
	policy.timeout = 0;
	stop_start(&stop, &policy, 0);
	assert_int_equal(stop_request(&stop, SIGTERM, 0), STOP_DO_ASK);
	assert_int_equal(stop_next(&stop), NS_NEVER);
	stop_start(&stop, &policy, 0);
	assert_int_equal(stop_request(&stop, SIGINT, 0), STOP_DO_ASK);
	assert_int_equal(stop_next(&stop), 5000 * MS);
}

static void leftovers_follow_the_policy(void **state)
{
	struct stop_policy policy = standard();
	struct stop stop;

	(void)state;
	for (int orphans = ORPHANS_STOP; orphans <= ORPHANS_LEAVE; orphans++) {
		policy.orphans = (enum orphans)orphans;
		stop_start(&stop, &policy, 0);
		assert_int_equal(stop_leftovers(&stop, 10 * MS),
				 orphans == ORPHANS_STOP ? STOP_DO_ASK : STOP_DO_NOTHING);
		assert_int_equal(stop.cause, STOP_NONE);
	}
	/* Those that wait are still limited. */
	policy.orphans = ORPHANS_WAIT;
	stop_start(&stop, &policy, 0);
	(void)stop_leftovers(&stop, 10 * MS);
	assert_int_equal(stop_due(&stop, 1000 * MS), STOP_DO_ASK);
	assert_int_equal(stop.cause, STOP_TIMEOUT);
}

static void an_inherited_deadline_clamps_the_limit_and_the_grace(void **state)
{
	const struct deadline near = {.at = 600 * MS, .kill_at = 900 * MS, .from = "outer"};
	struct stop_policy policy = standard();
	struct stop stop;

	(void)state;
	stop_inherit(&policy, &near);
	stop_start(&stop, &policy, 0);
	assert_int_equal(stop_due(&stop, 600 * MS), STOP_DO_ASK);
	assert_int_equal(stop.cause, STOP_INHERITED);
	assert_string_equal(policy.from, "outer");
	assert_int_equal(stop_next(&stop), 900 * MS);
	assert_int_equal(stop_due(&stop, 900 * MS), STOP_DO_KILL);
}

static void a_nearer_limit_of_our_own_keeps_its_name_but_not_all_its_grace(void **state)
{
	const struct deadline far = {.at = 1600 * MS, .kill_at = 1900 * MS};
	struct stop_policy policy = standard();
	struct stop stop;

	(void)state;
	stop_inherit(&policy, &far);
	stop_start(&stop, &policy, 0);
	assert_int_equal(stop_due(&stop, 1000 * MS), STOP_DO_ASK);
	assert_int_equal(stop.cause, STOP_TIMEOUT);
	assert_int_equal(stop_next(&stop), 1900 * MS);
	policy = standard();
	policy.deadline = 500 * MS;
	stop_inherit(&policy, &far);
	stop_start(&stop, &policy, 0);
	(void)stop_due(&stop, 500 * MS);
	assert_int_equal(stop.cause, STOP_DEADLINE);
	assert_null(policy.from);
}

static void nothing_inherited_changes_nothing(void **state)
{
	const struct deadline none = DEADLINE_NONE;
	struct stop_policy policy = standard();
	struct stop stop;

	(void)state;
	stop_inherit(&policy, &none);
	stop_start(&stop, &policy, 0);
	(void)stop_due(&stop, 1000 * MS);
	assert_int_equal(stop_next(&stop), 6000 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_timeout_asks_then_kills_then_gives_up),
		cmocka_unit_test(a_short_grace_still_waits_two_seconds_for_the_unkillable),
		cmocka_unit_test(no_grace_or_sigkill_as_stop_signal_kills_at_once),
		cmocka_unit_test(an_infinite_grace_has_no_sigkill),
		cmocka_unit_test(the_nearer_limit_is_the_cause),
		cmocka_unit_test(requests_within_200_ms_are_one),
		cmocka_unit_test(a_request_during_a_timeouts_grace_is_passed_on_once),
		cmocka_unit_test(a_limit_passes_during_a_request_all_the_same),
		cmocka_unit_test(pid_1_leaves_the_clock_to_the_orchestrator),
		cmocka_unit_test(leftovers_follow_the_policy),
		cmocka_unit_test(an_inherited_deadline_clamps_the_limit_and_the_grace),
		cmocka_unit_test(a_nearer_limit_of_our_own_keeps_its_name_but_not_all_its_grace),
		cmocka_unit_test(nothing_inherited_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
