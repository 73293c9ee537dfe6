/* The pure judgements: trend, diff, checks. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "check.h"
#include "diff.h"
#include "members.h"
#include "tests/check.h"
#include "trend.h"

/* A small generator, so that every run sees the same rows (Knuth's MMIX constants). */
static uint64_t seed = 1;

static int64_t noise(int64_t most)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (int64_t)((seed >> 33) % (uint64_t)(most + 1));
}

enum shape { FLAT, SAWTOOTH, WARM_UP, STEP, BURST, LEAK, SAW_LEAK };

static int64_t value_at(enum shape shape, int64_t i, int64_t n, int64_t phase)
{
	const int64_t base = 100 + noise(2);

	switch (shape) {
	case FLAT:
		return base;
	case SAWTOOTH:
		return base + (i + phase) % 7 * 3;
	case WARM_UP:
		return base + (i < n / 4 ? i * 4 : n);
	case STEP:
		return base + (i > phase * n / 8 ? 40 : 0);
	case BURST:
		return base + (i >= phase * n / 10 && i < phase * n / 10 + 3 ? 60 : 0);
	case LEAK:
		return base + i * 2;
	case SAW_LEAK:
		return base + i * 2 + (i + phase) % 5 * 2;
	}
	return base;
}

static int flagged(enum shape shape, int64_t n)
{
	int count = 0;

	for (int run = 0; run < 400; run++) {
		int64_t values[60], phase = noise(7);

		for (int64_t i = 0; i < n; i++)
			values[i] = value_at(shape, i, n, phase);
		count += trend_judge(values, (size_t)n, 5) == VERDICT_LEAK;
	}
	return count;
}

static void innocent_rows_are_not_flagged(void **state)
{
	(void)state;
	for (int shape = FLAT; shape <= BURST; shape++)
		for (int64_t n = 30; n <= 60; n += 30)
			assert_in_range(flagged((enum shape)shape, n), 0, 8);
}

static void leaks_are_flagged(void **state)
{
	(void)state;
	assert_in_range(flagged(LEAK, 30), 380, 400);
	assert_in_range(flagged(LEAK, 60), 380, 400);
	assert_in_range(flagged(SAW_LEAK, 60), 380, 400);
}

static void fewer_than_15_samples_tell_nothing(void **state)
{
	int64_t values[15];

	(void)state;
	for (int i = 0; i < 15; i++)
		values[i] = 10 * i;
	assert_int_equal(trend_judge(values, 14, 5), VERDICT_UNKNOWN);
	assert_int_equal(trend_judge(values, 15, 5), VERDICT_LEAK);
	assert_int_equal(trend_judge(values, 15, 1000), VERDICT_STEADY);
	assert_int_equal(trend_judge(NULL, 0, 5), VERDICT_UNKNOWN);
}

static void a_spark_is_one_block_a_sample(void **state)
{
	const int64_t values[] = {9, 0, 7, 14};
	char text[64];

	(void)state;
	trend_draw(values, 4, 3, text);
	assert_string_equal(text, "▁▄█");
	trend_draw(values, 0, 3, text);
	assert_string_equal(text, "");
}

/* --- members, diff ---------------------------------------------------------------------------------- */

static void members_are_read_back(void **state)
{
	static const char line[] =
		"{\"a\":\"x\\\"\\u00e9\\n\",\"n\":-5,\"o\":{\"p\":[1,\"}\"]},\"z\":true}";
	struct members members;
	struct member member;
	char text[sizeof(line)];

	(void)state;
	assert_int_equal(members_begin(&members, line, sizeof(line) - 1), 0);
	assert_int_equal(members_next(&members, &member, text, sizeof(text)), 1);
	assert_true(member_is(&member, "a") && member_says(&member, "x\"é\n"));
	assert_int_equal(members_next(&members, &member, text, sizeof(text)), 1);
	assert_true(member_is(&member, "n") && !member.is_text && member.len == 2);
	assert_int_equal(members_next(&members, &member, text, sizeof(text)), 1);
	assert_true(member_is(&member, "o"));
	assert_int_equal(members_next(&members, &member, text, sizeof(text)), 1);
	assert_true(member_is(&member, "z"));
	assert_int_equal(members_next(&members, &member, text, sizeof(text)), 0);
}

static void what_is_no_record_is_refused(void **state)
{
	static const char *const lines[] = {"",	   "x",		"{",	      "{\"a\"",
					    "[1]", "{\"a\":}",	"{\"type\":", "{\"a\":\"\\u12\"}",
					    "{}",  "{\"a\":1}", "{\"a\":\"x"};
	struct diff diff;

	(void)state;
	diff_init(&diff, ~0U);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(diff_add(&diff, DIFF_OLD, lines[i], strlen(lines[i])), -EINVAL);
	diff_drop(&diff);
}

static void add(struct diff *diff, enum diff_side side, const char *facts)
{
	char line[512];

	(void)snprintf(line, sizeof(line), "{\"type\":\"handle\",\"pid\":1,\"start\":2,%s}", facts);
	assert_int_equal(diff_add(diff, side, line, strlen(line)), 0);
}

static void show(void *arg, const struct diff_group *group)
{
	char *text = arg;

	(void)sprintf(text + strlen(text), "%s %s %d>%d;", group->kind, group->target,
		      (int)group->old_count, (int)group->new_count);
}

static void handles_are_compared_by_group(void **state)
{
	struct diff diff;
	char text[1024] = "";

	(void)state;
	diff_init(&diff, ~0U);
	add(&diff, DIFF_OLD, "\"kind\":\"file\",\"name\":\"/tmp/job-17.log\"");
	add(&diff, DIFF_NEW, "\"kind\":\"file\",\"name\":\"/tmp/job-18.log\"");
	add(&diff, DIFF_NEW, "\"kind\":\"file\",\"name\":\"/tmp/job-19.log\"");
	for (int i = 0; i < 3; i++)
		add(&diff, DIFF_NEW,
		    "\"kind\":\"tcp\",\"name\":\"socket:[1]\",\"local\":\"127.0.0.1:80\","
		    "\"remote\":\"127.0.0.1:45678\",\"state\":\"CLOSE_WAIT\"");
	add(&diff, DIFF_OLD, "\"kind\":\"pipe\",\"name\":\"pipe:[5]\"");
	add(&diff, DIFF_OLD, "\"kind\":\"dir\",\"name\":\"/\"");
	add(&diff, DIFF_NEW, "\"kind\":\"dir\",\"name\":\"/\"");
	assert_int_equal(diff_compare(&diff, show, text), 0);
	assert_string_equal(text, "tcp 127.0.0.1:80 -> 127.0.0.1:* CLOSE_WAIT 0>3;"
				  "file /tmp/job-N.log 1>2;pipe pipe:[N] 1>0;");
	diff_drop(&diff);
}

/* --- checks ----------------------------------------------------------------------------------------- */

static void checks_read_the_process(void **state)
{
	const struct process process = {.fds = 90,
					.soft = 100,
					.rss_kb = 2,
					.children = 4,
					.stat.threads = 3,
					.caught = UINT64_C(1) << (SIGTERM - 1)};
	const struct checks checks = {.handlers = UINT64_C(1) << (SIGTERM - 1) |
						  UINT64_C(1) << (SIGINT - 1)};
	struct table table = {0};

	(void)state;
	assert_int_equal(check_value(CHECK_FDS, &process, &table), 90);
	assert_int_equal(check_value(CHECK_PERCENT, &process, &table), 90);
	assert_int_equal(check_value(CHECK_THREADS, &process, &table), 3);
	assert_int_equal(check_value(CHECK_CHILDREN, &process, &table), 4);
	assert_int_equal(check_value(CHECK_RSS, &process, &table), 2048);
	assert_int_equal(check_value(CHECK_CLOSE_WAIT, &process, &table), 0);
	table.unreadable = true;
	assert_int_equal(check_value(CHECK_CLOSE_WAIT, &process, &table), -1);
	assert_int_equal(check_handler(&checks, &process, 0), SIGINT);
	assert_int_equal(check_handler(&checks, &process, SIGINT), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(innocent_rows_are_not_flagged),
		cmocka_unit_test(leaks_are_flagged),
		cmocka_unit_test(fewer_than_15_samples_tell_nothing),
		cmocka_unit_test(a_spark_is_one_block_a_sample),
		cmocka_unit_test(members_are_read_back),
		cmocka_unit_test(what_is_no_record_is_refused),
		cmocka_unit_test(handles_are_compared_by_group),
		cmocka_unit_test(checks_read_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
