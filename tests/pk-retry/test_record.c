/* record: the breaker's text, and its transitions over time. */
#include "tests/check.h"

#include <errno.h>
#include <stdio.h>

#include "record.h"

static const struct record_rules rules = {.threshold = 3, .cooldown_ms = 1000};

static int parse(const char *text, struct record *ret)
{
	char bytes[RECORD_SIZE];
	size_t len = strlen(text);

	memset(bytes, ' ', sizeof(bytes));
	memcpy(bytes, text, len);
	return record_parse(bytes, sizeof(bytes), ret);
}

static void assert_same(const struct record *a, const struct record *b)
{
	assert_int_equal(a->seq, b->seq);
	assert_int_equal(a->open, b->open);
	assert_int_equal(a->failures, b->failures);
	assert_int_equal(a->until_ms, b->until_ms);
	assert_int_equal(a->gen, b->gen);
	assert_int_equal(a->tokens, b->tokens);
}

static void a_record_survives_being_written(void **state)
{
	struct record out = {.seq = 41,
			     .open = true,
			     .failures = 7,
			     .until_ms = INT64_MAX,
			     .gen = INT64_MAX,
			     .tokens = INT64_MAX};
	struct record in;
	char bytes[RECORD_SIZE];

	(void)state;
	record_format(&out, bytes);
	assert_int_equal(out.seq, 42);
	assert_int_equal(bytes[RECORD_SIZE - 1], '\n');
	assert_int_equal(record_parse(bytes, sizeof(bytes), &in), 0);
	assert_same(&in, &out);
	out.seq = out.failures = INT64_MAX - 1;
	record_format(&out, bytes);
	assert_int_equal(record_parse(bytes, sizeof(bytes), &in), 0);
	assert_int_equal(in.seq, INT64_MAX);
}

static void an_empty_file_is_a_closed_circuit(void **state)
{
	struct record record = {.open = true};

	(void)state;
	assert_int_equal(record_parse("", 0, &record), 0);
	assert_false(record.open);
	assert_int_equal(record.failures, 0);
}

static void members_may_come_in_any_order_and_with_strangers(void **state)
{
	struct record record;

	(void)state;
	assert_int_equal(parse("{\"end\":1,\"new\":null,\"tokens\":9,\"gen\":2,\"until_ms\":3,"
			       "\"failures\":4,"
			       "\"state\":\"open\",\"seq\":1,\"v\":1}",
			       &record),
			 0);
	assert_int_equal(record.tokens, 9);
	assert_true(record.open);
}

static void anything_else_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"x",
		"{}",
		"[]",
		"1",
		"{\"v\":2,\"seq\":1,\"state\":\"open\",\"failures\":4,\"until_ms\":3,\"gen\":2,"
		"\"tokens\":0,\"end\":1}",
		"{\"v\":1,\"seq\":1,\"state\":\"open\",\"failures\":4,\"until_ms\":3,\"gen\":2,"
		"\"tokens\":0,\"end\":2}",
		"{\"v\":1,\"seq\":1,\"state\":\"ajar\",\"failures\":4,\"until_ms\":3,\"gen\":2,"
		"\"tokens\":0,\"end\":1}",
		"{\"v\":1,\"seq\":1,\"state\":1,\"failures\":4,\"until_ms\":3,\"gen\":2,\"tokens\":"
		"0,\"end\":1}",
		"{\"v\":1,\"seq\":1,\"state\":\"open\",\"failures\":-4,\"until_ms\":3,\"gen\":2,"
		"\"tokens\":0,\"end\":1}",
		"{\"v\":1,\"seq\":1,\"state\":\"open\",\"failures\":4.5,\"until_ms\":3,\"gen\":2,"
		"\"tokens\":0,\"end\":1}",
		"{\"v\":1,\"seq\":1,\"state\":\"open\",\"failures\":\"4\",\"until_ms\":3,\"gen\":2,"
		"\"tokens\":0,\"end\":1}",
		"{\"v\":1,\"seq\":1,\"state\":\"open\",\"failures\":4,\"until_ms\":3,\"gen\":2,"
		"\"end\":1}",
		"{\"v\":1,\"seq\":1,\"state\":\"open\",\"failures\":99999999999999999999,\"until_"
		"ms\":3,\"gen\":2,\"tokens\":0,\"end\":1}",
		"{\"v\":1,\"seq\":1,\"state\":\"open\",\"failures\":4,\"until_ms\":3,\"gen\":2,"
		"\"tokens\":0,\"end\":1",
		"{\"v\":1,\"seq\":1,\"state\":\"open\",\"failures\":4,\"until_ms\":3,\"gen\":2,"
		"\"tokens\":0,\"end\":1}}",
		"{\"v\":1,\"seq\":1,\"state\":\"open\",\"failures\":[4],\"until_ms\":3,\"gen\":2,"
		"\"tokens\":0,\"end\":1}",
	};
	struct record record = {.failures = 77};
	char bytes[RECORD_SIZE + 1] = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (parse(texts[i], &record) != -EBADMSG)
			fail_msg("accepted: %s", texts[i]);
	assert_int_equal(record.failures, 77);
	record_format(&record, bytes);
	assert_int_equal(record_parse(bytes, RECORD_SIZE - 1, &record), -EBADMSG);
	assert_int_equal(record_parse(bytes, RECORD_SIZE + 1, &record), -EBADMSG);
	/* Zeros, as after a crash of the machine. */
	memset(bytes, 0, sizeof(bytes));
	assert_int_equal(record_parse(bytes, RECORD_SIZE, &record), -EBADMSG);
}

static bool fails(struct record *record, int64_t now)
{
	return record_count(record, &rules, now, true, record->open, record->gen);
}

static bool succeeds(struct record *record, int64_t now)
{
	return record_count(record, &rules, now, false, record->open, record->gen);
}

static enum admission admit(struct record *record, int64_t now)
{
	bool changed;

	return record_admit(record, &rules, now, &changed);
}

static void failures_in_a_row_open_it_and_a_success_in_between_starts_anew(void **state)
{
	struct record record = {0};

	(void)state;
	assert_true(fails(&record, 0) && fails(&record, 0));
	assert_true(succeeds(&record, 0));
	assert_int_equal(record.failures, 0);
	assert_true(fails(&record, 0) && fails(&record, 0));
	assert_int_equal(admit(&record, 0), ADMIT_FREELY);
	assert_true(fails(&record, 500));
	assert_true(record.open);
	assert_int_equal(record.until_ms, 1500);
	assert_int_equal(record.gen, 1);
}

static void success_in_health_changes_nothing(void **state)
{
	struct record record = {0};

	(void)state;
	assert_false(succeeds(&record, 0));
}

static void an_open_circuit_admits_a_probe_after_its_cooldown(void **state)
{
	struct record record = {.open = true, .failures = 3, .until_ms = 1000, .gen = 1};

	(void)state;
	assert_int_equal(admit(&record, 999), ADMIT_NOBODY);
	assert_int_equal(admit(&record, 1000), ADMIT_PROBE);
	assert_true(fails(&record, 1200));
	assert_true(record.open);
	assert_int_equal(record.until_ms, 2200);
	assert_int_equal(record.gen, 2);
	assert_true(succeeds(&record, 2300));
	assert_false(record.open);
	assert_int_equal(record.failures, 0);
	assert_int_equal(record.gen, 3);
}

static void results_of_an_older_generation_are_ignored(void **state)
{
	struct record record = {.open = true, .failures = 3, .until_ms = 1000, .gen = 5};

	(void)state;
	assert_false(record_count(&record, &rules, 0, true, false, 4));
	assert_false(record_count(&record, &rules, 0, false, false, 4));
	/* Begun before the circuit opened, but not as its probe. */
	assert_false(record_count(&record, &rules, 0, false, false, 5));
	assert_int_equal(record.failures, 3);
}

static void a_clock_that_was_put_back_keeps_nothing_open_for_long(void **state)
{
	struct record record = {.open = true, .until_ms = INT64_MAX, .gen = 1};
	bool changed;

	(void)state;
	assert_int_equal(record_admit(&record, &rules, 5000, &changed), ADMIT_NOBODY);
	assert_true(changed);
	assert_int_equal(record.until_ms, 6000);
	assert_int_equal(record_admit(&record, &rules, 5500, &changed), ADMIT_NOBODY);
	assert_false(changed);
	assert_int_equal(record_admit(&record, &rules, 6000, &changed), ADMIT_PROBE);
}

static void no_counter_overflows(void **state)
{
	const struct record_rules far = {.threshold = INT64_MAX, .cooldown_ms = INT64_MAX};
	struct record record = {.seq = INT64_MAX, .failures = INT64_MAX, .gen = INT64_MAX};
	char bytes[RECORD_SIZE];

	(void)state;
	record_format(&record, bytes);
	assert_int_equal(record.seq, 0);
	record.failures = INT64_MAX - 1;
	assert_true(record_count(&record, &far, INT64_MAX, true, false, INT64_MAX));
	assert_true(record.open);
	assert_int_equal(record.until_ms, INT64_MAX);
	assert_int_equal(record.gen, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_survives_being_written),
		cmocka_unit_test(an_empty_file_is_a_closed_circuit),
		cmocka_unit_test(members_may_come_in_any_order_and_with_strangers),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(failures_in_a_row_open_it_and_a_success_in_between_starts_anew),
		cmocka_unit_test(success_in_health_changes_nothing),
		cmocka_unit_test(an_open_circuit_admits_a_probe_after_its_cooldown),
		cmocka_unit_test(results_of_an_older_generation_are_ignored),
		cmocka_unit_test(a_clock_that_was_put_back_keeps_nothing_open_for_long),
		cmocka_unit_test(no_counter_overflows),
	};
	return cmocka_run_group_tests_name("pk-retry/record", tests, NULL, NULL);
}
