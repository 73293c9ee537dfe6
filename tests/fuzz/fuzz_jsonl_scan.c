/*
 * The scanner against the reader: no malformed line passes, values of paths are the same, and no line
 * that matches is passed over by a probe.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/jsonread.h"
#include "fields.h"
#include "pred.h"
#include "probe.h"
#include "scan.h"

static struct scan_maps maps;
static struct fields fields;

/* Predicates, each a set of its own. */
static const char *const wheres[] = {"a",     "a=1",	      "a.b=x",	      "b>0",
				     "ts~^2", "a.b.c:=\"x\"", "\xc3\xa9=null"};
#define WHERES (sizeof(wheres) / sizeof(wheres[0]))
static struct pred_set sets[WHERES];
static struct scan_hits hits;

static void need(bool holds)
{
	if (!holds)
		abort();
}

static bool marked(size_t from, size_t to)
{
	for (size_t i = from; i <= to; i++)
		if (maps.wrong[i / 64] >> (i % 64) & 1)
			return true;
	return false;
}

static void set_paths(void)
{
	static const char *const texts[] = {"a", "a.b", "b", "a.b.c", "ts"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *text = texts[i];
		struct path path;

		need(path_parse(&path, &text, "") == 0 && fields_add(&fields, &path) >= 0);
	}
}

static void set_predicates(void)
{
	for (size_t i = 0; i < WHERES; i++) {
		sets[i].scratch.cap = SIZE_MAX / 2;
		need(!pred_add(&sets[i], &fields, wheres[i]));
	}
}

static bool is_admitted(const struct probe *probe, const char *bytes, size_t len, size_t from,
			size_t to)
{
	for (size_t at = from; at < to; at++)
		if ((hits.hit[at / 64] >> (at % 64) & 1) &&
		    probe_admits(probe, bytes + at, bytes + len))
			return true;
	return false;
}

/* Each line that matches must be admitted. */
static void check_probe(const struct scanner *scanner, struct pred_set *set, const char *bytes,
			size_t len)
{
	struct probe probe;
	const char *reason;
	size_t from = 0, at;

	need(probe_make(&probe, set, &fields));
	scanner->find(&hits, bytes, len, probe.text, probe.len);
	for (size_t to = 0; to < len; to++) {
		need((hits.newline[to / 64] >> (to % 64) & 1) == (bytes[to] == '\n'));
		if (bytes[to] != '\n')
			continue;
		if (fields_read(&fields, bytes + from, to - from, &at, &reason) &&
		    pred_match(set, &fields) == 1)
			need(is_admitted(&probe, bytes, len, from, to));
		from = to + 1;
	}
}

static void check_line(const char *bytes, size_t from, size_t to)
{
	struct value walked[FIELDS_MAX];
	const char *reason;
	size_t at;
	const bool valid = jsonread_check(bytes + from, to - from, &at, &reason);
	const bool blank = strspn(bytes + from, " \t\r") >= to - from;

	need(valid || blank || marked(from, to));
	if (!fields_walk(&fields, &maps, bytes, from, to) || !valid)
		return;
	memcpy(walked, fields.values, sizeof(walked));
	need(fields_read(&fields, bytes + from, to - from, &at, &reason));
	for (size_t i = 0; i < fields.count; i++) {
		need(walked[i].token == fields.values[i].token);
		if (walked[i].token != JSONREAD_END)
			need(walked[i].text == fields.values[i].text &&
			     walked[i].len == fields.values[i].len);
	}
}

static void check(const struct scanner *scanner, const char *bytes, size_t len)
{
	size_t from = 0;

	if (!scanner)
		return;
	scanner->scan(&maps, bytes, len, true);
	for (size_t to = 0; to < len; to++) {
		if (bytes[to] != '\n')
			continue;
		check_line(bytes, from, to);
		from = to + 1;
	}
	for (size_t i = 0; i < WHERES; i++)
		check_probe(scanner, &sets[i], bytes, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes;

	if (size + 1 > SCAN_MOST)
		return 0;
	if (fields.count == 0)
		set_paths();
	if (sets[0].count == 0)
		set_predicates();
	bytes = malloc(size + 1 + SCAN_PADDING);
	need(bytes);
	if (size > 0)
		memcpy(bytes, data, size);
	bytes[size] = '\n';
	memset(bytes + size + 1, ' ', SCAN_PADDING);
	for (int set = SCAN_SSE2; set <= SCAN_AVX512; set++)
		check(scan_pick((enum scan_set)set), bytes, size + 1);
	free(bytes);
	return 0;
}
