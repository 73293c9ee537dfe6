/*
 * pk-spawn as a pool, seen from outside: items, output, results, stopping, make.
 */
#include "tests/check.h"
#include "tests/lib/events.h"
#include "tests/lib/run.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base.h"

#define POOL(...) ARGV("pk-spawn", __VA_ARGS__)

/* --- one run, judged by what came out ---------------------------------------------------------- */

struct pool_row {
	const char *title;
	const char *argv[20];
	const char *input;
	int status;
	const char *out; /* exactly, NULL: not looked at */
	const char *err; /* a part of the one line, NULL: stderr is empty */
};

static void a_row_ends_as_the_table_says(void **state)
{
	const struct pool_row *row = test_now()->row;
	const bool bare = row->status == 126 || row->status == 127 || strstr(row->title, "bare:");
	/* What some rows leave. */
	const char *left[] = {test_path("b"), test_path("pid")};
	struct run *r = run(row->argv, HOW(.input = row->input, .unwrapped = bare));

	(void)state;
	(void)left;
	assert_status(r, row->status);
	if (row->out)
		assert_string_equal(r->out, row->out);
	if (!row->err) {
		assert_string_equal(r->err, "");
	} else {
		assert_has(r->err, row->err);
		assert_lines(r->err, strstr(r->err, "\nTry '") != NULL ? 2 : 1);
	}
	assert_no_survivor();
}

static const struct pool_row rows[] = {
	{"items come from stdin, a line each, unquoted",
	 {"pk-spawn", "-j2", "-o", "keep", "echo", "x"},
	 .input = "a b\nit's \"\\$HOME\n",
	 .out = "x a b\nx it's \"\\$HOME\n"},
	{"items come from the words behind the colons",
	 {"pk-spawn", "-j2", "-o", "keep", "--", "echo", ":::", "a b", ":::", "c"},
	 .out = "a b\n:::\nc\n"},
	{"without a pool three colons are a word",
	 {"pk-spawn", "--", "echo", ":::", "a"},
	 .out = "::: a\n"},
	{"no items are no jobs", {"pk-spawn", "-j2", "echo", "x"}, .input = "", .out = ""},
	{"the last line may lack its newline",
	 {"pk-spawn", "-j1", "echo"},
	 .input = "a\nb",
	 .out = "a\nb\n"},
	{"placeholders stand anywhere",
	 {"pk-spawn", "-j1", "echo", "<{}>{#}", "{%}", ":::", "a", "b"},
	 .out = "<a>1 1\n<b>2 1\n"},
	{"several items become several words",
	 {"pk-spawn", "-j1", "-n2", "echo", "-", "{}", "-", ":::", "a", "b", "c"},
	 .out = "- a b -\n- c -\n"},
	{"another separator",
	 {"pk-spawn", "-j1", "-d", ",", "echo"},
	 .input = "a,b\nc",
	 .out = "a\nb\nc\n"},
	{"a tab as separator",
	 {"pk-spawn", "-j1", "-d\\t", "echo"},
	 .input = "a\tb",
	 .out = "a\nb\n"},
	{"an item as input",
	 {"pk-spawn", "-j1", "--item-stdin", "--", "sh", "-c", "cat; echo .{}"},
	 .input = "a b\n{#}\n",
	 .out = "a b.{}\n{#}.{}\n"},
	{"jobs find nothing on stdin",
	 {"pk-spawn", "-j1", "cat", "-", ":::", "/dev/null"},
	 .out = ""},
	{"whole lines with tags",
	 {"pk-spawn", "-j1", "-o", "line", "--tag", "sh", "-c", "echo $0; printf x", ":::", "a",
	  "b"},
	 .out = "a\ta\na\tx\nb\tb\nb\tx\n"},
	{"group with tags",
	 {"pk-spawn", "-j1", "--tag", "sh", "-c", "echo $0; printf x", ":::", "a", "b"},
	 .out = "a\ta\na\tx\nb\tb\nb\tx\n"},
	{"keep is the order of the items",
	 {"pk-spawn", "-j3", "-o", "keep", "sh", "-c",
	  "[ $0 = b ] || while [ ! -e b ]; do :; done; "
	  "echo $0; : >b; echo end",
	  ":::", "a", "b", "c"},
	 .out = "a\nend\nb\nend\nc\nend\n"},
	{"failed is silent on success",
	 {"pk-spawn", "-j1", "-o", "failed", "sh", "-c", "echo $0; exit $0", ":::", "0", "3", "0"},
	 .status = 123,
	 .out = "3\n",
	 .err = "1 of 3 jobs failed: '3' (3)"},
	{"all jobs are run in spite of failures",
	 {"pk-spawn", "-j1", "sh", "-c", "echo $0; exit $0", ":::", "1", "0", "2"},
	 .status = 123,
	 .out = "1\n0\n2\n",
	 .err = "2 of 3 jobs failed: '1' (1), '2' (2)"},
	{"quiet names no failures",
	 {"pk-spawn", "-qj1", "false", ":::", "1"},
	 .status = 123,
	 .out = ""},
	{"halt soon starts no more and gives the first failure's status",
	 {"pk-spawn", "-j1", "--halt", "soon", "sh", "-c", "echo $0; exit $0", ":::", "0", "5",
	  "0"},
	 .status = 5,
	 .out = "0\n5\n",
	 .err = "1 of 2 jobs failed: '5' (5); 1 was not run"},
	{"halt now stops those that run",
	 {"pk-spawn", "-j2", "--fail-fast", "sh", "-c", "[ $0 = 9 ] && exec sleep 9; exit $0",
	  ":::", "9", "3", "3"},
	 .status = 3,
	 .err = "1 was stopped; 1 was not run"},
	{"a signal that decides is 128 and its number, as a status",
	 {"pk-spawn", "-j1", "--halt", "soon", "sh", "-c", "kill -9 $$", ":::", "0"},
	 .status = 137,
	 .err = "(137)"},
	{"any: one success is enough",
	 {"pk-spawn", "-j2", "--any", "sh", "-c", "[ $0 = 9 ] && exec sleep 9; exit $0", ":::", "9",
	  "3", "0", "4"},
	 .status = 0},
	{"any: no success is a failure",
	 {"pk-spawn", "-j2", "--any", "false", ":::", "1", "2"},
	 .status = 123,
	 .err = "2 of 2 jobs failed"},
	{"any: nothing to do is no success",
	 {"pk-spawn", "-j2", "--any", "true"},
	 .input = "",
	 .status = 123,
	 .err = "no item, so none succeeded"},
	{"what counts as success is a choice",
	 {"pk-spawn", "-j1", "--success-on", "0,3,TERM", "sh", "-c", "exit $0", ":::", "0", "3"},
	 .status = 0},
	{"a job's time limit is a failure of that job",
	 {"pk-spawn", "-j2", "-t", "50ms", "-k", "0", "sleep", ":::", "0", "9"},
	 .status = 123,
	 .err = "1 of 2 jobs failed: '9' (124)"},
	{"the deadline is that of the whole pool",
	 {"pk-spawn", "-qj1", "-D", "80ms", "sleep", ":::", "9", "9", "9"},
	 .status = 124},
	{"a deadline that failed jobs too is told with them",
	 {"pk-spawn", "-j1", "-D", "500ms", "sleep", ":::", "9"},
	 .status = 124,
	 .err = "timed out after 500ms (deadline): 1 of 1 job failed: '9' (124)"},
	{"a command that does not exist ends the pool at once",
	 {"pk-spawn", "-j1", "./nowhere", ":::", "1", "2", "3"},
	 .status = 127,
	 .err = "cannot run './nowhere'"},
	{"bare: an item that cannot be executed fails alone",
	 {"pk-spawn", "-j1", "{}", ":::", "true", "./nowhere", "true"},
	 .status = 123,
	 .err = "1 of 3 jobs failed: './nowhere' (127)"},
	{"a command's own 127 is an ordinary failure",
	 {"pk-spawn", "-j1", "sh", "-c", "exit 127", ":::", "1"},
	 .status = 123,
	 .err = "(127)"},
	{"a NUL in a line fails alone",
	 {"pk-spawn", "-j1", "-d", ",", "sh", "-c", "exec printf '%s\\n' \"$0\"", ":::", "a"},
	 .out = "a\n"},
	{"leftovers of a job are gone before the next starts",
	 {"pk-spawn", "-j1", "sh", "-c",
	  "[ -e pid ] && kill -0 $(cat pid) 2>/dev/null && echo there; setsid sleep 9 >/dev/null & "
	  "echo $! >pid",
	  ":::", "1", "2", "3"},
	 .out = ""},
	{"a pool needs a command",
	 {"pk-spawn", "-j2", ":::", "a"},
	 .status = 125,
	 .err = "a pool needs a command"},
	{"an option of a pool alone is a mistake",
	 {"pk-spawn", "-o", "keep", "true"},
	 .status = 125,
	 .err = "'--output' needs a pool"},
	{"bad numbers are told",
	 {"pk-spawn", "-j", "x", "true"},
	 .status = 125,
	 .err = "invalid argument 'x' for '--jobs'"},
	{"a part of a word cannot be several items",
	 {"pk-spawn", "-j1", "-n2", "echo", "x{}", ":::", "a"},
	 .status = 125,
	 .err = "'{}' must be a word of its own"},
	{"a pool leaves nothing running",
	 {"pk-spawn", "-j1", "--orphans", "leave", "true", ":::", "a"},
	 .status = 125,
	 .err = "'--orphans leave'"},
	{"a file that cannot be opened",
	 {"pk-spawn", "-a", "nowhere", "true"},
	 .status = 125,
	 .err = "cannot open 'nowhere'"},
};

/* --- longer stories ---------------------------------------------------------------------------- */

static char *slurp(const char *path)
{
	char *text = test_keep(calloc(1, RUN_CAPTURE));
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	(void)!fread(text, 1, RUN_CAPTURE - 1, file);
	assert_int_equal(fclose(file), 0);
	return text;
}

static void items_of_any_size_are_input(void **state)
{
	const size_t len = 300000;
	char *input = test_keep(malloc(2 * len + 2));
	struct run *r;

	(void)state;
	memset(input, 'x', 2 * len + 2);
	input[len] = input[2 * len + 1] = '\n';
	r = run(POOL("-j2", "--item-stdin", "wc", "-c"),
		HOW(.input = input, .input_len = 2 * len + 2));
	assert_status(r, 0);
	assert_string_equal(r->out, "300000\n300000\n");
	r = run(POOL("-j2", "true"), HOW(.input = input, .input_len = 2 * len + 2));
	assert_status(r, 123);
	assert_has(r->err, "2 of 2 jobs failed");
}

static void large_arguments_reach_the_command(void **state)
{
	const size_t len = 100000;
	char *input = test_keep(malloc(len + 1));
	struct run *r;

	(void)state;
	memset(input, 'x', len);
	input[len] = '\n';
	r = run(POOL("-j1", "sh", "-c", "printf %s \"$0\" | wc -c"),
		HOW(.input = input, .input_len = len + 1));
	assert_status(r, 0);
	assert_string_equal(r->out, "100000\n");
}

static void a_slow_writer_sees_its_items_run(void **state)
{
	struct run *r = start(POOL("-j2", "echo"), HOW(.keep_input = true));

	(void)state;
	run_write(r, "a\n");
	run_wait_out(r, "a\n");
	run_write(r, "b\n");
	run_wait_out(r, "b\n");
	run_close_input(r);
	finish(r);
	assert_status(r, 0);
}

static void results_tell_all_about_each_job(void **state)
{
	struct run *r =
		run(POOL("-j1", "-r", "results", "--capture", "10", "--halt", "soon", "sh", "-c",
			 "echo out$0; echo 123456789012345 >&2; exit $0", ":::", "0", "4", "5"),
		    NULL);
	const char *text;

	(void)state;
	assert_status(r, 4);
	text = slurp(test_path("results"));
	assert_lines(text, 3);
	assert_has(text,
		   "{\"seq\":1,\"item\":\"0\",\"slot\":1,\"exit_code\":0,\"cause\":\"exited\",");
	assert_has(text, "\"stdout_bytes\":5,\"stdout\":\"out0\\n\",\"stderr_bytes\":16,"
			 "\"stderr_head\":\"12345\",\"stderr_tail\":\"2345\\n\"}");
	assert_has(text, "{\"seq\":2,\"item\":\"4\",\"slot\":1,\"exit_code\":4,");
	assert_has(text, "{\"seq\":3,\"item\":\"5\",\"not_run\":true}");
}

static void results_that_cannot_be_written_are_a_failure(void **state)
{
	struct run *r = run(POOL("-j1", "-r", "/dev/full", "true", ":::", "a"), NULL);

	(void)state;
	assert_status(r, 125);
	assert_has(r->err, "cannot write to '/dev/full'");
}

static void events_carry_the_number_of_the_job(void **state)
{
	struct run *r = run(POOL("-j2", "--events", "events", "true", ":::", "a", "b"), NULL);
	const char *text;

	(void)state;
	assert_status(r, 0);
	text = slurp(test_path("events"));
	assert_has(text, "\"job\":1,\"command_pid\"");
	assert_has(text, "\"job\":2,\"command_pid\"");
	assert_has(text, "\"event\":\"end\"");
	assert_has(text, "\"status\":0,\"jobs\":2,\"failed\":0,\"not_run\":0}");
}

static void term_stops_all_and_is_died_of(void **state)
{
	struct run *r = start(POOL("-j2", "-o", "line", "sh", "-c", "echo go; exec sleep 20",
				   ":::", "1", "2", "3", "4", "5"),
			      NULL);

	(void)state;
	run_wait_out(r, "go\ngo\n");
	run_signal(r, SIGTERM);
	finish(r);
	assert_signal(r, SIGTERM);
	assert_has(r->err, "2 were stopped; 3 were not run");
	assert_no_survivor();
}

static void drain_lets_the_running_ones_end(void **state)
{
	struct run *r = start(POOL("-j2", "-o", "line", "--drain", "10s", "-r", "results", "sh",
				   "-c", "echo go; while [ ! -e end ]; do :; done; echo done",
				   ":::", "1", "2", "3", "4", "5"),
			      NULL);
	const char *text;

	(void)state;
	run_wait_out(r, "go\ngo\n");
	run_signal(r, SIGTERM);
	/* The signal has been seen once the waiting jobs have been written down as not run. */
	while (access(test_path("results"), F_OK) != 0 ||
	       !strstr(slurp(test_path("results")), "not_run"))
		;
	test_file("end", "", 0600);
	finish(r);
	assert_signal(r, SIGTERM);
	assert_string_equal(r->out, "go\ngo\ndone\ndone\n");
	text = slurp(test_path("results"));
	assert_lines(text, 5);
}

static void a_drain_that_takes_too_long_is_ended(void **state)
{
	struct run *r = start(POOL("-j1", "-o", "line", "--drain", "50ms", "sh", "-c",
				   "echo go; exec sleep 20", ":::", "1", "2"),
			      NULL);

	(void)state;
	run_wait_out(r, "go\n");
	run_signal(r, SIGTERM);
	finish(r);
	assert_signal(r, SIGTERM);
	assert_no_survivor();
}

static void nothing_survives_a_killed_front(void **state)
{
	struct run *r = start(POOL("-j3", "-o", "line", "sh", "-c",
				   "trap '' TERM; setsid sleep 20 & echo go; sleep 20", ":::", "1",
				   "2", "3"),
			      NULL);

	(void)state;
	run_wait_out(r, "go\ngo\ngo\n");
	run_signal(r, SIGKILL);
	finish(r);
	assert_int_equal(test_wait_gone(5000), 0);
}

static void a_killed_guard_ends_the_pool(void **state)
{
	struct run *r = start(POOL("-j2", "-o", "line", "sh", "-c",
				   "setsid sleep 20 & echo go; sleep 20", ":::", "1", "2", "3"),
			      NULL);

	(void)state;
	run_wait_out(r, "go\ngo\n");
	assert_int_equal(kill(test_find("pk-guard"), SIGKILL), 0);
	finish(r);
	assert_status(r, 125);
	assert_has(r->err, "a guard process was killed; its job was ended");
	assert_no_survivor();
}

static void a_reader_that_goes_ends_the_pool(void **state)
{
	struct run *r = run(ARGV("sh", "-c",
				 "{ pk-spawn -j2 -- seq 100000 {} ::: $(seq 100000 100050); "
				 "echo $? >status; } | head -1; cat status; rm status"),
			    NULL);

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "100000\n141\n");
	assert_no_survivor();
}

static void a_full_device_is_a_failure(void **state)
{
	struct run *r = run(ARGV("sh", "-c", "pk-spawn -j2 -- echo {} ::: a b c >/dev/full"), NULL);

	(void)state;
	assert_status(r, 125);
	assert_has(r->err, "cannot write to stdout: No space left on device");
}

static void delay_is_between_starts(void **state)
{
	struct run *r = run(POOL("-j4", "--delay", "60ms", "true", ":::", "1", "2", "3"), NULL);

	(void)state;
	assert_status(r, 0);
	assert_true(r->elapsed_ms >= 120);
}

static void plain_progress_is_silent_when_it_is_quick(void **state)
{
	struct run *r = run(POOL("-j4", "--progress", "true", ":::", "1"), NULL);

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->err, "");
	r = run(POOL("-j4", "--progress=plain", "true", ":::", "1"), NULL);
	assert_status(r, 0);
	assert_string_equal(r->err, "");
}

static void the_deadline_waits_for_no_stuck_reader(void **state)
{
	/* The reader holds the pipe open and takes nothing until the pool has ended. */
	struct run *r = run(ARGV("sh", "-c",
				 "{ pk-spawn -D 300ms -k 200ms -j2 -- head -c 300000 /dev/zero ::: "
				 "/dev/null /dev/null /dev/null; echo $? >&2; : >over; } | "
				 "while [ ! -e over ]; do :; done; rm over"),
			    NULL);

	(void)state;
	assert_status(r, 0);
	assert_has(r->err, "the output was not read in time");
	assert_has(r->err, "\n124\n");
	assert_no_survivor();
}

static void term_said_twice_waits_for_no_reader(void **state)
{
	int ends[2];
	struct run *r;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	test_keep_fd(ends[0]);
	test_keep_fd(ends[1]);
	r = start(POOL("-k", "1h", "-j1", "sh", "-c", "head -c 300000 /dev/zero; echo >ended",
		       ":::", "1", "2"),
		  HOW(.fds = {{ends[1], STDOUT_FILENO}}));
	while (access(test_path("ended"), F_OK) != 0)
		;
	run_signal(r, SIGTERM);
	run_pass(300);
	run_signal(r, SIGTERM);
	finish(r);
	assert_signal(r, SIGTERM);
	assert_no_survivor();
}

static void a_fifo_is_no_input_of_a_pool(void **state)
{
	struct run *r;

	(void)state;
	assert_int_equal(mkfifo(test_path("ff"), 0600), 0);
	r = run(POOL("-j1", "-i", "ff", "--", "cat", ":::", "a"), NULL);
	assert_status(r, 125);
	assert_lines(r->err, 1);
	assert_has(r->err, "'ff' is a FIFO");
}

static void results_measure_an_item_that_is_input(void **state)
{
	const size_t len = 3000000;
	char *input = test_keep(malloc(3 + len + 1));
	struct run *r;

	(void)state;
	memset(input, 'x', 3 + len + 1);
	memcpy(input, "ab\n", 3);
	input[3 + len] = '\n';
	r = run(POOL("-j1", "--item-stdin", "-r", "results", "wc", "-c"),
		HOW(.input = input, .input_len = 3 + len + 1));
	assert_status(r, 0);
	assert_has(slurp(test_path("results")), "\"item_bytes\":2,");
	assert_has(slurp(test_path("results")), "\"item_bytes\":3000000,");
}

static void many_unstartable_items_wait_for_their_turn(void **state)
{
	const size_t count = 140000;
	char *input = test_keep(calloc(count, 2));
	struct run *r;

	(void)state;
	/* Nobody can run a NUL; the job before all of them lasts. */
	for (size_t i = 0; i < count; i++)
		input[2 * i + 1] = '\n';
	memcpy(input, "x", 1);
	r = run(POOL("-q", "-j1", "-o", "keep", "sh", "-c", "sleep 0.5; echo end"),
		HOW(.input = input, .input_len = 2 * count));
	assert_status(r, 123);
	assert_string_equal(r->out, "end\n");
	assert_string_equal(r->err, "");
}

static void an_item_too_many_is_left_in_the_file(void **state)
{
	struct run *r =
		run(ARGV("sh", "-c",
			 "for c in a b c; do head -c 70000 /dev/zero | tr '\\0' $c; echo; "
			 "done >big; "
			 "{ pk-spawn -q -j1 -n5 --halt soon -- false; cut -c1; } <big; rm big"),
		    NULL);

	(void)state;
	assert_string_equal(r->out, "b\nc\n");
}

static void what_was_not_run_is_named_to_the_end_of_the_file(void **state)
{
	struct run *r = run(ARGV("sh", "-c",
				 "seq 10000 >items; pk-spawn -j1 -a items --halt soon -r results "
				 "-- false; wc -l <results; rm items results"),
			    NULL);

	(void)state;
	assert_string_equal(r->out, "10000\n");
	assert_has(r->err, "9999 were not run");
}

/* --- make -------------------------------------------------------------------------------------- */

/* How many jobs have run at once: each appends + at its start and - at its end. */
static int most_at_once(const char *log)
{
	int now = 0, most = 0;

	for (; *log; log++) {
		now += *log == '+' ? 1 : *log == '-' ? -1 : 0;
		most = now > most ? now : most;
	}
	assert_int_equal(now, 0);
	return most;
}

static const char job[] = "'printf + >>log; sleep 0.05; printf - >>log'";

static void a_recipe_takes_no_more_slots_than_make_allows(void **state)
{
	const char *makefile =
		test_text("all: a b\na b:\n\t+@pk-spawn -j9 -- sh -c %s ::: 1 2 3 4 5 6\n", job);
	struct run *r;

	(void)state;
	test_file("Makefile", makefile, 0600);
	r = run(ARGV("make", "-j3"), HOW(.unwrapped = true));
	assert_status(r, 0);
	assert_string_equal(r->err, "");
	assert_true(most_at_once(slurp(test_path("log"))) <= 3);
	assert_true(most_at_once(slurp(test_path("log"))) >= 2);
}

static void a_plain_recipe_runs_one_at_a_time(void **state)
{
	const char *makefile = test_text("all:\n\t@pk-spawn -j9 -- sh -c %s ::: 1 2 3\n", job);
	struct run *r;

	(void)state;
	test_file("Makefile", makefile, 0600);
	r = run(ARGV("make", "-j3"), HOW(.unwrapped = true));
	assert_status(r, 0);
	assert_has(r->err, "make's jobserver is not open to this recipe");
	assert_int_equal(most_at_once(slurp(test_path("log"))), 1);
}

/* A jobserver of our own in the style of make 4.4: how many tokens are in it. */
static int count_tokens(int fifo)
{
	char bytes[64];
	const ssize_t n = read(fifo, bytes, sizeof(bytes));

	if (n > 0)
		assert_int_equal(write(fifo, bytes, (size_t)n), n);
	return n > 0 ? (int)n : 0;
}

static int make_fifo(const char *tokens)
{
	const char *path = test_path("fifo");
	int fd;

	assert_int_equal(mkfifo(path, 0600), 0);
	fd = test_keep_fd(open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC));
	assert_true(fd >= 0);
	assert_int_equal(write(fd, tokens, strlen(tokens)), strlen(tokens));
	return fd;
}

static void tokens_of_a_fifo_are_given_back(void **state)
{
	const int fifo = make_fifo("ab");
	const char *env = test_text("MAKEFLAGS= -j3 --jobserver-auth=fifo:%s", test_path("fifo"));
	struct run *r =
		run(ARGV("sh", "-c", test_text("pk-spawn -j9 -- sh -c %s ::: 1 2 3 4 5 6", job)),
		    HOW(.env = {env}, .unwrapped = true));

	(void)state;
	assert_status(r, 0);
	assert_true(most_at_once(slurp(test_path("log"))) <= 3);
	assert_int_equal(count_tokens(fifo), 2);
}

static void tokens_are_given_back_after_a_kill(void **state)
{
	const int fifo = make_fifo("abc");
	const char *env = test_text("MAKEFLAGS= -j3 --jobserver-auth=fifo:%s", test_path("fifo"));

	(void)state;
	for (int whom = 0; whom < 2; whom++) {
		struct run *r = start(POOL("-j3", "-o", "line", "sh", "-c",
					   "echo go; exec sleep 20", ":::", "1", "2", "3", "4"),
				      HOW(.env = {env}, .unwrapped = true));

		run_wait_out(r, "go\ngo\ngo\n");
		assert_int_equal(count_tokens(fifo), 1);
		if (whom == 0)
			run_signal(r, SIGKILL);
		else
			assert_int_equal(kill(test_find("pk-guard"), SIGKILL), 0);
		finish(r);
		assert_int_equal(test_wait_gone(5000), 0);
		assert_int_equal(count_tokens(fifo), 3);
	}
}

static void no_jobserver_means_none(void **state)
{
	const int fifo = make_fifo("");
	const char *env = test_text("MAKEFLAGS= -j3 --jobserver-auth=fifo:%s", test_path("fifo"));
	struct run *r = start(POOL("-j2", "--no-jobserver", "-o", "line", "sh", "-c",
				   "echo go; exec sleep 20", ":::", "1", "2"),
			      HOW(.env = {env}));

	(void)state;
	run_wait_out(r, "go\ngo\n");
	run_signal(r, SIGTERM);
	finish(r);
	assert_signal(r, SIGTERM);
	assert_int_equal(count_tokens(fifo), 0);
}

/* Nothing fails, no job is left, and the writer of the items is simply too slow. */
static void a_deadline_is_told_though_no_job_failed(void **state)
{
	static const struct {
		const char *quiet, *env, *says;
	} cases[] = {
		{"-v", NULL, "pk-spawn: timed out after 300ms (deadline)\n"},
		{"-v", "PK_DEADLINE=+200ms", " (inherited deadline)\n"},
		{"-q", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < array_len(cases); i++) {
		struct run *r = run(POOL(cases[i].quiet, "-j1", "-D", "300ms", "--", "echo"),
				    HOW(.keep_input = true, .env = {cases[i].env}));

		assert_status(r, 124);
		if (cases[i].says)
			assert_has(r->err, cases[i].says);
		assert_lines(r->err, cases[i].says ? 1 : 0);
	}
}

#define STORIES 32

int main(void)
{
	struct CMUnitTest tests[array_len(rows) + STORIES] = {0};
	const struct CMUnitTest stories[] = {
		tidy_test(items_of_any_size_are_input),
		tidy_test(large_arguments_reach_the_command),
		tidy_test(a_slow_writer_sees_its_items_run),
		tidy_test(results_tell_all_about_each_job),
		tidy_test(results_that_cannot_be_written_are_a_failure),
		tidy_test(events_carry_the_number_of_the_job),
		tidy_test(term_stops_all_and_is_died_of),
		tidy_test(drain_lets_the_running_ones_end),
		tidy_test(a_drain_that_takes_too_long_is_ended),
		tidy_test(nothing_survives_a_killed_front),
		tidy_test(a_killed_guard_ends_the_pool),
		tidy_test(a_reader_that_goes_ends_the_pool),
		tidy_test(a_full_device_is_a_failure),
		tidy_test(delay_is_between_starts),
		tidy_test(the_deadline_waits_for_no_stuck_reader),
		tidy_test(term_said_twice_waits_for_no_reader),
		tidy_test(a_fifo_is_no_input_of_a_pool),
		tidy_test(results_measure_an_item_that_is_input),
		tidy_test(many_unstartable_items_wait_for_their_turn),
		tidy_test(an_item_too_many_is_left_in_the_file),
		tidy_test(what_was_not_run_is_named_to_the_end_of_the_file),
		tidy_test(a_deadline_is_told_though_no_job_failed),
		tidy_test(plain_progress_is_silent_when_it_is_quick),
		tidy_test(a_recipe_takes_no_more_slots_than_make_allows),
		tidy_test(a_plain_recipe_runs_one_at_a_time),
		tidy_test(tokens_of_a_fifo_are_given_back),
		tidy_test(tokens_are_given_back_after_a_kill),
		tidy_test(no_jobserver_means_none),
	};
	size_t count = 0;

	for (size_t i = 0; i < array_len(rows); i++)
		tests[count++] = (struct CMUnitTest)tidy_row(
			rows[i].title, a_row_ends_as_the_table_says, &rows[i]);
	for (size_t i = 0; i < array_len(stories); i++)
		tests[count++] = stories[i];
	return _cmocka_run_group_tests("pool", tests, count, NULL, NULL);
}
