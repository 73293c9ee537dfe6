/* From changes to the moment of a run. */
#include "tests/check.h"

#include "common/clock.h"
#include "debounce.h"

#define MS NS_PER_MS

static struct debounce make(int64_t quiet, int64_t max_wait)
{
	struct debounce debounce = {.quiet = quiet, .max_wait = max_wait};

	debounce_clear(&debounce);
	return debounce;
}

static void nothing_is_due_without_a_change(void **state)
{
	struct debounce d = make(50 * MS, NS_PER_S);

	(void)state;
	assert_true(debounce_due(&d, false) == NS_NEVER);
	assert_true(debounce_due(&d, true) == NS_NEVER);
}

static void quiet_is_counted_from_the_last_change(void **state)
{
	struct debounce d = make(50 * MS, NS_PER_S);

	(void)state;
	debounce_note(&d, 1000 * MS);
	assert_true(debounce_due(&d, false) == 1050 * MS);
	debounce_note(&d, 1040 * MS);
	assert_true(debounce_due(&d, false) == 1090 * MS);
}

static void max_wait_is_counted_from_the_first_change(void **state)
{
	struct debounce d = make(50 * MS, 200 * MS);

	(void)state;
	for (int64_t at = 0; at <= 190; at += 10)
		debounce_note(&d, at * MS);
	assert_true(debounce_due(&d, false) == 200 * MS);
}

static void a_writer_holds_the_batch_until_max_wait(void **state)
{
	struct debounce d = make(50 * MS, 200 * MS);

	(void)state;
	debounce_note(&d, 0);
	assert_true(debounce_due(&d, true) == 200 * MS);
	assert_true(debounce_due(&d, false) == 50 * MS);
}

static void without_debounce_the_first_change_is_due(void **state)
{
	struct debounce d = make(0, NS_PER_S);

	(void)state;
	debounce_note(&d, 7);
	assert_true(debounce_due(&d, false) == 7);
}

static void infinite_times_do_not_overflow(void **state)
{
	struct debounce d = make(NS_NEVER, NS_NEVER);

	(void)state;
	debounce_note(&d, 7);
	assert_true(debounce_due(&d, false) == NS_NEVER);
}

static void a_cleared_batch_starts_anew(void **state)
{
	struct debounce d = make(50 * MS, 200 * MS);

	(void)state;
	debounce_note(&d, 0);
	debounce_clear(&d);
	debounce_note(&d, 1000 * MS);
	assert_true(debounce_due(&d, true) == 1200 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_due_without_a_change),
		cmocka_unit_test(quiet_is_counted_from_the_last_change),
		cmocka_unit_test(max_wait_is_counted_from_the_first_change),
		cmocka_unit_test(a_writer_holds_the_batch_until_max_wait),
		cmocka_unit_test(without_debounce_the_first_change_is_due),
		cmocka_unit_test(infinite_times_do_not_overflow),
		cmocka_unit_test(a_cleared_batch_starts_anew),
	};

	return cmocka_run_group_tests_name("debounce", tests, NULL, NULL);
}
