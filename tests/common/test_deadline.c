/* The inherited deadline: its text, and what a tool may use of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base.h"
#include "common/clock.h"
#include "common/deadline.h"
#include "tests/check.h"

#define MS NS_PER_MS
#define S NS_PER_S
#define BOOT "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
#define OTHER "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f1"
#define RUN "2246a974f89c70ce"

static int parse(const char *text, int64_t *ret_end, char from[static 17])
{
	return deadline_parse(text, BOOT, 100 * S, ret_end, from);
}

static void what_is_written_is_read_again(void **state)
{
	static const int64_t ends[] = {100 * S + 1, 101 * S, 987654321 * S + 123456789};
	static const char *const runs[] = {"", RUN};

	(void)state;
	for (size_t i = 0; i < array_len(ends); i++)
		for (size_t k = 0; k < array_len(runs); k++) {
			char text[DEADLINE_MAX], from[17] = "?";
			int64_t end = -7;

			deadline_format(text, ends[i], BOOT, runs[k]);
			assert_memory_equal(text, "PK_DEADLINE=", 12);
			assert_int_equal(parse(text + 12, &end, from), 0);
			assert_int_equal(end, ends[i]);
			assert_string_equal(from, runs[k]);
		}
}

static void a_relative_one_begins_now(void **state)
{
	char from[17] = "?";
	int64_t end = -7;

	(void)state;
	assert_int_equal(parse("+25m", &end, from), 0);
	assert_int_equal(end, 100 * S + 1500 * S);
	assert_string_equal(from, "");
	assert_int_equal(parse("+0", &end, from), 0);
	assert_int_equal(end, NS_NEVER);
	assert_int_equal(parse("+inf", &end, from), 0);
	assert_int_equal(end, NS_NEVER);
}

static void mistakes_leave_everything_alone(void **state)
{
	static const struct {
		const char *text;
		int err;
	} cases[] = {
		{"25m", -EINVAL},
		{"+", -EINVAL},
		{"+-1", -EINVAL},
		{"+25x", -EINVAL},
		{"@" BOOT, -EINVAL},
		{"1e3@" BOOT, -EINVAL},
		{"200s@" BOOT, -EINVAL},
		{"inf@" BOOT, -EINVAL},
		{"-200@" BOOT, -EINVAL},
		{"200@", -EINVAL},
		{"200@" BOOT "/", -EINVAL},
		{"200@" BOOT "/" RUN "0", -EINVAL},
		{"200@" BOOT "/2246A974F89C70CE", -EINVAL},
		{"200@" BOOT RUN, -EINVAL},
		{"200@0f1e2d3c", -EINVAL},
		{"200000000000000000000000000000000@" BOOT, -EINVAL},
		{"200@" OTHER, -EXDEV},
		{"200@" OTHER "/" RUN, -EXDEV},
		{"100@" BOOT, -ETIME},
		{"99.9@" BOOT "/" RUN, -ETIME},
	};

	(void)state;
	for (size_t i = 0; i < array_len(cases); i++) {
		char from[17] = "?";
		int64_t end = -7;

		assert_int_equal(parse(cases[i].text, &end, from), cases[i].err);
		assert_int_equal(end, -7);
		assert_string_equal(from, "?");
	}
}

static void the_grace_period_and_a_margin_are_kept_back(void **state)
{
	struct deadline d = deadline_share(1000 * S, 1100 * S, 5 * S);

	(void)state;
	assert_int_equal(d.at, 1100 * S - 5 * S - 100 * MS);
	assert_int_equal(d.kill_at, 1100 * S - 100 * MS);
	assert_int_equal(d.begin_by, 1100 * S - 10 * S - 200 * MS);
	assert_int_equal(d.left, 100 * S - 5 * S - 100 * MS);
}

static void but_never_more_than_a_quarter(void **state)
{
	struct deadline d = deadline_share(1000 * S, 1002 * S, 5 * S);

	(void)state;
	assert_int_equal(d.at, 1000 * S + 1500 * MS);
	assert_int_equal(d.kill_at, 1000 * S + 1900 * MS);
	assert_int_equal(d.begin_by, 1001 * S);
	d = deadline_share(1000 * S, 1002 * S, NS_NEVER);
	assert_int_equal(d.at, 1000 * S + 1500 * MS);
	assert_int_equal(d.kill_at, NS_NEVER);
}

/* However many are nested, each ends before the one around it, and kills before that one asks. */
static void a_chain_ends_from_the_inside(void **state)
{
	static const int64_t graces[] = {0, 1 * MS, 1 * S, 5 * S};

	(void)state;
	for (size_t i = 0; i < array_len(graces); i++)
		for (int64_t left = 1 * MS; left < 1000 * S; left *= 7) {
			int64_t now = 50 * S, outer = now + left;

			for (int level = 0; level < 10; level++) {
				struct deadline d = deadline_share(now, outer, graces[i]);

				assert_true(now < d.at && d.at < d.kill_at + 1);
				assert_true(d.kill_at < outer);
				assert_true(now <= d.begin_by && d.begin_by < d.at);
				outer = d.at;
			}
		}
}

static void nothing_is_left_of_nothing(void **state)
{
	struct deadline d = deadline_share(1000 * S, NS_NEVER, 5 * S);

	(void)state;
	assert_int_equal(d.at, NS_NEVER);
	assert_int_equal(d.left, NS_NEVER);
	d = deadline_share(1000 * S, 999 * S, 5 * S);
	assert_int_equal(d.at, 1000 * S);
	assert_int_equal(d.left, 0);
}

static void the_environment_is_read_and_cleaned(void **state)
{
	struct deadline_export variable = {0};
	struct deadline d;
	int64_t at = now_ns() + 100 * S;

	(void)state;
	assert_int_equal(setenv("PK_DEADLINE", "", 1), 0);
	assert_int_equal(deadline_inherit(&d, 0), 0);
	assert_int_equal(d.at, NS_NEVER);
	assert_null(getenv("PK_DEADLINE"));
	assert_int_equal(deadline_inherit(&d, 0), 0);

	assert_int_equal(setenv("PK_DEADLINE", "5@" OTHER, 1), 0);
	assert_int_equal(deadline_inherit(&d, 0), -EXDEV);
	assert_int_equal(d.at, NS_NEVER);
	assert_null(getenv("PK_DEADLINE"));

	deadline_tell(&variable, NS_NEVER, "");
	assert_null(getenv("PK_DEADLINE"));
	deadline_tell(&variable, at, RUN);
	assert_non_null(getenv("PK_DEADLINE"));
	assert_int_equal(deadline_inherit(&d, 5 * S), 0);
	assert_string_equal(d.from, RUN);
	assert_true(d.kill_at > at - 200 * MS && d.kill_at < at);
	deadline_forget();
	assert_null(getenv("PK_DEADLINE"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(a_relative_one_begins_now),
		cmocka_unit_test(mistakes_leave_everything_alone),
		cmocka_unit_test(the_grace_period_and_a_margin_are_kept_back),
		cmocka_unit_test(but_never_more_than_a_quarter),
		cmocka_unit_test(a_chain_ends_from_the_inside),
		cmocka_unit_test(nothing_is_left_of_nothing),
		cmocka_unit_test(the_environment_is_read_and_cleaned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
