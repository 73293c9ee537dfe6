/* Ticks on a fixed grid, and the loop guard. */
#include "tests/check.h"

#include "common/clock.h"
#include "feedback.h"
#include "schedule.h"

#define S NS_PER_S

static void ticks_stand_on_the_grid_however_late_they_are_taken(void **state)
{
	struct schedule s = {.period = 10 * S};

	(void)state;
	schedule_begin(&s, 3 * S, 3 * S);
	for (int64_t n = 1; n <= 100; n++) {
		int64_t at = schedule_next(&s, 0);

		assert_true(at == (3 + 10 * n) * S);
		assert_true(schedule_tick(&s, at + n * S / 50) == 0);
	}
}

static void jitter_is_drawn_anew_and_never_adds_up(void **state)
{
	struct schedule s = {.period = 10 * S, .jitter = 4 * S};

	(void)state;
	schedule_begin(&s, 0, 0);
	for (int64_t n = 1; n <= 100; n++) {
		int64_t at = schedule_next(&s, (uint64_t)n * UINT64_C(0x9e3779b97f4a7c15));

		assert_in_range(at, 10 * n * S, 10 * n * S + 4 * S - 1);
		assert_true(schedule_tick(&s, at) == 0);
	}
}

static void a_suspend_gives_one_tick_that_counts_the_missed(void **state)
{
	struct schedule s = {.period = 10 * S};

	(void)state;
	schedule_begin(&s, 0, 0);
	assert_true(schedule_tick(&s, 10 * S) == 0);
	assert_true(schedule_tick(&s, 67 * S) == 4);
	assert_true(schedule_next(&s, 0) == 70 * S);
}

static void an_aligned_grid_begins_in_the_past(void **state)
{
	struct schedule s = {.period = 60 * S};

	(void)state;
	schedule_begin(&s, 0, 1000 * S);
	assert_true(schedule_next(&s, 0) == 1020 * S);
}

static void a_clock_set_back_does_not_repeat_ticks(void **state)
{
	struct schedule s = {.period = 10 * S};

	(void)state;
	schedule_begin(&s, 0, 100 * S);
	assert_true(schedule_tick(&s, 50 * S) == 0);
	assert_true(schedule_next(&s, 0) == 120 * S);
}

static void a_far_tick_does_not_overflow(void **state)
{
	struct schedule s = {.period = NS_NEVER - 1, .jitter = 5};

	(void)state;
	schedule_begin(&s, 5, 5);
	s.last = 3;
	assert_true(schedule_next(&s, 1) == NS_NEVER);
}

static void five_runs_that_repeat_themselves_are_a_loop(void **state)
{
	struct feedback f = {0};

	(void)state;
	for (int i = 1; i < FEEDBACK_RUNS; i++) {
		assert_false(feedback_note(&f, 42, true));
		assert_true(f.delay == 0);
	}
	assert_true(feedback_note(&f, 42, true));
	assert_true(f.delay == FEEDBACK_FIRST);
	assert_false(feedback_note(&f, 42, true));
	assert_true(f.delay == 2 * FEEDBACK_FIRST);
	for (int i = 0; i < 20; i++)
		assert_false(feedback_note(&f, 42, true));
	assert_true(f.delay == FEEDBACK_MOST);
}

static void a_batch_from_outside_ends_the_loop(void **state)
{
	struct feedback f = {0};

	(void)state;
	for (int i = 0; i < FEEDBACK_RUNS; i++)
		(void)feedback_note(&f, 42, true);
	assert_false(feedback_note(&f, 42, false));
	assert_true(f.delay == 0);
	assert_false(feedback_note(&f, 42, true));
	assert_true(f.delay == 0);
}

static void other_paths_are_no_loop(void **state)
{
	struct feedback f = {0};

	(void)state;
	for (uint64_t i = 0; i < 50; i++)
		assert_false(feedback_note(&f, i, true));
	assert_true(f.delay == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ticks_stand_on_the_grid_however_late_they_are_taken),
		cmocka_unit_test(jitter_is_drawn_anew_and_never_adds_up),
		cmocka_unit_test(a_suspend_gives_one_tick_that_counts_the_missed),
		cmocka_unit_test(an_aligned_grid_begins_in_the_past),
		cmocka_unit_test(a_clock_set_back_does_not_repeat_ticks),
		cmocka_unit_test(a_far_tick_does_not_overflow),
		cmocka_unit_test(five_runs_that_repeat_themselves_are_a_loop),
		cmocka_unit_test(a_batch_from_outside_ends_the_loop),
		cmocka_unit_test(other_paths_are_no_loop),
	};

	return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
