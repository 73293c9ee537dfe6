/* The JSON reader: what it accepts, refuses and says; the JSONTestSuite when it is beside us. */
#include "tests/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/jsonread.h"
#include "common/jsontext.h"

static bool check(const char *text, size_t len, size_t *at, const char **reason)
{
	/* An exact allocation, so that a sanitizer sees every byte read too far. */
	char *copy = malloc(len + (len == 0));
	bool good;

	assert_non_null(copy);
	memcpy(copy, text, len);
	good = jsonread_check(copy, len, at, reason);
	free(copy);
	return good;
}

static void valid_texts_are_accepted(void **state)
{
	static const char *const texts[] = {
		"{}",
		"[]",
		" [ ] ",
		"0",
		"-0",
		"-0.0e-0",
		"1E+2",
		"12.5e10",
		"true",
		"false",
		"null",
		"\"\"",
		"\"\\u0000\\ud800\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
		"{\"a\":[1,{\"b\":[]},\"c\"] , \"d\" : null}\r\n",
		"\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\x80\"",
		"\"0123456789abcdef0123456789\\n0123456789\"",
		"\"\x7f\"",
		"[[],{},[{}]]",
		"{\"\":0,\"\":1}",
		"123456789012345678901234567890",
	};
	size_t at;
	const char *reason;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!check(texts[i], strlen(texts[i]), &at, &reason))
			fail_msg("%s: refused at %zu: %s", texts[i], at, reason);
}

static void wrong_texts_are_refused_with_place_and_reason(void **state)
{
	static const struct {
		const char *text;
		size_t at;
		const char *reason;
	} rows[] = {
		{"", 0, "unexpected end"},
		{"  ", 2, "unexpected end"},
		{"{", 1, "unexpected end"},
		{"{\"a\":", 5, "unexpected end"},
		{"{\"a\"", 4, "expected ':' after the key"},
		{"{\"a\":1", 6, "unexpected end"},
		{"{\"a\":1,}", 7, "expected a key in quotes"},
		{"{a:1}", 1, "expected a key in quotes"},
		{"{\"a\":1 \"b\"", 7, "expected ',' or '}'"},
		{"{\"a\":1]", 6, "expected ',' or '}'"},
		{"[1 2]", 3, "expected ',' or ']'"},
		{"[1,]", 3, "expected a value"},
		{"[,1]", 1, "expected a value"},
		{"{}{}", 2, "bytes after the value"},
		{"01", 0, "number with a leading zero"},
		{"-", 1, "expected a digit"},
		{"1.", 2, "expected a digit after the point"},
		{"1.e5", 2, "expected a digit after the point"},
		{"1e+", 3, "expected a digit in the exponent"},
		{".5", 0, "expected a value"},
		{"+1", 0, "expected a value"},
		{"NaN", 0, "expected a value"},
		{"tru", 0, "expected a value"},
		{"truex", 4, "bytes after the value"},
		{"\"a", 2, "unterminated string"},
		{"\"a\\", 2, "unterminated string"},
		{"\"a\\q\"", 2, "invalid escape"},
		{"\"12345678901\\u12g4\"", 12, "invalid escape"},
		{"\"a\tb\"", 2, "control character in a string"},
		{"\"123456789012\n3\"", 13, "control character in a string"},
		{"\"\xff\"", 1, "invalid UTF-8"},
		{"\"\xc0\x80\"", 1, "invalid UTF-8"},
		{"\"\xed\xa0\x80\"", 1, "invalid UTF-8"},
		{"\"\xe2\x82\"", 1, "invalid UTF-8"},
		{"'a'", 0, "expected a value"},
		{"\xef\xbb\xbf{}", 0, "expected a value"},
	};
	size_t at;
	const char *reason;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (check(rows[i].text, strlen(rows[i].text), &at, &reason))
			fail_msg("%s: accepted", rows[i].text);
		if (at != rows[i].at || strcmp(reason, rows[i].reason) != 0)
			fail_msg("%s: at %zu: %s", rows[i].text, at, reason);
	}
	assert_false(check("\"\0\"", 3, &at, &reason));
	assert_string_equal(reason, "NUL byte");
	assert_false(check("\0{}", 3, &at, &reason));
	assert_string_equal(reason, "NUL byte");
}

static void depth_is_limited(void **state)
{
	char text[2 * JSONREAD_DEPTH + 2];
	size_t at;
	const char *reason;

	(void)state;
	memset(text, '[', JSONREAD_DEPTH + 1);
	memset(text + JSONREAD_DEPTH + 1, ']', JSONREAD_DEPTH + 1);
	assert_false(check(text, sizeof(text), &at, &reason));
	assert_int_equal(at, JSONREAD_DEPTH);
	assert_string_equal(reason, "nested too deeply");
	assert_true(check(text + 1, sizeof(text) - 2, &at, &reason));
}

static void tokens_come_in_order_with_their_text(void **state)
{
	static const char text[] = " {\"k\\n\" : [-1.5e3, \"s\", true,false,null, {} ]}";
	static const struct {
		int token;
		const char *text;
	} rows[] = {
		{JSONREAD_OBJECT, "{"},	     {JSONREAD_KEY, "k\\n"},	{JSONREAD_ARRAY, "["},
		{JSONREAD_NUMBER, "-1.5e3"}, {JSONREAD_STRING, "s"},	{JSONREAD_TRUE, "true"},
		{JSONREAD_FALSE, "false"},   {JSONREAD_NULL, "null"},	{JSONREAD_OBJECT, "{"},
		{JSONREAD_OBJECT_END, "}"},  {JSONREAD_ARRAY_END, "]"}, {JSONREAD_OBJECT_END, "}"},
	};
	struct jsonread json;

	(void)state;
	jsonread_begin(&json, text, strlen(text));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(jsonread_next(&json), rows[i].token);
		assert_int_equal(json.token_len, strlen(rows[i].text));
		assert_memory_equal(json.token, rows[i].text, json.token_len);
		if (rows[i].token == JSONREAD_KEY)
			assert_true(json.escaped &&
				    jsontext_is(json.token, json.token_len, "k\n", 2));
	}
	assert_int_equal(jsonread_next(&json), JSONREAD_END);
	assert_int_equal(jsonread_next(&json), JSONREAD_END);
}

static void skip_goes_behind_a_container(void **state)
{
	static const char text[] = "[{\"a\":[[1],2]}, 3]", wrong[] = "[{\"a\":[[1}]";
	struct jsonread json;

	(void)state;
	jsonread_begin(&json, text, strlen(text));
	assert_int_equal(jsonread_next(&json), JSONREAD_ARRAY);
	assert_int_equal(jsonread_next(&json), JSONREAD_OBJECT);
	assert_int_equal(jsonread_skip(&json), JSONREAD_OBJECT_END);
	assert_int_equal(json.token_len, 13);
	assert_memory_equal(json.token, "{\"a\":[[1],2]}", 13);
	assert_int_equal(jsonread_next(&json), JSONREAD_NUMBER);

	jsonread_begin(&json, wrong, strlen(wrong));
	assert_int_equal(jsonread_next(&json), JSONREAD_ARRAY);
	assert_int_equal(jsonread_next(&json), JSONREAD_OBJECT);
	assert_int_equal(jsonread_skip(&json), -EINVAL);
	assert_int_equal(jsonread_next(&json), -EINVAL);
}

static void strings_are_decoded(void **state)
{
	static const char raw[] =
		"a\\u00e9\\ud83d\\ude80\\ud800x\\udc00\\/\\\"\\\\\\b\\f\\n\\r\\t\\u20ac\xc3\xa9";
	static const char want[] = "a\xc3\xa9\xf0\x9f\x9a\x80\xef\xbf\xbdx\xef\xbf\xbd/"
				   "\"\\\b\f\n\r\t\xe2\x82\xac\xc3\xa9";
	char text[sizeof(raw)];

	(void)state;
	memcpy(text, raw, sizeof(raw));
	assert_int_equal(jsontext_decode(text, text, strlen(raw)), strlen(want));
	assert_memory_equal(text, want, strlen(want));
	assert_true(jsontext_is(raw, strlen(raw), want, strlen(want)));
	assert_false(jsontext_is(raw, strlen(raw), want, strlen(want) - 1));
	assert_false(jsontext_is("a", 1, "ab", 2));
	assert_true(jsontext_is("", 0, "", 0));
}

static void integers_are_exact_or_refused(void **state)
{
	int64_t value = 7;

	(void)state;
	assert_int_equal(jsontext_int("9223372036854775807", 19, &value), 0);
	assert_true(value == INT64_MAX);
	assert_int_equal(jsontext_int("-9223372036854775808", 20, &value), 0);
	assert_true(value == INT64_MIN);
	assert_int_equal(jsontext_int("9223372036854775808", 19, &value), -ERANGE);
	assert_int_equal(jsontext_int("1.0", 3, &value), -EINVAL);
	assert_int_equal(jsontext_int("1e2", 3, &value), -EINVAL);
	assert_true(value == INT64_MIN);
}

/* The suite's name of a file begins with the verdict: y_ accept, n_ refuse, i_ either. */
static bool judge_file(int folder, const char *name)
{
	static char bytes[1 << 20];
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, bytes, sizeof(bytes));
	size_t at;
	const char *reason;

	(void)close(fd);
	assert_true(len >= 0);
	return check(bytes, (size_t)len, &at, &reason);
}

static void the_test_suite_is_judged_right(void **state)
{
	char path[512];
	DIR *dir;
	int right = 0, wrong = 0;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/../shared/data/json-test-suite/test_parsing",
		       getenv("PK_TOP") ? getenv("PK_TOP") : ".");
	dir = opendir(path);
	if (!dir)
		skip();
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (entry->d_name[1] != '_' || (entry->d_name[0] != 'y' && entry->d_name[0] != 'n'))
			continue;
		if (judge_file(dirfd(dir), entry->d_name) == (entry->d_name[0] == 'y')) {
			right++;
		} else {
			print_error("%s\n", entry->d_name);
			wrong++;
		}
	}
	(void)closedir(dir);
	assert_int_equal(wrong, 0);
	assert_int_equal(right, 95 + 188);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_texts_are_accepted),
		cmocka_unit_test(wrong_texts_are_refused_with_place_and_reason),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(tokens_come_in_order_with_their_text),
		cmocka_unit_test(skip_goes_behind_a_container),
		cmocka_unit_test(strings_are_decoded),
		cmocka_unit_test(integers_are_exact_or_refused),
		cmocka_unit_test(the_test_suite_is_judged_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
