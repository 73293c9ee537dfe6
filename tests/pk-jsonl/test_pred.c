/* Paths, predicates, numbers, stamps, statistics and mending: the pure parts. */
#include "tests/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "groups.h"
#include "mend.h"
#include "number.h"
#include "pred.h"
#include "stamp.h"
#include "stats.h"

static int compare(const char *a, const char *b)
{
	int order = number_compare(a, strlen(a), b, strlen(b));

	return (order > 0) - (order < 0);
}

static void numbers_are_compared_as_decimals(void **state)
{
	static const struct {
		const char *a, *b;
		int order;
	} rows[] = {
		{"1e2", "100", 0},
		{"100.0", "1e2", 0},
		{"0", "-0.000e99", 0},
		{"9007199254740993", "9007199254740992", 1},
		{"0.1", "0.10000000000000000000000001", -1},
		{"-1", "1", -1},
		{"-2", "-1", -1},
		{"1e-7", "0.0000001", 0},
		{"12.5", "1.25E+1", 0},
		{"1e999999999999999999999", "1e5", 1},
		{"-1e999999999999999999999", "0", -1},
		{"1e-999999999999999999999", "0", 1},
		{"99", "100", -1},
		{"0.5", "0.49", 1},
		{"1000", "999.999", 1},
		{"0.001e3", "1", 0},
		{"123456789.125", "1234567891.25e-1", 0},
	};

	(void)state;
	for (size_t i = 0; i < array_len(rows); i++) {
		if (compare(rows[i].a, rows[i].b) != rows[i].order ||
		    compare(rows[i].b, rows[i].a) != -rows[i].order)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
	}
}

static void paths_are_read(void **state)
{
	static const struct {
		const char *text;
		size_t count;
		const char *last;
	} rows[] = {
		{"a", 1, "a"},	     {".a", 1, "a"},	      {"a.b.0.c", 4, "c"},
		{"a[0]", 2, "0"},    {"[\"k.x\"]", 1, "k.x"}, {"a[\"b\\\"c\"]", 2, "b\"c"},
		{"a\\.b", 1, "a.b"}, {"a.b[2][3]", 4, "3"},
	};
	static const char *const wrong[] = {"",	   ".",	   "a.",     "a..b",  "a[",
					    "a[]", "a[x]", "a[\"b]", "a[0]b", ".."};
	struct path path;

	(void)state;
	for (size_t i = 0; i < array_len(rows); i++) {
		const char *text = rows[i].text;

		assert_int_equal(path_parse(&path, &text, ""), 0);
		assert_int_equal(path.count, rows[i].count);
		assert_string_equal(path.steps[path.count - 1].key, rows[i].last);
		path_drop(&path);
	}
	for (size_t i = 0; i < array_len(wrong); i++) {
		const char *text = wrong[i];

		if (path_parse(&path, &text, "") != -EINVAL)
			fail_msg("accepted: '%s'", wrong[i]);
	}
}

/* Does the record match the one predicate? -1: the predicate is refused. */
static int match(const char *text, const char *record)
{
	struct fields *fields = calloc(1, sizeof(*fields));
	struct pred_set set = {.scratch = {.cap = 1 << 20}};
	const char *reason;
	size_t at;
	int result = -1;

	assert_non_null(fields);
	if (!pred_add(&set, fields, text)) {
		assert_true(fields_read(fields, record, strlen(record), &at, &reason));
		result = pred_match(&set, fields);
	}
	pred_drop(&set);
	fields_drop(fields);
	free(fields);
	return result;
}

static void predicates_hold_or_not(void **state)
{
	static const char record[] =
		"{\"s\":\"abc\",\"e\":\"a\\u0062c\\n\",\"n\":9007199254740993,\"f\":1e2,\"t\":true,"
		"\"z\":null,\"o\":{\"a\":[10,{\"b\":\"x\"}]},\"d\":1,\"d\":2,\"10\":\"ten\","
		"\"k.x\":1,\"ts\":\"2025-08-15T08:53:20Z\",\"q\":\"9\"}";
	static const struct {
		const char *text;
		int match;
	} rows[] = {
		{"s", 1},
		{"!s", 0},
		{"x", 0},
		{"!x", 1},
		{"z", 1},
		{"s=abc", 1},
		{"s=ab", 0},
		{"s=abcd", 0},
		{"s!=abc", 0},
		{"x!=abc", 1},
		{"e=abc\n", 1},
		{"n=9007199254740993", 1},
		{"n=9007199254740992", 0},
		{"f=100", 1},
		{"f=100.0", 1},
		{"t=true", 1},
		{"t=false", 0},
		{"z=null", 1},
		{"s=null", 0},
		{"q=9", 1},
		{"q:=9", 0},
		{"q:=\"9\"", 1},
		{"f:=1e2", 1},
		{"t:=true", 1},
		{"e:=\"abc\\n\"", 1},
		{"f>=100", 1},
		{"f>100", 0},
		{"f<101", 1},
		{"f<=99", 0},
		{"q>=5", 0},
		{"s>=5", 0},
		{"s>=abb", 1},
		{"s<abd", 1},
		{"ts>=2025-08-15", 1},
		{"ts<2025-08-15", 0},
		{"s~b", 1},
		{"s~^b", 0},
		{"s~^a.c$", 1},
		{"s!~^a.c$", 0},
		{"x!~a", 1},
		{"n~9", 0},
		{"s^=ab", 1},
		{"s^=b", 0},
		{"s:has:bc", 1},
		{"e:has:c\n", 1},
		{"f:ge:100", 1},
		{"f:gt:100", 0},
		{"f:lt:101", 1},
		{"f:le:100", 1},
		{"s:ne:x", 1},
		{"s:re:^a", 1},
		{"o.a.0=10", 1},
		{"o.a[1].b=x", 1},
		{"o.a[2]", 0},
		{"10=ten", 1},
		{"d=2", 1},
		{"d=1", 0},
		{"o={}", 0},
		{"o", 1},
		{"k\\.x=1", 1},
		{"[\"k.x\"]=1", 1},
		{"k.x", 0},
		{".o.a[1][\"b\"]=x", 1},
		{"", -1},
		{"=1", -1},
		{"a>", -1},
		{"a:xx:1", -1},
		{"a~[", -1},
		{"a:=abc", -1},
		{"!a=1", -1},
		{"a:=[1]", -1},
		{"a^b", -1},
	};

	(void)state;
	for (size_t i = 0; i < array_len(rows); i++)
		if (match(rows[i].text, record) != rows[i].match)
			fail_msg("%s: not %d", rows[i].text, rows[i].match);
	assert_int_equal(match("!a", "1"), 0);
	assert_int_equal(match("0=1", "[1]"), 1);
	/* The last of two keys counts, with all that is in it. */
	assert_int_equal(match("a.b", "{\"a\":{\"b\":1},\"a\":{}}"), 0);
	assert_int_equal(match("a.b", "{\"a\":{\"b\":1},\"a\":2}"), 0);
}

static void stamps_grow(void **state)
{
	struct stamp stamp = {0};
	const struct timespec now = {.tv_sec = 1767225599, .tv_nsec = 123456789};
	char last[STAMP_ID_LEN + 1];

	(void)state;
	stamp_next(&stamp, now, ~UINT64_C(0));
	assert_string_equal(stamp.ts, "2025-12-31T23:59:59.123Z");
	assert_memory_equal(stamp.id, "019b76da-a493-7", 15);
	assert_memory_equal(stamp.id + 18, "-bfff-ffffffffffff", 18);
	for (int i = 0; i < 10000; i++) {
		memcpy(last, stamp.id, sizeof(last));
		stamp_next(&stamp, now, 0);
		assert_true(strcmp(last, stamp.id) < 0);
	}
	/* Ten thousand at one instant are more than a millisecond's worth. */
	assert_string_equal(stamp.ts, "2025-12-31T23:59:59.125Z");
	stamp_next(&stamp, (struct timespec){.tv_sec = 1767225600}, 0);
	assert_string_equal(stamp.ts, "2026-01-01T00:00:00.000Z");
}

static void statistics_are_near(void **state)
{
	struct stats *stats = calloc(1, sizeof(*stats));

	(void)state;
	assert_non_null(stats);
	for (int i = -1000; i <= 9000; i++)
		stats_add(stats, i);
	assert_true(stats->n == 10001 && stats->min == -1000 && stats->max == 9000);
	assert_true(stats_sum(stats) == 9000.0 * 9001 / 2 - 1000.0 * 1001 / 2);
	assert_true(stats_quantile(stats, 0.5) > 4000 * 0.98 &&
		    stats_quantile(stats, 0.5) < 4000 * 1.02);
	assert_true(stats_quantile(stats, 0.99) > 8900 * 0.98 &&
		    stats_quantile(stats, 0.99) < 8900 * 1.02);
	assert_true(stats_quantile(stats, 0.05) > -500 * 1.03 &&
		    stats_quantile(stats, 0.05) < -500 * 0.97);
	assert_true(stats_quantile(stats, 1.0) <= 9000 && stats_quantile(stats, 0.0) >= -1000);
	free(stats);
}

static void groups_are_counted_and_sorted(void **state)
{
	struct groups groups = GROUPS_EMPTY(1000);

	(void)state;
	for (int i = 0; i < 2000; i++) {
		char text[16];
		const int len = snprintf(text, sizeof(text), "%d", i % 1000 < 10 ? 7 : i % 1000);
		const int64_t index = groups_find(&groups, text, (size_t)len);

		assert_true(index >= 0);
		groups_at(&groups, (size_t)index)->count++;
	}
	assert_int_equal(groups_count(&groups), 991);
	groups_sort(&groups);
	assert_int_equal(groups_at(&groups, 0)->count, 20);
	assert_memory_equal(groups_at(&groups, 0)->value, "7", 1);
	assert_memory_equal(groups_at(&groups, 1)->value, "10", 2);
	groups_drop(&groups);
	groups.most = 1;
	assert_int_equal(groups_find(&groups, "a", 1), 0);
	assert_int_equal(groups_find(&groups, "b", 1), -EFBIG);
	groups_drop(&groups);
}

/* The pieces of the line, each with a `|` behind it, or `!` when it is refused. */
static const char *mended(const char *line, size_t len)
{
	static char text[256];
	struct mend mend;
	size_t from, n, out = 0;

	if (!mend_begin(&mend, line, len))
		return "!";
	while (mend_next(&mend, &from, &n)) {
		memcpy(text + out, line + from, n);
		out += n;
		text[out++] = '|';
	}
	text[out] = '\0';
	return text;
}

static void lines_are_mended(void **state)
{
	(void)state;
	assert_string_equal(mended("{\"a\":1} ", 8), "{\"a\":1} |");
	assert_string_equal(mended("{\"a\":1}{\"b\":2} [3]", 18), "{\"a\":1}|{\"b\":2}|[3]|");
	assert_string_equal(mended("\0\0\0{\"a\":1}", 10), "{\"a\":1}|");
	assert_string_equal(mended("\0\0\0", 3), "!");
	assert_string_equal(mended("{\"a\":{\"a\":4}", 12), "!");
	assert_string_equal(mended("{}x", 3), "!");
	assert_string_equal(mended("1 2", 3), "!");
	assert_string_equal(mended("", 0), "|");
	assert_string_equal(mended(" \t", 2), " \t|");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_compared_as_decimals),
		cmocka_unit_test(paths_are_read),
		cmocka_unit_test(predicates_hold_or_not),
		cmocka_unit_test(stamps_grow),
		cmocka_unit_test(statistics_are_near),
		cmocka_unit_test(groups_are_counted_and_sorted),
		cmocka_unit_test(lines_are_mended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
