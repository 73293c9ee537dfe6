/* The pure parts of a pool: placeholders, items, jobs, sums, the progress line, MAKEFLAGS. */
#include "tests/check.h"
#include "tests/lib/leftover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "feed.h"
#include "flights.h"
#include "jobserver.h"
#include "progress.h"
#include "record.h"
#include "tally.h"
#include "template.h"

#define WORDS(...) ((char *const *)(uintptr_t)(const char *const[]){__VA_ARGS__, NULL})

/* The argv as one text, its words in brackets. */
static const char *fill(char *const *words, bool items, const char *bytes, size_t len, size_t count,
			int *ret_err)
{
	static char text[512];
	struct template template;
	struct template_argv argv = {.pointers = {.cap = 4096}, .text = {.cap = 4096}};
	char copy[256] = {0};
	struct template_job job = {.seq = 12, .slot = 3, .items = copy, .len = len, .count = count};
	size_t at = 0;

	memcpy(copy, bytes, len);
	template_read(&template, words, items);
	*ret_err = template_fill(&template, &job, &argv);
	text[0] = '\0';
	for (char **word = template_argv(&argv); *ret_err == 0 && *word; word++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "[%s]", *word);
	buf_drop(&argv.pointers);
	buf_drop(&argv.text);
	return text;
}

static void placeholders_become_words_without_a_shell(void **state)
{
	const struct {
		const char *words[5];
		const char *items;
		size_t count;
		const char *want;
	} rows[] = {
		{{"c"}, "a b", 1, "[c][a b]"},
		{{"c", "{}"}, "a b", 1, "[c][a b]"},
		{{"c", "x{}y{}"}, "i", 1, "[c][xiyi]"},
		{{"c", "{#}-{%}", "{}"}, "i", 1, "[c][12-3][i]"},
		{{"c", "{#}"}, "i", 1, "[c][12][i]"},
		{{"c", "{", "{}}", "{{}"}, "i", 1, "[c][{][i}][{i]"},
		{{"c", "{x}", "{ }"}, "i", 1, "[c][{x}][{ }][i]"},
		{{"c", "{}"}, "{#}", 1, "[c][{#}]"},
		{{"c", "x{}"}, "{}", 1, "[c][x{}]"},
		{{"{}", "z"}, "i", 1, "[i][z]"},
		{{"c", "{}", "z"}, "a\0b", 2, "[c][a][b][z]"},
		{{"c", "z"}, "a\0b", 2, "[c][z][a][b]"},
		{{"c", "<{}>"}, "", 1, "[c][<>]"},
		{{"c", ""}, "", 1, "[c][][]"},
	};

	(void)state;
	for (size_t i = 0; i < array_len(rows); i++) {
		size_t len = 0;
		int err;

		for (size_t n = 0; n < rows[i].count; n++)
			len += strlen(rows[i].items + len) + 1;
		assert_string_equal(fill((char *const *)(uintptr_t)rows[i].words, true,
					 rows[i].items, len, rows[i].count, &err),
				    rows[i].want);
		assert_int_equal(err, 0);
	}
}

static void an_item_that_is_input_is_no_word(void **state)
{
	int err;

	(void)state;
	assert_string_equal(fill(WORDS("jq", "{}", "{#}"), false, "i", 2, 1, &err), "[jq][{}][12]");
}

static void too_many_words_are_told(void **state)
{
	static char many[200];
	int err;

	(void)state;
	memset(many, 'x', sizeof(many) - 1);
	(void)fill(WORDS("c", "{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}"), true, many,
		   sizeof(many), 1, &err);
	assert_int_equal(err, -E2BIG);
}

static void a_template_knows_what_varies(void **state)
{
	struct template template;

	(void)state;
	template_read(&template, WORDS("c", "a{}"), true);
	assert_true(template.has_item && template.inside && template_is_fixed(&template));
	template_read(&template, WORDS("{}", "{}"), true);
	assert_true(template.has_item && !template.inside && !template_is_fixed(&template));
	template_read(&template, WORDS("c{%}"), true);
	assert_true(!template.has_item && !template_is_fixed(&template));
}

/* Feed the text through a pipe in pieces of `piece` bytes; the jobs as one text. */
static const char *jobs_of(const char *text, size_t len, size_t piece, char separator, size_t most)
{
	static char out[1024];
	struct feed feed = {.max_args = most, .job = {.cap = 2 * FEED_BYTES}};
	size_t at = 0, used = 0;
	int ends[2], got;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	feed.items = (struct items){.fd = ends[0],
				    .own = ends[0],
				    .separator = separator,
				    .file = -1,
				    .bytes = {.cap = ITEMS_LONGEST + 2 * ITEMS_WINDOW}};
	out[0] = '\0';
	for (;;) {
		struct feed_job job;

		got = feed_next(&feed, &job);
		if (got == -EAGAIN) {
			size_t n = len - at < piece ? len - at : piece;

			if (n > 0)
				assert_int_equal(write(ends[1], text + at, n), n);
			else if (ends[1] >= 0)
				assert_int_equal(close(ends[1]), 0);
			if (n == 0)
				ends[1] = -1;
			at += n;
			assert_int_equal(feed_read(&feed), 0);
			continue;
		}
		if (got <= 0)
			break;
		used += (size_t)snprintf(out + used, sizeof(out) - used, "%s", job.err ? "!" : "");
		for (size_t i = 0; i < job.len; i++)
			out[used++] = job.items[i] ? job.items[i] : '|';
		out[used++] = ';';
		out[used] = '\0';
	}
	assert_int_equal(got, 0);
	feed_drop(&feed);
	return out;
}

static void items_are_lines_and_nothing_else(void **state)
{
	const struct {
		const char *text;
		size_t len;
		char separator;
		size_t most;
		const char *want;
	} rows[] = {
		{"", 0, '\n', 1, ""},
		{"a\n", 2, '\n', 1, "a|;"},
		{"a", 1, '\n', 1, "a|;"},
		{"a b\n it's\n", 10, '\n', 1, "a b|; it's|;"},
		{"\n\na\n", 4, '\n', 1, "|;|;a|;"},
		{"a\0\nb\0", 5, '\0', 1, "a|;\nb|;"},
		{"a,b,,c", 6, ',', 1, "a|;b|;|;c|;"},
		{"a\nb\nc\nd\ne\n", 10, '\n', 2, "a|b|;c|d|;e|;"},
		{"a\nb\nc\n", 6, '\n', 9, "a|b|c|;"},
		/* A NUL cannot be in an argument: that item fails alone. */
		{"a\nb\0c\nd\n", 8, '\n', 2, "a|;!b|c|;d|;"},
	};

	(void)state;
	for (size_t i = 0; i < array_len(rows); i++)
		for (size_t piece = 1; piece <= 5; piece++)
			assert_string_equal(jobs_of(rows[i].text, rows[i].len, piece,
						    rows[i].separator, rows[i].most),
					    rows[i].want);
}

/* Take one item from a file of len bytes 'x' and a line "y". */
static void take_long(size_t len, bool unbounded, struct item *item, struct items *items)
{
	const char *path = test_path("long");
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	for (size_t i = 0; i < len; i++)
		(void)fputc('x', file);
	(void)fputs("\ny\n", file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(items_open(items, path, '\n', unbounded), 0);
	while (items_next(items, item) == -EAGAIN)
		assert_int_equal(items_read(items), 0);
}

static void a_longer_item_loses_its_end_or_goes_to_a_file(void **state)
{
	static const size_t lens[] = {
		ITEMS_LONGEST - 1, ITEMS_LONGEST, ITEMS_LONGEST + 1, ITEMS_LONGEST + ITEMS_WINDOW,
		3 * ITEMS_LONGEST,
	};

	(void)state;
	for (size_t i = 0; i < array_len(lens); i++)
		for (int unbounded = 0; unbounded < 2; unbounded++) {
			const bool is_long = lens[i] > ITEMS_LONGEST;
			struct items items;
			struct item item;

			take_long(lens[i], unbounded, &item, &items);
			assert_int_equal(item.too_long, is_long);
			assert_int_equal(item.len, is_long ? ITEMS_LONGEST : lens[i]);
			assert_int_equal(item.bytes[item.len], '\0');
			assert_int_equal(item.file >= 0, is_long && unbounded);
			if (item.file >= 0) {
				assert_int_equal(lseek(item.file, 0, SEEK_END), lens[i]);
				assert_int_equal(close(item.file), 0);
			}
			while (items_next(&items, &item) == -EAGAIN)
				assert_int_equal(items_read(&items), 0);
			assert_string_equal(item.bytes, "y");
			while (items_next(&items, &item) == -EAGAIN)
				assert_int_equal(items_read(&items), 0);
			assert_true(items.ended && items.at == items.bytes.len);
			items_drop(&items);
		}
}

static void what_was_not_taken_is_put_back(void **state)
{
	const char *path = test_file("items", "a\nb\nc\n", 0600);
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct items items = {
		.fd = fd, .own = -1, .separator = '\n', .file = -1, .bytes = {.cap = 65536}};
	struct item item;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(items_next(&items, &item), -EAGAIN);
	assert_int_equal(items_count(&items), 3);
	assert_int_equal(items_read(&items), 0);
	assert_int_equal(items_next(&items, &item), 1);
	items_drop(&items);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 2);
	assert_int_equal(close(fd), 0);
}

static void only_jobs_with_a_slot_are_running(void **state)
{
	struct flights flights;
	struct flight *first;

	(void)state;
	assert_int_equal(flights_open(&flights, 3), 0);
	first = flights_add(&flights, 1, "a", 2, 1);
	assert_non_null(first);
	assert_non_null(flights_add(&flights, 2, "b", 2, 1));
	assert_int_equal(flights_running(&flights), 0);
	first->slot = 0;
	assert_int_equal(flights_running(&flights), 1);
	flights_remove(&flights, first);
	assert_int_equal(flights_running(&flights), 0);
	flights_drop(&flights);
}

static void the_first_failure_decides_as_the_rules_say(void **state)
{
	const struct {
		struct tally_rules rules;
		int statuses[4];
		enum tally_step last;
		int ending;
	} rows[] = {
		{{HALT_NEVER, false}, {0, 0, 0, 0}, TALLY_GO_ON, 0},
		{{HALT_NEVER, false}, {0, 3, 0, 0}, TALLY_GO_ON, 123},
		{{HALT_SOON, false}, {0, 0, 0, 3}, TALLY_START_NO_MORE, 3},
		{{HALT_NOW, false}, {0, 0, 0, 137}, TALLY_STOP_ALL, 137},
		{{HALT_NOW, false}, {0, 0, 4, 137}, TALLY_GO_ON, 4},
		{{HALT_NEVER, true}, {1, 2, 3, 0}, TALLY_STOP_ALL, 0},
		{{HALT_NEVER, true}, {1, 2, 3, 4}, TALLY_GO_ON, 123},
	};

	(void)state;
	for (size_t i = 0; i < array_len(rows); i++) {
		struct tally tally = {.rules = &rows[i].rules};
		enum tally_step step = TALLY_GO_ON;

		for (int n = 0; n < 4; n++)
			step = tally_add(&tally, rows[i].statuses[n] == 0, rows[i].statuses[n], "i",
					 2);
		assert_int_equal(step, rows[i].last);
		assert_int_equal(ending_status(tally_ending(&tally)), rows[i].ending);
	}
}

static void the_line_names_what_failed(void **state)
{
	const struct tally_rules rules = {0};
	struct tally tally = {.rules = &rules};
	char line[TALLY_LINE_MAX];

	(void)state;
	(void)tally_add(&tally, true, 0, "a", 2);
	tally_line(&tally, line);
	assert_string_equal(line, "");
	(void)tally_add(&tally, false, 124, "b", 2);
	(void)tally_add(&tally, false, 1, "c\0d", 4);
	tally_line(&tally, line);
	assert_string_equal(line, "2 of 3 jobs failed: 'b' (124), 'c d' (1)");
	for (int i = 0; i < 9; i++)
		(void)tally_add(&tally, false, 1, "e", 2);
	tally.stopped = 2;
	tally.not_run = 1;
	tally_line(&tally, line);
	assert_string_equal(line, "11 of 14 jobs failed: 'b' (124), 'c d' (1), 'e' (1), 'e' (1), "
				  "'e' (1), ...; 2 were stopped; 1 was not run");
}

static void a_long_name_ends_between_characters(void **state)
{
	char name[8];

	(void)state;
	assert_int_equal(tally_name(name, sizeof(name), "abcd", 5), 4);
	assert_string_equal(name, "abcd");
	/* Four bytes and "..." fit; the second two-byte character would not. */
	assert_int_equal(tally_name(name, sizeof(name), "abc\xc3\xa4\xc3\xa4", 8), 6);
	assert_string_equal(name, "abc...");
}

static void the_progress_line_fits_the_terminal(void **state)
{
	const struct progress_view view = {
		.done = 12,
		.failed = 2,
		.running = 4,
		.total = 40,
		.elapsed = 6 * NS_PER_S,
		.slowest = "a\tb",
		.slowest_ns = 65 * NS_PER_S,
	};
	char text[PROGRESS_TEXT_MAX];

	(void)state;
	(void)progress_text(text, &view, 200);
	assert_string_equal(text,
			    "12/40 done, 2 failed, 4 running, 2.0/s, 14s left, slowest 'a?b' 65s");
	for (size_t columns = 0; columns < 100; columns++)
		assert_true(progress_text(text, &view, columns) <= (columns > 0 ? columns - 1 : 0));
	(void)progress_text(text, &(struct progress_view){.total = -1, .running = 1}, 80);
	assert_string_equal(text, "0 done, 1 running");
}

static void makeflags_name_the_jobserver(void **state)
{
	const struct {
		const char *text;
		enum jobserver_kind kind;
		int in, out;
		const char *path;
	} rows[] = {
		{NULL, JOBSERVER_NONE, -1, -1, NULL},
		{"", JOBSERVER_NONE, -1, -1, NULL},
		{"k", JOBSERVER_NONE, -1, -1, NULL},
		{" -j4 --jobserver-auth=3,4", JOBSERVER_PIPE, 3, 4, NULL},
		{"n -j4 --jobserver-fds=5,6 -k", JOBSERVER_PIPE, 5, 6, NULL},
		{" -j --jobserver-auth=fifo:/tmp/GMfifo1", JOBSERVER_FIFO, -1, -1, "/tmp/GMfifo1"},
		{" --jobserver-auth=-2,-2", JOBSERVER_CLOSED, -1, -1, NULL},
		{" --jobserver-auth=3", JOBSERVER_CLOSED, -1, -1, NULL},
		{" --jobserver-auth=fifo:", JOBSERVER_CLOSED, -1, -1, NULL},
		{" --jobserver-auth=3,4 --jobserver-auth=7,8", JOBSERVER_PIPE, 7, 8, NULL},
		{" -- X=--jobserver-auth=3,4", JOBSERVER_NONE, -1, -1, NULL},
		{" -j4 -- --jobserver-auth=3,4", JOBSERVER_NONE, -1, -1, NULL},
		{"x--jobserver-auth=3,4", JOBSERVER_NONE, -1, -1, NULL},
	};

	(void)state;
	for (size_t i = 0; i < array_len(rows); i++) {
		struct jobserver_auth auth;

		jobserver_parse(rows[i].text, &auth);
		assert_int_equal(auth.kind, rows[i].kind);
		if (auth.kind == JOBSERVER_PIPE)
			assert_true(auth.in == rows[i].in && auth.out == rows[i].out);
		if (rows[i].path) {
			assert_int_equal(auth.path_len, strlen(rows[i].path));
			assert_memory_equal(auth.path, rows[i].path, auth.path_len);
		}
	}
}

static void a_foreign_descriptor_is_no_jobserver(void **state)
{
	struct jobserver jobserver;
	int ends[2], other[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(pipe2(other, O_CLOEXEC), 0);
	assert_int_equal(
		jobserver_open(&jobserver, test_text("--jobserver-auth=%d,%d", ends[0], other[1])),
		0);
	assert_int_equal(jobserver.kind, JOBSERVER_CLOSED);
	assert_int_equal(
		jobserver_open(&jobserver, test_text("--jobserver-auth=%d,%d", ends[1], ends[0])),
		0);
	assert_int_equal(jobserver.kind, JOBSERVER_CLOSED);
	assert_int_equal(jobserver_open(&jobserver, "--jobserver-auth=900,901"), 0);
	assert_int_equal(jobserver.kind, JOBSERVER_CLOSED);
	assert_int_equal(
		jobserver_open(&jobserver, test_text("--jobserver-auth=%d,%d", ends[0], ends[1])),
		0);
	assert_int_equal(jobserver.kind, JOBSERVER_PIPE);
	assert_int_equal(jobserver_take(&jobserver), 0);
	assert_int_equal(write(ends[1], "ab", 2), 2);
	assert_int_equal(jobserver_take(&jobserver), 1);
	assert_int_equal(jobserver_take(&jobserver), 1);
	assert_int_equal(jobserver_take(&jobserver), 0);
	assert_int_equal(jobserver_held(&jobserver), 2);
	/* What is out when it is over goes back. */
	jobserver_drop(&jobserver);
	char back[2];
	assert_int_equal(read(ends[0], back, 2), 2);
	assert_true(back[0] + back[1] == 'a' + 'b');
	for (int i = 0; i < 2; i++) {
		assert_int_equal(close(ends[i]), 0);
		assert_int_equal(close(other[i]), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tidy_test(placeholders_become_words_without_a_shell),
		tidy_test(an_item_that_is_input_is_no_word),
		tidy_test(too_many_words_are_told),
		tidy_test(a_template_knows_what_varies),
		tidy_test(items_are_lines_and_nothing_else),
		tidy_test(a_longer_item_loses_its_end_or_goes_to_a_file),
		tidy_test(what_was_not_taken_is_put_back),
		tidy_test(the_first_failure_decides_as_the_rules_say),
		tidy_test(only_jobs_with_a_slot_are_running),
		tidy_test(the_line_names_what_failed),
		tidy_test(a_long_name_ends_between_characters),
		tidy_test(the_progress_line_fits_the_terminal),
		tidy_test(makeflags_name_the_jobserver),
		tidy_test(a_foreign_descriptor_is_no_jobserver),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
