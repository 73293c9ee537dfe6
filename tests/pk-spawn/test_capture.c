/* Head and tail of a stream: what is kept, where it is cut, and that the sums are right. */
#include "tests/check.h"
#include "tests/lib/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture.h"

/* What a reader would see of the stream, given to the capture in pieces of that size. */
static const char *seen(const char *stream, size_t len, size_t size, size_t piece, size_t *ret_len)
{
	char *out = test_keep(malloc(len + 2 * CAPTURE_MARK_MAX)), *to = out;
	struct capture capture = {0};
	struct capture_rest rest;

	capture_start(&capture, size);
	for (size_t at = 0; at < len; at += piece) {
		size_t n = len - at < piece ? len - at : piece;
		size_t head = capture_head(&capture, stream + at, n);

		memcpy(to, stream + at, head);
		to += head;
		assert_int_equal(capture_tail(&capture, stream + at + head, n - head), 0);
	}
	capture_end(&capture, &rest);
	if (rest.omitted_bytes > 0)
		to += capture_mark(&capture, &rest, to);
	if (rest.first_len > 0)
		memcpy(to, rest.first, rest.first_len);
	to += rest.first_len;
	if (rest.second_len > 0)
		memcpy(to, rest.second, rest.second_len);
	to += rest.second_len;
	*to = '\0';
	*ret_len = (size_t)(to - out);
	assert_int_equal(capture.head + capture.total, len);
	capture_drop(&capture);
	return out;
}

struct row {
	const char *title;
	const char *stream;
	size_t size;
	const char *seen;
};

static const struct row rows[] = {
	{"an empty stream stays empty", "", 8, ""},
	{"what fits is whole", "12345678", 8, "12345678"},
	{"what fits is whole, lines and all", "12\n45\n78", 8, "12\n45\n78"},
	{"one byte too many is one marker", "123456789", 8,
	 "1234\n[pk-spawn: 1 byte, 0 lines omitted]\n6789"},
	{"an odd size gives the head one more", "123456789", 7,
	 "1234\n[pk-spawn: 2 bytes, 0 lines omitted]\n789"},
	{"size 1 is a head without a tail", "123", 1, "1\n[pk-spawn: 2 bytes, 0 lines omitted]\n"},
	{"a head that ends with a newline needs none", "123\n5678abcd", 8,
	 "123\n[pk-spawn: 4 bytes, 0 lines omitted]\nabcd"},
	{"omitted newlines are counted", "1234\n\n\n\n5678", 8,
	 "1234\n[pk-spawn: 4 bytes, 4 lines omitted]\n5678"},
	{"a two-byte sequence is not cut at the head", "123\xc3\xa4yyyy5678", 8,
	 "123\n[pk-spawn: 5 bytes, 0 lines omitted]\ny5678"},
	{"a four-byte sequence is not cut at the head", "1\xf0\x9f\x98\x80yyyyyyy", 8,
	 "1\n[pk-spawn: 4 bytes, 0 lines omitted]\nyyyyyyy"},
	{"nor at the tail",
	 "1234xxxx\xf0\x9f\x98\x80"
	 "9",
	 8, "1234\n[pk-spawn: 8 bytes, 0 lines omitted]\n9"},
	{"what is not UTF-8 is cut where it is full",
	 "\xff\xfe\xff\xfe"
	 "xx\xff\xfe\xff\xfe",
	 8, "\xff\xfe\xff\xfe\n[pk-spawn: 2 bytes, 0 lines omitted]\n\xff\xfe\xff\xfe"},
};

static void a_row_is_seen_as_the_table_says(void **state)
{
	const struct row *row = test_now()->row;
	const size_t len = strlen(row->stream);
	size_t got;

	(void)state;
	for (size_t piece = 1; piece <= len + 1; piece++)
		assert_string_equal(seen(row->stream, len, row->size, piece, &got), row->seen);
}

/* Lines of 10 bytes: both cuts find a line border within their eighth. */
static void short_lines_are_cut_between_lines(void **state)
{
	char stream[10 * 1000 + 16];
	size_t got;

	(void)state;
	for (int i = 0; i < 1000; i++)
		(void)snprintf(stream + 10 * i, 16, "line %04u\n", (unsigned)i % 10000);
	for (size_t size = 400; size < 500; size++) {
		const char *text = seen(stream, 10000, size, 4096, &got), *next = NULL;
		unsigned long bytes, lines;
		int kept = 0;

		for (const char *at = text; *at; at = next) {
			next = strchr(at, '\n');
			assert_non_null(next);
			next++;
			if (*at == '[')
				assert_int_equal(sscanf(at,
							"[pk-spawn: %lu bytes, %lu lines omitted]",
							&bytes, &lines),
						 2);
			else
				kept += strncmp(at, "line ", 5) == 0 && next - at == 10;
		}
		assert_int_equal(10 * lines, bytes);
		assert_int_equal(kept + (int)lines, 1000);
		assert_true(10 * (size_t)kept <= size);
		assert_true(10 * (size_t)kept + 2 * size / 16 + 20 >= size);
	}
}

static void the_pieces_make_no_difference(void **state)
{
	static char stream[20000];
	size_t whole_len, len;

	(void)state;
	for (size_t i = 0; i < sizeof(stream); i++)
		stream[i] = i % 37 == 0 ? '\n' : (char)("abc\xc3\xa4\xe2\x82\xac"[i % 8]);
	for (size_t size = 1; size < 3000; size = size * 3 / 2 + 1) {
		const char *whole = seen(stream, sizeof(stream), size, sizeof(stream), &whole_len);

		for (size_t piece = 1; piece < 9000; piece = piece * 2 + 1) {
			const char *text = seen(stream, sizeof(stream), size, piece, &len);

			assert_int_equal(len, whole_len);
			assert_memory_equal(text, whole, len);
		}
	}
}

static void a_capture_can_be_used_again(void **state)
{
	struct capture capture = {0};
	struct capture_rest rest;

	(void)state;
	capture_start(&capture, 4);
	assert_int_equal(capture_head(&capture, "abcdefgh", 8), 2);
	assert_int_equal(capture_tail(&capture, "cdefgh", 6), 0);
	capture_start(&capture, 100);
	assert_int_equal(capture_head(&capture, "xyz", 3), 3);
	capture_end(&capture, &rest);
	assert_int_equal(rest.omitted_bytes, 0);
	assert_int_equal(rest.first_len + rest.second_len, 0);
	capture_drop(&capture);
}

int main(void)
{
	struct CMUnitTest tests[array_len(rows) + 3] = {
		tidy_test(short_lines_are_cut_between_lines),
		tidy_test(the_pieces_make_no_difference),
		tidy_test(a_capture_can_be_used_again),
	};

	for (size_t i = 0; i < array_len(rows); i++)
		tests[3 + i] = (struct CMUnitTest)tidy_row(
			rows[i].title, a_row_is_seen_as_the_table_says, &rows[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
