/* The writer of one JSON object: always valid, always within its size. */
#include <stdio.h>

#include "common/base.h"
#include "common/json.h"
#include "common/utf8.h"
#include "tests/check.h"

static const char *ended(struct json *json)
{
	json->line[json_end(json)] = '\0';
	return json->line;
}

static void members_come_in_order_on_one_line(void **state)
{
	struct json json;
	char line[600];

	(void)state;
	json_begin(&json, line, 512);
	json_text(&json, "a", "x");
	json_text(&json, "absent", NULL);
	json_int(&json, "b", -3);
	json_bool(&json, "c", true);
	json_ms(&json, "d_ms", 1234567);
	json_open(&json, "e");
	json_item_int(&json, 1);
	json_item_text(&json, "y");
	json_close(&json);
	json_open(&json, "f");
	json_close(&json);
	assert_string_equal(
		ended(&json),
		"{\"a\":\"x\",\"b\":-3,\"c\":true,\"d_ms\":1.234,\"e\":[1,\"y\"],\"f\":[]}\n");
}

static void every_byte_is_escaped_or_replaced(void **state)
{
	struct json json;
	char line[600];

	(void)state;
	json_begin(&json, line, 512);
	json_bytes(&json, "s", "\"\\\n\x1b\x7f\xff\xc3\xa9\0z", 10);
	assert_string_equal(ended(&json),
			    "{\"s\":\"\\\"\\\\\\n\\u001b\\u007f\xef\xbf\xbd\xc3\xa9\\u0000z\"}\n");
}

/* Count braces, brackets and quotes outside of strings: enough to see a cut structure. */
static bool is_balanced(const char *line, size_t len)
{
	int depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < len; i += quoted && line[i] == '\\' ? 2 : 1) {
		if (line[i] == '"')
			quoted = !quoted;
		else if (!quoted)
			depth += (line[i] == '{' || line[i] == '[') -
				 (line[i] == '}' || line[i] == ']');
	}
	return depth == 0 && !quoted;
}

static bool is_utf8(const char *line, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t n = utf8_len(line + i, len - i);

		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

static void too_much_is_cut_and_said(void **state)
{
	char text[5000], line[4097];
	struct json json;
	size_t len;

	(void)state;
	for (size_t i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa9", 2);
	text[sizeof(text) - 2] = '\0';
	json_begin(&json, line, 4096);
	json_text(&json, "long", text);
	json_open(&json, "argv");
	for (int i = 0; i < 100; i++)
		json_item_text(&json, text);
	json_close(&json);
	json_int(&json, "after", 1);
	len = json_end(&json);
	line[len] = '\0';
	assert_true(len <= 4096);
	assert_true(is_balanced(line, len));
	assert_true(is_utf8(line, len));
	assert_has(line, "\"after\":1");
	assert_has(line, ",\"truncated\":true}\n");
}

static void the_least_size_holds_whatever_is_added(void **state)
{
	char line[JSON_LEAST + 1];
	struct json json;
	size_t len;

	(void)state;
	memset(line, 0, sizeof(line));
	json_begin(&json, line, JSON_LEAST);
	for (int i = 0; i < 200; i++) {
		char key[16];

		(void)snprintf(key, sizeof(key), "key%d", i);
		json_text(&json, key, "some text");
		json_int(&json, key, INT64_MIN);
	}
	len = json_end(&json);
	assert_true(len <= JSON_LEAST);
	assert_true(is_balanced(line, len));
	assert_has(line, "\"truncated\":true");
}

static void objects_nest_as_members_and_items(void **state)
{
	struct json json;
	char line[2048];

	(void)state;
	json_begin(&json, line, sizeof(line) - 1);
	json_open(&json, "list");
	for (int i = 0; i < 2; i++) {
		assert_true(json_object(&json, NULL));
		json_int(&json, "i", i);
		json_object_end(&json);
	}
	json_close(&json);
	assert_true(json_object(&json, "peer"));
	json_object_end(&json);
	json_text(&json, "z", "");
	assert_string_equal(ended(&json),
			    "{\"list\":[{\"i\":0},{\"i\":1}],\"peer\":{},\"z\":\"\"}\n");
}

static void a_larger_buffer_holds_longer_texts(void **state)
{
	static char text[8192], line[65536];
	struct json json;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	json_begin(&json, line, sizeof(line) - 1);
	json_text(&json, "a", text);
	assert_has(ended(&json), text);
	assert_lacks(line, "truncated");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_come_in_order_on_one_line),
		cmocka_unit_test(every_byte_is_escaped_or_replaced),
		cmocka_unit_test(too_much_is_cut_and_said),
		cmocka_unit_test(objects_nest_as_members_and_items),
		cmocka_unit_test(a_larger_buffer_holds_longer_texts),
		cmocka_unit_test(the_least_size_holds_whatever_is_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
