/* filter, count and validate from outside. */
#include "tests/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/events.h"
#include "tests/lib/pty.h"
#include "tests/lib/run.h"

#define PK(...) run(ARGV("pk-jsonl", __VA_ARGS__), NULL)

static const char log_text[] = "{\"type\":\"a\",\"n\":1.0,\"s\":\"x\\ty\"}\n"
			       "{\"type\":\"b\",\"n\":1e2}\r\n"
			       "\n"
			       "not json\n"
			       "{\"type\":\"a\",\"n\":9007199254740993,\"o\":{\"k\":[1,2]}}\n";

static void matching_lines_come_byte_for_byte(void **state)
{
	const char *log = test_file("log", log_text, 0644);
	struct run *r = PK("filter", "-w", "n>=1", log);

	(void)state;
	assert_status(r, 0);
	assert_string_equal(
		r->out, "{\"type\":\"a\",\"n\":1.0,\"s\":\"x\\ty\"}\n{\"type\":\"b\",\"n\":1e2}\r\n"
			"{\"type\":\"a\",\"n\":9007199254740993,\"o\":{\"k\":[1,2]}}\n");
	assert_has(r->err, "log:4:1: expected a value");
	assert_lines(r->err, 1);
	r = PK("filter", "-q", "-w", "n=9007199254740992", log);
	assert_string_equal(r->out, "");
	assert_string_equal(r->err, "");
}

static void rows_of_options(void **state)
{
	const char *log = test_file("log", log_text, 0644);
	const struct {
		const char *const *argv;
		int status;
		const char *out;
	} rows[] = {
		{ARGV("pk-jsonl", "filter", "-q", log), 0, ""},
		{ARGV("pk-jsonl", "filter", "-e", "-w", "zz", log), 1, ""},
		{ARGV("pk-jsonl", "filter", "--strict", "-w", "zz", log), 1, ""},
		{ARGV("pk-jsonl", "filter", "-w", "type=a", "-w", "n=1", "-s", "n", log), 0,
		 "{\"n\":1.0}\n"},
		{ARGV("pk-jsonl", "filter", "--any", "-w", "type=b", "-w", "n=1", "-s", "n", log),
		 0, "{\"n\":1.0}\n{\"n\":1e2}\n"},
		{ARGV("pk-jsonl", "filter", "-v", "-w", "type=a", "-s", "type", log), 0,
		 "{\"type\":\"b\"}\n"},
		{ARGV("pk-jsonl", "filter", "-m", "1", "-s", "type,zz,s", log), 0,
		 "{\"type\":\"a\",\"s\":\"x\\ty\"}\n"},
		{ARGV("pk-jsonl", "filter", "-m", "0", log), 0, ""},
		{ARGV("pk-jsonl", "filter", "-s", "s,n", "-o", "tsv", log), 0,
		 "x\\ty\t1.0\n\t1e2\n\t9007199254740993\n"},
		{ARGV("pk-jsonl", "filter", "-s", "s", "-o", "raw", log), 0, "x\ty\n"},
		{ARGV("pk-jsonl", "filter", "-s", "o.k", "-w", "o.k.1=2", log), 0,
		 "{\"o.k\":[1,2]}\n"},
		{ARGV("pk-jsonl", "filter", "-s", "zz", "-m1", log), 0, "{}\n"},
		{ARGV("pk-jsonl", "filter", log, "-n", "-w", "n=100", "-s", "n"), 0,
		 "2:{\"n\":1e2}\n"},
		{ARGV("pk-jsonl", "filter", "--unchecked", "-w", "type=b", "-s", "type", log), 0,
		 "{\"type\":\"b\"}\n"},
		{ARGV("pk-jsonl", "filter", "--missing-ok", "nothing-there"), 0, ""},
		{ARGV("pk-jsonl", "count", log), 0, "3\n"},
		{ARGV("pk-jsonl", "count", "--lines", log), 0, "5\n"},
		{ARGV("pk-jsonl", "count", "-w", "type=a", log, log), 0, "4\n"},
		{ARGV("pk-jsonl", "count", "-m", "1", "-w", "type=a", log), 0, "1\n"},
		{ARGV("pk-jsonl", "count", "-e", "-w", "type=z", log), 1, "0\n"},
		{ARGV("pk-jsonl", "count", "--strict", log), 1, "3\n"},
		{ARGV("pk-jsonl", "count", "-b", "type", log), 0, "a\t2\nb\t1\n"},
		{ARGV("pk-jsonl", "count", "-b", "s", "-o", "tsv", log), 0, "\t2\nx\\ty\t1\n"},
		{ARGV("pk-jsonl", "count", "--stats", "n", "-w", "n<1000", log), 0,
		 "n=2\tmin=1\tp50=1.02\tp90=100\tp99=100\tmax=100\tsum=101\n"},
		{ARGV("pk-jsonl", "count", "--stats", "zz", log), 0, "n=0\n"},
		{ARGV("pk-jsonl", "count", "--stats", "n", "-b", "type", "-w", "type=b", log), 0,
		 "b\tn=1\tmin=100\tp50=100\tp90=100\tp99=100\tmax=100\tsum=100\n"},
		{ARGV("pk-jsonl", "count", "--max-groups", "1", "-b", "type", log), 125, ""},
		{ARGV("pk-jsonl", "count", "--missing-ok", "nothing-there"), 0, "0\n"},
		{ARGV("pk-jsonl", "validate", log), 1, ""},
		{ARGV("pk-jsonl", "validate", "--max-line", "20", log), 1, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct run *r = run(rows[i].argv, NULL);

		assert_status(r, rows[i].status);
		if (strcmp(r->out, rows[i].out) != 0)
			fail_msg("row %zu: %s", i, r->out);
	}
}

static void a_mistake_is_125_with_a_hint(void **state)
{
	const char *const *const rows[] = {
		ARGV("pk-jsonl"),
		ARGV("pk-jsonl", "filtre"),
		ARGV("pk-jsonl", "filter", "--were", "a"),
		ARGV("pk-jsonl", "filter", "-w", "a>"),
		ARGV("pk-jsonl", "filter", "-w", "a:zz:1"),
		ARGV("pk-jsonl", "filter", "-w", ""),
		ARGV("pk-jsonl", "filter", "-s", "a,,b"),
		ARGV("pk-jsonl", "filter", "-o", "raw"),
		ARGV("pk-jsonl", "filter", "--unchecked", "--strict"),
		ARGV("pk-jsonl", "count", "--lines", "-b", "x"),
		ARGV("pk-jsonl", "filter", "--max-line", "0"),
		ARGV("pk-jsonl", "follow"),
		ARGV("pk-jsonl", "rotate", "a", "b"),
		ARGV("pk-jsonl", "append"),
		ARGV("pk-jsonl", "append", "f", "novalue"),
		ARGV("pk-jsonl", "append", "f", "a=1", "a:=2"),
		ARGV("pk-jsonl", "append", "f", "a:=x"),
		ARGV("pk-jsonl", "append", "--mode", "9", "f"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct run *r = run(rows[i], NULL);

		assert_status(r, 125);
		assert_has(r->err, "Try 'pk-jsonl --help'.");
		assert_string_equal(r->out, "");
	}
	assert_has(run(rows[2], NULL)->err, "did you mean '--where'?");
}

static void help_is_there_for_each_verb(void **state)
{
	static const char *const verbs[] = {"append",	"filter", "count", "follow",
					    "validate", "repair", "rotate"};

	(void)state;
	assert_has(PK("--help")->out, "Verbs:");
	assert_has(PK("--version")->out, "pk-jsonl (pk) ");
	for (size_t i = 0; i < 7; i++) {
		struct run *r = PK(verbs[i], "--help");
		size_t width = 0;

		assert_status(r, 0);
		assert_has(r->out, "Exit status:");
		for (const char *p = r->out; *p; p++) {
			width = *p == '\n' ? 0 : width + 1;
			assert_in_range(width, 0, 79);
		}
	}
}

static void the_reader_rules(void **state)
{
	const char *crlf = test_file("bom", "\xef\xbb\xbf{\"a\":1}\r\n  \t\r\n{\"a\":2}", 0644);
	const char *torn = test_file("torn", "{\"a\":1}\n{\"a\":", 0644);
	struct run *r = PK("filter", crlf);

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "{\"a\":1}\r\n{\"a\":2}\n");
	r = PK("validate", torn);
	assert_status(r, 1);
	assert_has(r->err, "torn:2:6: torn record at end of file");
	r = run(ARGV("pk-jsonl", "validate"),
		HOW(.input = "{\"a\":\"\0\"}\n\0\n", .input_len = 12));
	assert_status(r, 1);
	assert_has(r->err, "-:1:7: NUL byte");
	assert_has(r->err, "-:2:1: NUL byte");
	r = run(ARGV("pk-jsonl", "filter", "-w", "a"),
		HOW(.input = "[1,2\n,3]\n{\"a\":1}\n\"\\ud800\"\n"));
	assert_status(r, 0);
	assert_string_equal(r->out, "{\"a\":1}\n");
	assert_lines(r->err, 2);
}

static void a_line_that_is_too_long_is_passed_over(void **state)
{
	char *text = test_keep(malloc(3000001));
	struct run *r;

	(void)state;
	memset(text, 'x', 3000000);
	memcpy(text + 1000, "\n", 1);
	memcpy(text + 2999990, "\n{\"a\":1}\n\n", 10);
	text[3000000] = '\0';
	r = run(ARGV("pk-jsonl", "filter", "--max-line", "1M"), HOW(.input = text));
	assert_status(r, 0);
	assert_string_equal(r->out, "{\"a\":1}\n");
	assert_has(r->err, "-:1:1: expected a value");
	assert_has(r->err, "-:2:1048577: line longer than --max-line");
	assert_lines(r->err, 2);
}

static void many_faults_are_summed_up(void **state)
{
	const char *events = events_path();
	struct run *r = run(ARGV("pk-jsonl", "validate", "--events", events),
			    HOW(.input = "x\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\n{}\n"));

	(void)state;
	assert_status(r, 1);
	assert_lines(r->err, 11);
	assert_has(r->err, "pk-jsonl: 2 more malformed lines");
	assert_int_equal(event_count(events, "malformed"), 12);
	assert_true(event_number(event_find(events, "summary"), "malformed") == 12);
	assert_true(event_number(event_find(events, "summary"), "records") == 1);
	assert_true(event_number(event_find(events, "end"), "status") == 1);
}

static void a_report_is_json(void **state)
{
	struct run *r =
		run(ARGV("pk-jsonl", "validate", "--report"), HOW(.input = "{}\n{\"a\":1,}\n"));

	(void)state;
	assert_status(r, 1);
	assert_string_equal(r->out,
			    "{\"file\":\"-\",\"line\":2,\"column\":8,\"offset\":3,\"bytes\":8,"
			    "\"reason\":\"expected a key in quotes\"}\n");
	assert_string_equal(r->err, "");
}

static void keys_are_unique_when_asked(void **state)
{
	struct run *r = run(ARGV("pk-jsonl", "validate", "--unique-keys"),
			    HOW(.input = "{\"a\":{\"a\":1},\"b\":[{\"a\":1},{\"a\":2}]}\n{\"ab\":1,"
					 "\"\\u0061b\":2}\n"));

	(void)state;
	assert_status(r, 1);
	assert_lines(r->err, 1);
	assert_has(r->err, "-:2:9: duplicate key");
}

static void a_document_is_one_value(void **state)
{
	const char *good = test_file("good", "{\n \"a\": [\n1\n]\n}\n", 0644);
	const char *wrong = test_file("wrong", "{\n \"a\": [\n1,\n]\n}\n", 0644);
	struct run *r = PK("validate", "--document", good, wrong);

	(void)state;
	assert_status(r, 1);
	assert_has(r->err, "wrong:4:1: expected a value");
	assert_lines(r->err, 1);
	assert_status(PK("validate", "--document", good), 0);
	assert_status(PK("validate", "--document", "--unique-keys", good), 0);
	assert_status(PK("validate", "--document", "--max-line", "4", good), 1);
}

static void output_that_is_lost_is_125(void **state)
{
	const char *log = test_file("log", log_text, 0644);
	const int full = test_keep_fd(open("/dev/full", O_WRONLY | O_CLOEXEC));

	(void)state;
	assert_status(run(ARGV("pk-jsonl", "filter", log), HOW(.fds = {{full, 1}})), 125);
	assert_status(run(ARGV("pk-jsonl", "count", log), HOW(.fds = {{full, 1}})), 125);
	assert_status(run(ARGV("pk-jsonl", "--help"), HOW(.fds = {{full, 1}})), 125);
	assert_status(run(ARGV("pk-jsonl", "filter", log), HOW(.closed = {false, true, false})),
		      125);
	assert_status(PK("filter", "no-such-file"), 125);
	assert_status(PK("filter", "."), 125);
}

static void a_reader_that_goes_ends_it_quietly(void **state)
{
	int ends[2];
	struct run *r;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	close(ends[0]);
	r = run(ARGV("pk-jsonl", "filter"), HOW(.input = "{}\n", .fds = {{ends[1], 1}}));
	close(ends[1]);
	assert_signal(r, SIGPIPE);
	assert_string_equal(r->err, "");
}

static void events_never_go_to_the_input_or_output(void **state)
{
	const char *log = test_file("log", log_text, 0644);
	struct run *r = PK("filter", "--events", log, log);

	(void)state;
	assert_status(r, 125);
	assert_has(r->err, "events cannot go to");
	assert_status(PK("append", "--events", log, log, "a=1"), 125);
}

static void records_are_shown_as_they_come(void **state)
{
	struct run *r = start(ARGV("pk-jsonl", "filter", "-w", "a=1"), HOW(.keep_input = true));

	(void)state;
	run_write(r, "{\"a\":1,\"b\":2}\n{\"a\":");
	run_wait_out(r, "\"b\":2");
	run_write(r, "1,\"b\":3}\n");
	run_wait_out(r, "\"b\":3");
	run_close_input(r);
	finish(r);
	assert_status(r, 0);
}

/* Large enough for the scanner; every way must give the same. */
static const char *large_log(void)
{
	const char *path = test_path("large");
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	for (int i = 0; i < 40000; i++) {
		if (i % 1000 == 7)
			(void)fputs("{\"torn\":\"\n", file);
		if (i % 1000 == 9)
			(void)fputs("\n", file);
		(void)fprintf(
			file,
			"{\"i\":%d,\"type\":\"%s\",\"text\":\"%.*s\\\"\",\"o\":{\"i\":%d.5}}\n", i,
			i % 3 ? "x" : "yes", i % 97,
			"caf\xc3\xa9 and some more text that goes over several blocks of the "
			"scanner, "
			"with \xe2\x82\xac and such",
			i);
	}
	assert_int_equal(fclose(file), 0);
	return path;
}

static void large_inputs_give_the_same(void **state)
{
	const char *log = large_log();
	struct run *r = PK("count", log);

	(void)state;
	assert_status(r, 0);
	/* The text is cut in the middle of a character now and then. */
	assert_lines(r->err, 11);
	assert_has(r->err, "large:8:10: unterminated string");
	/* Small parts are read by the scalar reader; of 334 lines 10 are cut inside a character. */
	r = run(ARGV("sh", "-c",
		     "set -e; exec 2>/dev/null; q='-w type=yes -w o.i>39000';"
		     "pk-jsonl filter $q \"$0\" >a; pk-jsonl filter --unchecked $q \"$0\" >b;"
		     "split -l 300 \"$0\" part; for p in part*; do pk-jsonl filter $q $p; done >c;"
		     "cmp a b; cmp a c; wc -l <a; rm a b c part*",
		     log),
		NULL);
	assert_string_equal(r->out, "324\n");
	assert_status(r, 0);
}

static void bars_are_for_terminals(void **state)
{
	const char *log = test_file("log", log_text, 0644);
	struct pty *p = pty_start(ARGV("pk-jsonl", "count", "-q", "--by", "type", log), NULL);

	(void)state;
	pty_finish(p);
	assert_string_equal(p->text, "");
	p = pty_start(ARGV("pk-jsonl", "count", "--by", "type", "-w", "type", log), NULL);
	pty_finish(p);
	assert_has(p->text, "66.7%");
	assert_has(p->text, "####");
	assert_has(PK("count", "-b", "type", "-o", "bars", log)->out, "33.3%");
}

/* The same records, by the probe and without it, where a key or value is spelt in other ways. */
static void no_spelling_is_passed_over(void **state)
{
	static const char text[] =
		"{\"type\":\"yes\"}\n"
		"{ \"type\" : \"y\\u0065s\" , \"o\":{\"type\":1}}\r\n"
		"{\"ty\\u0070e\":\"yes\"}\n"
		"{\"type\":\"yes\",\"type\":\"no\"}\n"
		"{\"type\":\"no\",\"type\":\"yes\"}\n"
		"{\"o\":{\"type\":\"yes\"}}\n"
		"{\"m\":\"\\\"type\\\":\\\"yes\\\"\"}\n"
		"{\"o\":\"type\",\"type\":[\"yes\"]}\n"
		"\n"
		"[\"type\",\"yes\"]\n"
		"{\"type\":\"yes\"\n"
		"{\"type\":\"ye\n"
		"{\"type\":\"yes\",\"a key of more than thirty-two bytes\":\"yes\"}\n";
	const char *log = test_path("log");
	struct run *r = run(
		ARGV("sh", "-c",
		     "set -e; exec 2>/dev/null; printf '%s' \"$1\" >part;"
		     "for i in $(seq 300); do cat part; done >\"$0\";"
		     "for q in type=yes type o.type=yes o.type=1 'type:=\"yes\"' type:has:es "
		     "type~^y "
		     "'a key of more than thirty-two bytes=yes' 'type>w' 'type!=yes' '!o'; do"
		     " for f in \"\" --unchecked; do"
		     "  pk-jsonl filter -n $f -w \"$q\" \"$0\" >a;"
		     "  pk-jsonl filter -n $f --any -w \"$q\" -w nowhere=1 \"$0\" >b; cmp a b;"
		     "  [ $(wc -l <a) = $((300 * $(pk-jsonl filter $f -w \"$q\" part | wc -l))) ];"
		     " done;"
		     " [ $(pk-jsonl count -w \"$q\" \"$0\") = $(wc -l <a) ];"
		     "done; PK_EVENTS=$PWD/e pk-jsonl filter -qw type=yes -w nowhere=1 \"$0\" || :;"
		     "PK_EVENTS=$PWD/e pk-jsonl count -w type=yes \"$0\";"
		     "pk-jsonl filter -s records,malformed -w event=summary e; rm a b e part",
		     log, text),
		NULL);

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "1500\n{\"records\":3000,\"malformed\":600}\n"
				    "{\"records\":3000,\"malformed\":600}\n");
}

/* A file of 64 GiB without a byte on the disk; cut off once the line has been seen. */
static void a_long_scan_shows_how_far_it_is(void **state)
{
	const char *log = test_path("log");
	struct pty *p;
	int fd = open(log, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	(void)state;
	assert_int_equal(ftruncate(fd, (off_t)64 << 30), 0);
	p = pty_start(ARGV("env", "TERM=vt100", "pk-jsonl", "count", "--lines", log), NULL);
	pty_expect(p, "\r\033[Kpk-jsonl: ");
	pty_expect(p, " of 64.0G (");
	pty_expect(p, " left");
	assert_int_equal(ftruncate(fd, 0), 0);
	pty_finish(p);
	assert_has(p->text, " left\r\033[K0\r\n");
	assert_status(p->run, 0);
	assert_int_equal(ftruncate(fd, (off_t)64 << 30), 0);
	p = pty_start(
		ARGV("env", "TERM=vt100", "sh", "-c", "pk-jsonl validate \"$0\" >/dev/null", log),
		NULL);
	pty_expect(p, " left");
	assert_int_equal(pwrite(fd, "\n", 1, 0), 1);
	assert_int_equal(ftruncate(fd, 1), 0);
	pty_finish(p);
	/* The line is gone before the message. */
	assert_has(p->text, " left\r\033[Kpk-jsonl: ");
	assert_status(p->run, 1);
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tidy_test(matching_lines_come_byte_for_byte),
		tidy_test(rows_of_options),
		tidy_test(a_mistake_is_125_with_a_hint),
		tidy_test(help_is_there_for_each_verb),
		tidy_test(the_reader_rules),
		tidy_test(a_line_that_is_too_long_is_passed_over),
		tidy_test(many_faults_are_summed_up),
		tidy_test(a_report_is_json),
		tidy_test(keys_are_unique_when_asked),
		tidy_test(a_document_is_one_value),
		tidy_test(output_that_is_lost_is_125),
		tidy_test(a_reader_that_goes_ends_it_quietly),
		tidy_test(events_never_go_to_the_input_or_output),
		tidy_test(records_are_shown_as_they_come),
		tidy_test(large_inputs_give_the_same),
		tidy_test(no_spelling_is_passed_over),
		tidy_test(bars_are_for_terminals),
		tidy_test(a_long_scan_shows_how_far_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
