/* Durations and time stamps. */
#include <errno.h>

#include "common/clock.h"
#include "tests/check.h"

static void durations_are_read_in_every_unit(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
	} rows[] = {
		{"0", 0},
		{"5", 5 * NS_PER_S},
		{"5s", 5 * NS_PER_S},
		{"250ms", 250 * NS_PER_MS},
		{"1.5s", 1500 * NS_PER_MS},
		{"2m", 120 * NS_PER_S},
		{"1h", 3600 * NS_PER_S},
		{"1d", 86400 * NS_PER_S},
		{"0.25d", 21600 * NS_PER_S},
		{".5", 500 * NS_PER_MS},
		{"0.000000001", 1},
		{"0.0000000001", 1}, /* below a nanosecond: up, never early */
		{"1.0000000000", NS_PER_S},
		{"0.001ms", 1000},
		{"106751d", INT64_C(106751) * 86400 * NS_PER_S},
		{"inf", NS_NEVER},
	};

	(void)state;
	for (size_t i = 0; i < array_len(rows); i++) {
		int64_t ns = -1;

		assert_int_equal(ns_parse(rows[i].text, &ns), 0);
		assert_int_equal(ns, rows[i].ns);
	}
}

static void bad_durations_are_refused_and_leave_the_output_alone(void **state)
{
	static const char *const rows[] = {
		"",    ".",   "s",   "5x", "5 s",   " 5", "-1",	 "+1",	 "nan", "infinity",
		"1e3", "0x5", "1,5", "5S", "1.2.3", "5.", "5.s", "1ms2", "ms",	"\xc2\xb5s",
	};
	static const char *const long_ones[] = {"106752d", "9223372037", "99999999999999999999",
						"9999999999999999h"};
	int64_t ns = 42;

	(void)state;
	for (size_t i = 0; i < array_len(rows); i++)
		assert_int_equal(ns_parse(rows[i], &ns), -EINVAL);
	for (size_t i = 0; i < array_len(long_ones); i++)
		assert_int_equal(ns_parse(long_ones[i], &ns), -ERANGE);
	assert_int_equal(ns, 42);
}

static void a_formatted_duration_reads_back(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} rows[] = {
		{0, "0s"},
		{1, "1ms"},
		{250 * NS_PER_MS, "250ms"},
		{1500 * NS_PER_MS, "1.5s"},
		{30 * NS_PER_S, "30s"},
		{60 * NS_PER_S, "1m"},
		{90 * NS_PER_S, "90s"},
		{86400 * NS_PER_S, "1d"},
		{NS_NEVER, "inf"},
		{1234 * NS_PER_MS, "1.234s"},
	};

	(void)state;
	for (size_t i = 0; i < array_len(rows); i++) {
		char text[NS_TEXT_MAX];
		int64_t ns;

		ns_format(text, rows[i].ns);
		assert_string_equal(text, rows[i].text);
		assert_int_equal(ns_parse(text, &ns), 0);
		if (rows[i].ns != 1)
			assert_int_equal(ns, rows[i].ns);
	}
}

static void sums_saturate_and_never_stays_never(void **state)
{
	struct timespec left;

	(void)state;
	assert_int_equal(ns_add(1, 2), 3);
	assert_int_equal(ns_add(NS_NEVER, 1), NS_NEVER);
	assert_int_equal(ns_add(1, NS_NEVER), NS_NEVER);
	assert_int_equal(ns_min(NS_NEVER, 7), 7);
	assert_null(ns_until(NS_NEVER, &left));
	assert_non_null(ns_until(0, &left));
	assert_int_equal(left.tv_sec, 0);
	assert_int_equal(left.tv_nsec, 0);
}

static void a_stamp_is_rfc_3339_with_milliseconds(void **state)
{
	char text[CLOCK_STAMP_MAX];

	(void)state;
	clock_stamp(text);
	assert_int_equal(strlen(text), strlen("2026-01-31T23:59:59.123Z"));
	assert_int_equal(text[4], '-');
	assert_int_equal(text[10], 'T');
	assert_int_equal(text[19], '.');
	assert_int_equal(text[23], 'Z');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_are_read_in_every_unit),
		cmocka_unit_test(bad_durations_are_refused_and_leave_the_output_alone),
		cmocka_unit_test(a_formatted_duration_reads_back),
		cmocka_unit_test(sums_saturate_and_never_stays_never),
		cmocka_unit_test(a_stamp_is_rfc_3339_with_milliseconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
