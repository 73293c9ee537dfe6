/* The bit-parallel scanner never passes a line that the scalar reader refuses; values are the same. */
#include "tests/check.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/jsonread.h"
#include "fields.h"
#include "scan.h"

static struct scan_maps maps;

static bool is_blank(const char *line, size_t len)
{
	return strspn(line, " \t\r") >= len;
}

static bool flagged(size_t from, size_t to)
{
	for (size_t i = from; i <= to; i++)
		if (maps.wrong[i / 64] >> (i % 64) & 1)
			return true;
	return false;
}

/* All lines of text, by the scanner and by the reader. Returns how many valid lines were marked. */
static int compare(const struct scanner *scanner, const char *text, size_t len)
{
	size_t lines = 0, blank = 0, at, from = 0;
	const char *reason;
	int needless = 0;
	char *copy = malloc(len + SCAN_PADDING);

	assert_non_null(copy);
	memcpy(copy, text, len);
	memset(copy + len, ' ', SCAN_PADDING);
	memset(&maps, 0xff, sizeof(maps));
	scanner->scan(&maps, copy, len, true);
	for (size_t to = 0; to < len; to++) {
		const bool newline = copy[to] == '\n';

		assert_int_equal(maps.newline[to / 64] >> (to % 64) & 1, newline);
		if (!newline)
			continue;
		lines++;
		blank += is_blank(copy + from, to - from);
		if (is_blank(copy + from, to - from))
			assert_false(flagged(from, to) && maps.clean);
		else if (!jsonread_check(copy + from, to - from, &at, &reason) &&
			 !flagged(from, to))
			fail_msg("passed: %.*s (%s at %zu)", (int)(to - from), copy + from, reason,
				 at);
		else if (jsonread_check(copy + from, to - from, &at, &reason) && flagged(from, to))
			needless++;
		from = to + 1;
	}
	assert_int_equal(maps.lines, lines);
	if (maps.clean)
		assert_int_equal(maps.blank, blank);
	free(copy);
	return needless;
}

static const char *const samples[] = {
	"{\"ts\":\"2025-08-15T08:53:20.002Z\",\"pid\":49125,\"ok\":true,\"err\":null,\"tags\":["
	"\"a\",\"b\"]}",
	"{ \"a\" : [ 1 , -2.5e-3 , 0 , 0.0 , 1E+9 , -0 ] , \"b\" : { } , \"c\" : [ ] }\r",
	"[{\"a\":{\"b\":[{\"c\":\"d\\\"e\\\\\"}]}},\"\\u00e9\\ud83d\\ude80\\n\",false]",
	"\"caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x9a\x80\"",
	"12345678901234567890123456789012345678901234567890."
	"12345678901234567890e12345678901234567890",
	"   ",
	"",
	"\t{\"key with : and , and {}[]\":\"a:b,c{d}\"}",
	"[[[[[[[[[[{\"x\":[[[[1]]]]}]]]]]]]]]]",
	"{\"long\":"
	"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\\\\\"}",
	"true",
	"nullfalse",
	"{\"a\":1}{\"a\":2}",
	"{\"a\":tru}",
};

static uint64_t seed = 1;

static unsigned below(unsigned n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(seed >> 33) % n;
}

/* Samples, some of them spoilt, one after another, up to len. */
static size_t make(char *text, size_t len, bool spoil)
{
	static const char letters[] =
		"{}[]:,\"\\ \t\r\n0123456789-+.eEtrufalsn/bu\0\x01\x7f\x80\xc3\xe2\xf0\xff";
	size_t at = 0;

	while (at + 256 < len) {
		const char *sample = samples[below(array_len(samples))];
		const size_t n = strlen(sample);

		memcpy(text + at, sample, n);
		for (unsigned k = spoil ? below(3) : 0; k > 0 && n > 0; k--)
			text[at + below((unsigned)n)] = letters[below(sizeof(letters) - 1)];
		at += n;
		text[at++] = '\n';
	}
	return at;
}

static void each_set(void (*call)(const struct scanner *))
{
	for (int set = SCAN_SSE2; set <= SCAN_AVX512; set++)
		if (scan_pick((enum scan_set)set))
			call(scan_pick((enum scan_set)set));
}

static void check_samples(const struct scanner *scanner)
{
	static const char prefix[] =
		"                                                                ";
	char text[512];

	for (size_t i = 0; i < array_len(samples); i++) {
		for (int shift = 0; shift < 64; shift++) {
			const int len =
				snprintf(text, sizeof(text), "%.*s%s\n", shift, prefix, samples[i]);

			assert_int_equal(compare(scanner, text, (size_t)len), 0);
		}
	}
}

static void every_sample_at_every_place_of_a_block(void **state)
{
	(void)state;
	each_set(check_samples);
}

static void check_random(const struct scanner *scanner)
{
	static char text[SCAN_MOST];

	for (int round = 0; round < 300; round++) {
		const size_t len = make(text, 256 + below(8000), round % 4 != 0);

		assert_in_range(compare(scanner, text, len), 0, round % 4 == 0 ? 0 : 200);
	}
}

static void spoilt_lines_are_marked(void **state)
{
	(void)state;
	each_set(check_random);
}

/* A test file as one line between two others. */
static void check_suite_file(const struct scanner *scanner, int folder, const char *name)
{
	static char text[SCAN_MOST];
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	size_t len;

	memcpy(text, "{\"a\":1}\n", 8);
	n = read(fd, text + 8, sizeof(text) - 32);
	(void)close(fd);
	assert_true(n >= 0);
	if ((size_t)n == sizeof(text) - 32)
		return; /* nested 100 000 deep: longer than a batch, the scalar reader's */
	len = 8 + (size_t)n;
	memcpy(text + len, "\n[true]\n", 8);
	(void)compare(scanner, text, len + 8);
}

static void check_suite(const struct scanner *scanner)
{
	char path[512];
	DIR *dir;

	(void)snprintf(path, sizeof(path), "%s/../shared/data/json-test-suite/test_parsing",
		       getenv("PK_TOP") ? getenv("PK_TOP") : ".");
	dir = opendir(path);
	if (!dir)
		return;
	for (struct dirent *entry; (entry = readdir(dir));)
		if (strstr(entry->d_name, ".json"))
			check_suite_file(scanner, dirfd(dir), entry->d_name);
	(void)closedir(dir);
}

static void the_test_suite_is_judged_as_by_the_reader(void **state)
{
	(void)state;
	each_set(check_suite);
}

static void add(struct fields *fields, const char *text)
{
	struct path path;

	assert_int_equal(path_parse(&path, &text, ""), 0);
	assert_true(fields_add(fields, &path) >= 0);
}

static void same_values(struct fields *fields, const char *text, size_t from, size_t to)
{
	struct fields walked;
	const char *reason;
	size_t at;

	if (!jsonread_check(text + from, to - from, &at, &reason))
		return;
	if (!fields_walk(fields, &maps, text, from, to))
		return;
	walked = *fields;
	assert_true(fields_read(fields, text + from, to - from, &at, &reason));
	assert_int_equal(walked.scalar_top, fields->scalar_top);
	for (size_t i = 0; i < fields->count; i++) {
		assert_int_equal(walked.values[i].token, fields->values[i].token);
		if (walked.values[i].token == JSONREAD_END)
			continue;
		assert_ptr_equal(walked.values[i].text, fields->values[i].text);
		assert_int_equal(walked.values[i].len, fields->values[i].len);
		if (walked.values[i].token == JSONREAD_STRING)
			assert_int_equal(walked.values[i].escaped, fields->values[i].escaped);
	}
}

static void check_values(const struct scanner *scanner)
{
	static struct fields fields;
	static char text[SCAN_MOST + SCAN_PADDING];
	static const char *const more[] = {
		"{\"a\":1,\"a\":{\"b\":2},\"c\":[{\"a\":3}],\"d\":\"x\\ny\"}",
		"{\"a\":{\"b\":1,\"c\":{\"a\":5}},\"a\":7}",
		"{\"a\":{\"b\":{\"c\":[1,{\"c\":2}]}},\"b\":{\"a\":\"}\"}, \"ts\" : \"\" }",
		"{\"a\":{\"b\":{\"c\":null}},\"a\":{\"b\":[]}}",
		"{\"\\u0061\":1}",
		"[{\"a\":1}]",
	};

	fields = (struct fields){0};
	add(&fields, "a");
	add(&fields, "a.b");
	add(&fields, "a.b.c");
	add(&fields, "ts");
	add(&fields, "d");
	add(&fields, "tags");
	add(&fields, "b.a");
	for (int round = 0; round < 50; round++) {
		size_t len = 0, from = 0;

		while (len < 4000) {
			const unsigned k = below(array_len(more) + array_len(samples));
			const char *sample =
				k < array_len(more) ? more[k] : samples[k - array_len(more)];

			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s\n", sample);
		}
		memset(text + len, ' ', SCAN_PADDING);
		scanner->scan(&maps, text, len, round % 2);
		for (size_t to = 0; to < len; to++) {
			if (text[to] != '\n')
				continue;
			same_values(&fields, text, from, to);
			from = to + 1;
		}
	}
	fields_drop(&fields);
}

static void values_are_those_of_the_reader(void **state)
{
	(void)state;
	each_set(check_values);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sample_at_every_place_of_a_block),
		cmocka_unit_test(spoilt_lines_are_marked),
		cmocka_unit_test(the_test_suite_is_judged_as_by_the_reader),
		cmocka_unit_test(values_are_those_of_the_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
