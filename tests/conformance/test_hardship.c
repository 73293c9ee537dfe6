/*
 * The rarer conditions that every tool must meet: crowds of descriptors, little memory, storms of signals,
 * drips and floods of bytes, odd surroundings.
 */
#include "tests/check.h"
#include "tests/lib/events.h"
#include "tests/lib/tools.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A text of len times the character. */
static const char *flood(char c, size_t len)
{
	char *text = test_keep(malloc(len + 1));

	memset(text, c, len);
	text[len] = '\0';
	return text;
}

/* --- resources ------------------------------------------------------------------------------------ */

static void five_thousand_inherited_descriptors_do_not_matter(void **state)
{
	static const char *const before[] = {
		"bash", "-c",
		"for ((i = 10; i < 5010; i++)); do eval \"exec $i</dev/null\"; done; exec \"$@\"",
		"bash", NULL};

	(void)state;
	tool_works(before,
		   (struct how){.limits = {{RLIMIT_NOFILE, 8192, 8192}}, .unwrapped = true});
}

/* With so little it cannot always work; it must not crash, and say no 0 that is not true. */
static void little_memory_is_no_crash_and_no_lie(void **state)
{
	(void)state;
	if (run_is_slow())
		skip(); /* the wrapper, the sanitizer need more */
	for (rlim_t size = 64 << 10; size <= 64 << 20; size += size / 4) {
		struct run *r = run(tool_line(NULL, tool()->args),
				    HOW(.limits = {{RLIMIT_AS, size, size}}, .input = tool()->input,
					.unwrapped = true));

		/* Too little for the loader or the kernel to start anything: SIGKILL, SIGSEGV by execve(2). */
		if (size < 8 << 20 && r->signal != 0)
			continue;
		assert_int_equal(r->signal, 0);
		if (r->status == 0)
			assert_string_equal(r->out, tool()->output);
		else if (tool()->waiting[0] == NULL)
			assert_true(r->status >= 125 && r->status <= 127);
		/* A wrapper's command has as little: then the status is its own. */
	}
}

static void a_small_stack_is_enough(void **state)
{
	(void)state;
	if (run_is_slow())
		skip();
	tool_works(NULL, (struct how){.limits = {{RLIMIT_STACK, 256 << 10, 256 << 10}},
				      .unwrapped = true});
}

/* --- bytes ------------------------------------------------------------------------------------------ */

/* One string may have 128 KiB (MAX_ARG_STRLEN), all of them together a quarter of the stack's limit. */
static void huge_arguments_and_environments_are_taken(void **state)
{
	const char *huge = flood('x', 131000);

	(void)state;
	struct run *r =
		run(ARGV(tool()->name, test_text("--no-such-option%s", flood('x', 120000))), NULL);
	assert_status(r, 125);
	assert_lines(r->err, 2);
	tool_works(NULL, (struct how){.env = {test_text("A=%s", huge), test_text("B=%s", huge),
					      test_text("C=%s", huge), test_text("D=%s", huge)}});
}

static void input_that_comes_byte_by_byte_is_whole(void **state)
{
	static const char text[] = "{\"a\":1}\n{\"a\":2}\n";
	const bool copies = tool()->copying[0] != NULL;

	(void)state;
	if (!copies && tool()->input == NULL)
		skip();
	const char *input = copies ? text : tool()->input;
	struct run *r = start(tool_line(NULL, copies ? tool()->copying : tool()->args),
			      HOW(.keep_input = true));
	for (const char *c = input; *c != '\0'; c++)
		run_write(r, (char[]){*c, '\0'});
	run_close_input(r);
	finish(r);
	assert_status(r, 0);
	assert_string_equal(r->out, copies ? text : tool()->output);
}

/* A reader that takes a byte at a time from a pipe of one page. */
static void a_slow_reader_gets_every_byte(void **state)
{
	enum { LINES = 2000, WIDTH = 8 };
	int fds[2];
	char *text = test_keep(calloc(LINES, WIDTH + 1)),
	     *out = test_keep(calloc(LINES, WIDTH + 1));
	size_t have = 0;

	(void)state;
	if (tool()->copying[0] == NULL)
		skip();
	for (int i = 0; i < LINES; i++)
		memcpy(text + i * WIDTH, "{\"a\":1}\n", WIDTH);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	test_keep_fd(fds[0]);
	assert_true(fcntl(fds[1], F_SETPIPE_SZ, 4096) > 0);
	int input = test_keep_fd(open(test_file("lines", text, 0600), O_RDONLY | O_CLOEXEC));
	struct run *r =
		start(tool_line(NULL, tool()->copying), HOW(.fds = {{input, 0}, {fds[1], 1}}));
	assert_int_equal(close(fds[1]), 0);
	while (have < LINES * WIDTH && read(fds[0], out + have, 1) == 1)
		have++;
	finish(r);
	assert_status(r, 0);
	assert_string_equal(out, text);
}

/* Output that does not fit into the file: never success. */
static void a_file_that_may_not_grow_is_no_success(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		int fd = test_keep_fd(
			open(test_path("out"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
		struct run *r = run(ARGV(tool()->name, "--help"),
				    HOW(.fds = {{fd, 1}}, .limits = {{RLIMIT_FSIZE, 10, 10}},
					.ignored = {i == 0 ? 0 : SIGXFSZ}, .unwrapped = true));

		assert_true(r->status == 125 || (i == 0 && r->signal == SIGXFSZ));
	}
}

static void a_directory_as_stdin_is_told(void **state)
{
	int fd = test_keep_fd(open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));

	(void)state;
	if (tool()->input == NULL) {
		tool_works(NULL, (struct how){.fds = {{fd, 0}}});
		return;
	}
	struct run *r = run(tool_line(NULL, tool()->args), HOW(.fds = {{fd, 0}}));
	assert_status(r, 125);
	assert_lines(r->err, 1);
	assert_has(r->err, "Is a directory");
}

/* --- signals ------------------------------------------------------------------------------------------ */

static void a_storm_of_signals_interrupts_nothing(void **state)
{
	static const int storm[] = {SIGCONT, SIGCHLD, SIGURG, SIGWINCH, SIGCONT, SIGSTOP, SIGCONT};

	(void)state;
	if (tool()->waiting[0] == NULL)
		skip();
	struct run *r = start(tool_line(NULL, tool()->waiting), NULL);
	run_wait_out(r, "ready\n");
	for (int i = 0; i < 700; i++)
		run_signal(r, storm[i % 7]);
	run_signal(r, SIGTERM);
	finish(r);
	assert_signal(r, SIGTERM);
	assert_string_equal(r->out, "ready\n");
	assert_no_survivor();
}

/* TERM at any moment of its life: it ends of that, or had done its work. */
static void term_at_any_moment_leaves_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < (run_is_slow() ? 5 : 40); i++) {
		struct run *r = start(tool_line(NULL, tool()->args), HOW(.input = tool()->input));
		int64_t until = run_now() + i * 100000;

		while (run_now() < until)
			; /* the moment is the point: nothing is waited for */
		run_signal(r, SIGTERM);
		finish(r);
		if (r->signal != SIGTERM && r->status != 128 + SIGTERM) {
			assert_status(r, 0);
			assert_string_equal(r->out, tool()->output);
		}
		assert_no_survivor();
	}
}

/* --- surroundings ---------------------------------------------------------------------------------------- */

static void a_missing_tmpdir_does_not_matter(void **state)
{
	(void)state;
	tool_works(NULL, (struct how){.env = {"TMPDIR=/nonexistent"}});
	tool_works(NULL, (struct how){.env = {"TMPDIR="}});
}

static void a_strange_argv0_changes_no_message(void **state)
{
	static const char *const names[] = {"", "-x", HOSTILE};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct run *r = run(ARGV("bash", "-c", "exec -a \"$1\" \"$2\" --no-such-option",
					 "bash", names[i], tool_path(tool()->name)),
				    HOW(.unwrapped = true));

		assert_status(r, 125);
		assert_lines(r->err, 2);
		assert_true(strncmp(r->err, test_text("%s: ", tool()->name),
				    strlen(tool()->name) + 2) == 0);
	}
}

static void events_are_private_and_in_utc(void **state)
{
	const char *events = events_path();
	struct stat st;

	(void)state;
	struct run *r = run(ARGV("bash", "-c", "umask 0; exec \"$@\"", "bash",
				 tool_path(tool()->name), "--no-such-option"),
			    HOW(.env = {test_text("PK_EVENTS=%s", events), "TZ=Pacific/Kiritimati"},
				.unwrapped = true));
	assert_status(r, 125);
	assert_int_equal(stat(events, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	char hour[8];
	time_t now = time(NULL);
	const char *stamp = event_text(event_line(events, 1), "ts");
	/* Kiritimati is 14 hours ahead; the hour may have ended since. */
	strftime(hour, sizeof(hour), "T%H:", gmtime(&now));
	if (strstr(stamp, hour) == NULL) {
		now -= 60;
		strftime(hour, sizeof(hour), "T%H:", gmtime(&now));
		assert_has(stamp, hour);
	}
	assert_int_equal(stamp[strlen(stamp) - 1], 'Z');
}

/* All write to one file; every line of it is checked against the schema at the end of the test. */
static void events_of_twenty_runs_at_once_are_whole(void **state)
{
	enum { RUNS = 20 };
	const char *events = events_path();
	struct run *runs[RUNS];

	(void)state;
	for (int i = 0; i < RUNS; i++)
		runs[i] = start(ARGV(tool()->name, "--no-such-option"),
				HOW(.env = {test_text("PK_EVENTS=%s", events)}));
	for (int i = 0; i < RUNS; i++)
		finish(runs[i]);
	assert_int_equal(event_count(events, "error"), RUNS);
}

static const struct condition conditions[] = {
	CONDITION(five_thousand_inherited_descriptors_do_not_matter),
	CONDITION(little_memory_is_no_crash_and_no_lie),
	CONDITION(a_small_stack_is_enough),
	CONDITION(huge_arguments_and_environments_are_taken),
	CONDITION(input_that_comes_byte_by_byte_is_whole),
	CONDITION(a_slow_reader_gets_every_byte),
	CONDITION(a_file_that_may_not_grow_is_no_success),
	CONDITION(a_directory_as_stdin_is_told),
	CONDITION(a_storm_of_signals_interrupts_nothing),
	CONDITION(term_at_any_moment_leaves_nothing),
	CONDITION(a_missing_tmpdir_does_not_matter),
	CONDITION(a_strange_argv0_changes_no_message),
	CONDITION(events_are_private_and_in_utc),
	CONDITION(events_of_twenty_runs_at_once_are_whole),
};

int main(void)
{
	return tools_run("hardship", conditions, sizeof(conditions) / sizeof(conditions[0]));
}
