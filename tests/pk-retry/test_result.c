/* The record of a shared result, and when it is fresh. */
#include "tests/check.h"

#include <errno.h>
#include <stdio.h>

#include "common/base.h"
#include "common/clock.h"
#include "result.h"

#define BOOT "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
#define OTHER "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f1"
#define KEY "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define TEXT(v, id, key, boot, at, bytes, status, signal)                                          \
	FAILED(v, id, key, boot, at, bytes, status, signal, "0")
#define FAILED(v, id, key, boot, at, bytes, status, signal, failed)                                \
	"{\"pk_retry_share\":" v ",\"id\":" id ",\"key\":" key ",\"boot\":" boot ",\"at_ms\":" at  \
	",\"bytes\":" bytes ",\"status\":" status ",\"signal\":" signal ",\"failed\":" failed "}"

static struct shared_result standard(void)
{
	return (struct shared_result){.id = "84928dd9f32bd951",
				      .key = KEY,
				      .boot = BOOT,
				      .at_ms = 1000,
				      .bytes = 42,
				      .status = 7,
				      .signal = 9,
				      .failed = true};
}

static int parse(const char *text, int64_t size, struct shared_result *ret)
{
	char bytes[RESULT_SIZE];

	(void)snprintf(bytes, sizeof(bytes), "%-511s", text);
	bytes[RESULT_SIZE - 1] = '\n';
	return result_parse(bytes, size, ret);
}

static void what_is_written_is_read_again(void **state)
{
	struct shared_result result = standard(), again;
	char bytes[RESULT_SIZE];

	(void)state;
	result_format(&result, bytes);
	assert_int_equal(bytes[RESULT_SIZE - 1], '\n');
	assert_int_equal(result_parse(bytes, RESULT_SIZE + 42, &again), 0);
	assert_string_equal(again.id, result.id);
	assert_string_equal(again.key, result.key);
	assert_string_equal(again.boot, result.boot);
	assert_int_equal(again.at_ms, 1000);
	assert_int_equal(again.bytes, 42);
	assert_int_equal(again.status, 7);
	assert_int_equal(again.signal, 9);
	assert_true(again.failed);
	/* Where there was no boot id. */
	result.boot[0] = '\0';
	result_format(&result, bytes);
	assert_int_equal(result_parse(bytes, RESULT_SIZE + 42, &again), 0);
	assert_string_equal(again.boot, "");
}

static void the_longest_one_fits(void **state)
{
	struct shared_result result = standard(), again;
	char bytes[RESULT_SIZE];

	(void)state;
	result.at_ms = INT64_MAX;
	result.bytes = INT64_MAX - RESULT_SIZE;
	result.status = 255;
	result.signal = 64;
	result_format(&result, bytes);
	assert_int_equal(result_parse(bytes, INT64_MAX, &again), 0);
	assert_int_equal(again.bytes, result.bytes);
}

static void anything_else_is_refused_and_leaves_the_output_alone(void **state)
{
	static const char *const wrong[] = {
		"",
		"42",
		"[]",
		"{}",
		TEXT("2", "\"84928dd9f32bd951\"", "\"" KEY "\"", "\"\"", "1", "42", "0", "0"),
		TEXT("1", "\"84928dd9f32bd95\"", "\"" KEY "\"", "\"\"", "1", "42", "0", "0"),
		TEXT("1", "\"84928dd9f32bd95X\"", "\"" KEY "\"", "\"\"", "1", "42", "0", "0"),
		TEXT("1", "84928", "\"" KEY "\"", "\"\"", "1", "42", "0", "0"),
		TEXT("1", "\"84928dd9f32bd951\"", "\"\"", "\"\"", "1", "42", "0", "0"),
		TEXT("1", "\"84928dd9f32bd951\"", "\"" KEY "\"", "\"x\"", "1", "42", "0", "0"),
		TEXT("1", "\"84928dd9f32bd951\"", "\"" KEY "\"", "\"\"", "-1", "42", "0", "0"),
		TEXT("1", "\"84928dd9f32bd951\"", "\"" KEY "\"", "\"\"", "1", "41", "0", "0"),
		TEXT("1", "\"84928dd9f32bd951\"", "\"" KEY "\"", "\"\"", "1", "42", "256", "0"),
		TEXT("1", "\"84928dd9f32bd951\"", "\"" KEY "\"", "\"\"", "1", "42", "0", "65"),
		TEXT("1", "\"84928dd9f32bd951\"", "\"" KEY "\"", "\"\"", "1", "42", "0", "[0]"),
		FAILED("1", "\"84928dd9f32bd951\"", "\"" KEY "\"", "\"\"", "1", "42", "0", "0",
		       "2"),
		TEXT("1", "\"84928dd9f32bd951\"", "\"" KEY "\"", "\"\"", "1", "42", "0", "0") "x",
	};

	(void)state;
	for (size_t i = 0; i < array_len(wrong); i++) {
		struct shared_result result = {.status = -7};

		assert_int_equal(parse(wrong[i], RESULT_SIZE + 42, &result), -EBADMSG);
		assert_int_equal(result.status, -7);
	}
}

static void it_is_fresh_in_its_own_boot_for_its_time(void **state)
{
	const struct shared_result result = standard();

	(void)state;
	assert_false(result_is_fresh(&result, 0, BOOT, 1000));
	assert_true(result_is_fresh(&result, NS_PER_S, BOOT, 1000));
	assert_true(result_is_fresh(&result, NS_PER_S, BOOT, 2000));
	assert_false(result_is_fresh(&result, NS_PER_S, BOOT, 2001));
	assert_true(result_is_fresh(&result, NS_NEVER, BOOT, INT64_MAX));
	assert_false(result_is_fresh(&result, NS_NEVER, OTHER, 1000));
	assert_false(result_is_fresh(&result, NS_NEVER, "", 1000));
	/* From the future: not of this boot, whatever it says. */
	assert_false(result_is_fresh(&result, NS_NEVER, BOOT, 999));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(the_longest_one_fits),
		cmocka_unit_test(anything_else_is_refused_and_leaves_the_output_alone),
		cmocka_unit_test(it_is_fresh_in_its_own_boot_for_its_time),
	};

	return cmocka_run_group_tests_name("pk-retry/result", tests, NULL, NULL);
}
