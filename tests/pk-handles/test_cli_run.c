/*
 * pk-handles -- COMMAND: status, report, events, and that the command does not notice.
 */
#include "tests/check.h"
#include "tests/lib/events.h"
#include "tests/lib/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define HANDLES(...) ARGV("pk-handles", __VA_ARGS__)
#define SH(script) "--", "sh", "-c", script

static const struct row {
	const char *title;
	const char *argv[10];
	int status, signal;
	const char *out, *err; /* err is a part; NULL: stderr is empty */
} rows[] = {
	{"a command that leaves nothing open is told nothing of",
	 {"pk-handles", SH("echo a")},
	 .out = "a\n"},
	{"the command's status is passed on", {"pk-handles", SH("exit 3")}, .status = 3},
	{"the command's signal is died of",
	 {"pk-handles", SH("kill -USR1 $$")},
	 .status = -1,
	 .signal = SIGUSR1},
	{"what is open at exit is listed",
	 {"pk-handles", SH("exec 5</etc/passwd; exit 3")},
	 .status = 3,
	 .err = "5     file     r    ---   /etc/passwd\n"},
	{"what is open at a death by SIGKILL is listed",
	 {"pk-handles", SH("exec 5</etc/passwd; kill -KILL $$")},
	 .status = -1,
	 .signal = SIGKILL,
	 .err = "1 descriptor open at exit, not counting those that were inherited:\n"},
	{"an error exit code replaces 0",
	 {"pk-handles", "--error-exitcode", "9", SH("exec 5</etc/passwd")},
	 .status = 9,
	 .err = "/etc/passwd"},
	{"an error exit code does not replace a failure",
	 {"pk-handles", "-q", "--error-exitcode", "9", SH("exec 5</etc/passwd; exit 4")},
	 .status = 4},
	{"nothing open leaves 0",
	 {"pk-handles", "--error-exitcode", "9", SH("exec 5<&-")},
	 .status = 0},
	{"only the kinds that are asked for count",
	 {"pk-handles", "--error-exitcode", "9", "-k", "tcp", SH("exec 5</etc/passwd")},
	 .status = 0},
	{"other processes count with --tree",
	 {"pk-handles", "-T", "--error-exitcode", "9", SH("(exec 5</etc/passwd; exit 1); exit 0")},
	 .status = 9,
	 .err = "/etc/passwd"},
	{"other processes do not count without",
	 {"pk-handles", "--error-exitcode", "9", SH("(exec 5</etc/passwd; exit 1); exit 0")},
	 .status = 0},
	{"a missing command is 127",
	 {"pk-handles", "--", "./missing"},
	 .status = 127,
	 .err = "cannot run './missing': No such file or directory"},
	{"a directory is 126", {"pk-handles", "--", "/"}, .status = 126, .err = "cannot run '/'"},
	{"leftovers are stopped",
	 {"pk-handles", "--kill-after", "50ms", SH("trap '' TERM; sleep 30 & exit 6")},
	 .status = 6},
	{"the stop signal may be another",
	 {"pk-handles", "--signal", "KILL", SH("trap '' TERM; sleep 30 & exit 6")},
	 .status = 6},
	{"it runs within itself",
	 {"pk-handles", "--", "pk-handles", "--error-exitcode", "8", SH("exec 5</etc/passwd")},
	 .status = 8,
	 .err = "/etc/passwd"},
};

static void a_row_ends_as_the_table_says(void **state)
{
	const struct row *row = test_now()->row;
	struct run *r = run(row->argv, NULL);

	(void)state;
	check_status(r, row->status, row->signal, __FILE__, __LINE__);
	assert_string_equal(r->out, row->out != NULL ? row->out : "");
	if (row->err != NULL)
		assert_has(r->err, row->err);
	else
		assert_string_equal(r->err, "");
	assert_no_survivor();
}

static void records_say_what_was_inherited(void **state)
{
	struct run *r = run(HANDLES("-j", SH("exec 5</etc/passwd; echo x")), NULL);

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "x\n");
	assert_true(strstr(r->err, "{\"type\":\"snapshot\",") == r->err);
	assert_has(r->err, "\"name\":\"/etc/passwd\",");
	assert_has(r->err, "\"inherited\":false}\n");
	assert_has(r->err, "\"fd\":0,");
	assert_has(r->err, "\"inherited\":true}\n");
	assert_has(r->err, "{\"type\":\"end\",\"processes\":1,");
}

static void events_tell_the_whole_run(void **state)
{
	const char *events = events_path();
	struct run *r =
		run(HANDLES("--events", events, "--events-argv", SH("exec 5</etc/passwd; exit 2")),
		    NULL);
	const char *line;

	(void)state;
	assert_status(r, 2);
	assert_has(event_line(events, 1), "\"event\":\"inherited\"");
	line = event_find(events, "start");
	assert_string_equal(event_text(line, "command"), "sh");
	assert_has(line, "\"argv\":[\"sh\",\"-c\",");
	line = event_find(events, "open_at_exit");
	assert_true(event_number(line, "own") == 1);
	assert_true(event_number(event_find(events, "exit"), "exit_code") == 2);
	assert_true(event_number(event_find(events, "end"), "status") == 2);
}

static void signals_reach_the_command(void **state)
{
	struct run *r = start(HANDLES(SH("trap 'echo got; exit 5' TERM; echo ready; "
					 "while :; do sleep 0.01; done")),
			      NULL);

	(void)state;
	run_wait_out(r, "ready");
	run_signal(r, SIGTERM);
	finish(r);
	assert_status(r, 5);
	assert_string_equal(r->out, "ready\ngot\n");
}

static void nothing_survives_a_sigkill(void **state)
{
	struct run *r = start(HANDLES("-T", SH("setsid sleep 50 & echo ready; sleep 50")), NULL);

	(void)state;
	run_wait_out(r, "ready");
	run_signal(r, SIGKILL);
	finish(r);
	assert_signal(r, SIGKILL);
	assert_int_equal(test_wait_gone(5000), 0);
}

static void a_stopped_command_goes_on(void **state)
{
	struct run *r =
		start(HANDLES("--", "sh", "-c", "(kill -STOP $$; kill -CONT $$) & wait; echo over"),
		      NULL);

	(void)state;
	finish(r);
	assert_status(r, 0);
	assert_string_equal(r->out, "over\n");
}

#define ROW(i) tidy_row(rows[i].title, a_row_ends_as_the_table_says, &rows[i])

int main(void)
{
	struct CMUnitTest tests[32] = {
		tidy_test(records_say_what_was_inherited), tidy_test(events_tell_the_whole_run),
		tidy_test(signals_reach_the_command),	   tidy_test(nothing_survives_a_sigkill),
		tidy_test(a_stopped_command_goes_on),
	};
	size_t n = 5;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		tests[n++] = (struct CMUnitTest)ROW(i);
	return _cmocka_run_group_tests("tests", tests, n, NULL, NULL);
}
