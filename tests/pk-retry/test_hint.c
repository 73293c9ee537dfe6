/* hint: Retry-After in every form, and what is not one. */
#include "tests/check.h"

#include <errno.h>

#include "common/clock.h"
#include "date.h"
#include "hint.h"

#define NOW INT64_C(784111000)

static struct hint parse(const char *text)
{
	return hint_parse(text, strlen(text), NOW);
}

static void assert_delay(const char *text, int64_t ns)
{
	struct hint hint = parse(text);

	if (hint.kind != HINT_DELAY || hint.delay != ns)
		fail_msg("'%s': %d %lld", text, hint.kind, (long long)hint.delay);
}

static void seconds_and_durations_are_delays(void **state)
{
	(void)state;
	assert_delay("120", 120 * NS_PER_S);
	assert_delay("0", 0);
	assert_delay(" 7 \r\n", 7 * NS_PER_S);
	assert_delay("1.5s", 1500 * NS_PER_MS);
	assert_delay("250ms\n", 250 * NS_PER_MS);
	assert_delay("2m", 120 * NS_PER_S);
	assert_delay("inf", NS_NEVER);
	assert_delay("99999999999999999999999999", NS_NEVER);
}

static void all_three_date_forms_are_the_same_instant(void **state)
{
	(void)state;
	assert_delay("Sun, 06 Nov 1994 08:49:37 GMT", 777 * NS_PER_S);
	assert_delay("Sunday, 06-Nov-94 08:49:37 GMT", 777 * NS_PER_S);
	assert_delay("Sun Nov  6 08:49:37 1994", 777 * NS_PER_S);
}

static void a_date_in_the_past_is_no_delay(void **state)
{
	(void)state;
	assert_delay("Sat, 05 Nov 1994 08:49:37 GMT", 0);
	assert_delay("Thu, 01 Jan 1970 00:00:00 GMT", 0);
	assert_delay("Mon, 01 Jan 0001 00:00:00 GMT", 0);
}

static void dates_are_counted_right(void **state)
{
	static const struct {
		const char *text;
		int64_t at; /* -1: refused */
	} rows[] = {
		{"Thu, 01 Jan 1970 00:00:00 GMT", 0},
		{"Thu, 29 Feb 2024 12:00:00 GMT", 1709208000},
		{"Fri, 31 Dec 1999 23:59:59 GMT", 946684799},
		{"Sat, 01 Jan 2000 00:00:00 GMT", 946684800},
		{"Tue, 19 Jan 2038 03:14:08 GMT", INT64_C(2147483648)},
		{"Fri, 31 Dec 9999 23:59:59 GMT", INT64_C(253402300799)},
		{"Sat, 30 Jun 2012 23:59:60 GMT", 1341100800},
		{"Wed Jun 30 21:49:08 1993", 741476948},
		{"Mon, 29 Feb 2023 12:00:00 GMT", -1},
		{"Mon, 29 Feb 1900 12:00:00 GMT", -1},
		{"Mon, 31 Apr 2023 12:00:00 GMT", -1},
		{"Mon, 00 Jan 2023 12:00:00 GMT", -1},
		{"Mon, 01 Jan 0000 12:00:00 GMT", -1},
		{"Mon, 01 Jan 2023 24:00:00 GMT", -1},
		{"Mon, 01 Jan 2023 12:60:00 GMT", -1},
		{"Mon, 01 Jan 2023 12:00:61 GMT", -1},
		{"Mon, 1 Jan 2023 12:00:00 GMT", -1},
		{"Mon, 01 Foo 2023 12:00:00 GMT", -1},
		{"Xxx, 01 Jan 2023 12:00:00 GMT", -1},
		{"Mon, 01 Jan 2023 12:00:00 CET", -1},
		{"Mon, 01 Jan 2023 12:00:00 GMT ", -1},
		{"Mon, 01 Jan 2023 12:00:00", -1},
		{"Mon, 01 Jan 2023", -1},
		{"", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t at = -1;
		int err = date_parse(rows[i].text, NOW, &at);

		if (at != rows[i].at || err != (rows[i].at < 0 ? -EINVAL : 0))
			fail_msg("'%s': %d %lld", rows[i].text, err, (long long)at);
	}
}

static void a_year_of_two_digits_is_at_most_fifty_years_ahead(void **state)
{
	int64_t at, now_2026 = 1767225600;

	(void)state;
	assert_int_equal(date_parse("Sunday, 06-Nov-76 08:49:37 GMT", now_2026, &at), 0);
	assert_true(at > now_2026);
	assert_int_equal(date_parse("Sunday, 06-Nov-77 08:49:37 GMT", now_2026, &at), 0);
	assert_true(at < now_2026);
}

static void stop_and_negative_numbers_say_stop(void **state)
{
	(void)state;
	assert_int_equal(parse("stop").kind, HINT_STOP);
	assert_int_equal(parse("stop\n").kind, HINT_STOP);
	assert_int_equal(parse("-1").kind, HINT_STOP);
	assert_int_equal(parse("-0.5s").kind, HINT_STOP);
}

static void nothing_is_nothing_and_anything_else_is_garbage(void **state)
{
	static const char *const garbage[] = {"x",   "stopp", "1 2", "--1", "1.",	   "0x10",
					      "1e3", "soon",  "-",   "NaN", "Retry-After", "5 s"};

	(void)state;
	assert_int_equal(parse("").kind, HINT_NONE);
	assert_int_equal(parse(" \r\n\t ").kind, HINT_NONE);
	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++)
		if (parse(garbage[i]).kind != HINT_GARBAGE)
			fail_msg("'%s': %d", garbage[i], parse(garbage[i]).kind);
	assert_int_equal(hint_parse("1\0"
				    "2",
				    3, NOW)
				 .kind,
			 HINT_GARBAGE);
}

static void a_header_block_gives_its_status_and_its_retry_after(void **state)
{
	struct hint hint =
		parse("HTTP/1.1 503 Service Unavailable\r\nServer: x\r\nRetry-After: 120\r\n\r\n");

	(void)state;
	assert_int_equal(hint.http_status, 503);
	assert_int_equal(hint.delay, 120 * NS_PER_S);
	hint = parse("HTTP/2 429 \r\nretry-after:Sun, 06 Nov 1994 08:49:37 GMT\r\n");
	assert_int_equal(hint.http_status, 429);
	assert_int_equal(hint.delay, 777 * NS_PER_S);
	hint = parse("HTTP/1.1 404 Not Found\n\n");
	assert_int_equal(hint.http_status, 404);
	assert_int_equal(hint.kind, HINT_NONE);
}

static void of_several_responses_the_last_one_counts(void **state)
{
	struct hint hint =
		parse("HTTP/1.1 302 Found\r\nRetry-After: 500\r\n\r\nHTTP/1.1 503 No\r\n\r\n");

	(void)state;
	assert_int_equal(hint.http_status, 503);
	assert_int_equal(hint.kind, HINT_NONE);
	hint = parse("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 429 Slow\r\nRetry-After: "
		     "1\r\nRetry-After: 2\r\n");
	assert_int_equal(hint.delay, 2 * NS_PER_S);
}

static void an_odd_header_is_garbage_with_a_status(void **state)
{
	struct hint hint = parse("HTTP/1.1 503 No\r\nRetry-After: never\r\n");

	(void)state;
	assert_int_equal(hint.kind, HINT_GARBAGE);
	assert_int_equal(hint.http_status, 503);
	assert_int_equal(parse("HTTP/1.1").kind, HINT_GARBAGE);
	assert_int_equal(parse("HTTP/1.1 xyz").kind, HINT_GARBAGE);
	assert_int_equal(parse("Retry-After: 3").delay, 3 * NS_PER_S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seconds_and_durations_are_delays),
		cmocka_unit_test(all_three_date_forms_are_the_same_instant),
		cmocka_unit_test(a_date_in_the_past_is_no_delay),
		cmocka_unit_test(dates_are_counted_right),
		cmocka_unit_test(a_year_of_two_digits_is_at_most_fifty_years_ahead),
		cmocka_unit_test(stop_and_negative_numbers_say_stop),
		cmocka_unit_test(nothing_is_nothing_and_anything_else_is_garbage),
		cmocka_unit_test(a_header_block_gives_its_status_and_its_retry_after),
		cmocka_unit_test(of_several_responses_the_last_one_counts),
		cmocka_unit_test(an_odd_header_is_garbage_with_a_status),
	};
	return cmocka_run_group_tests_name("pk-retry/hint", tests, NULL, NULL);
}
