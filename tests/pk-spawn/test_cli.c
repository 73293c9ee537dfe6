/*
 * pk-spawn for one command, seen from outside: options and statuses.
 */
#include "tests/check.h"
#include "tests/lib/events.h"
#include "tests/lib/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SPAWN(...) ARGV("pk-spawn", __VA_ARGS__)

/* --- statuses ---------------------------------------------------------------------------------- */

struct case_row {
	const char *title;
	const char *argv[12];
	int status, signal;
	const char *out; /* exactly, NULL: not looked at */
	const char *err; /* a part of the one line, NULL: stderr is empty */
};

static void a_row_ends_as_the_table_says(void **state)
{
	const struct case_row *row = test_now()->row;
	/* valgrind makes vfork a fork, which loses exec's errno, and keeps limits for itself. */
	bool bare = row->status == 126 || row->status == 127 || strcmp(row->argv[1], "-L") == 0;
	struct run *r = run(row->argv, HOW(.unwrapped = bare));

	(void)state;
	check_status(r, row->signal != 0 ? -1 : row->status, row->signal, __FILE__, __LINE__);
	if (row->out != NULL)
		assert_string_equal(r->out, row->out);
	if (row->err == NULL) {
		assert_string_equal(r->err, "");
		return;
	}
	assert_has(r->err, row->err);
	assert_lines(r->err, strstr(r->err, "\nTry '") != NULL ? 2 : 1);
	assert_true(strncmp(r->err, "pk-spawn: ", 10) == 0);
	assert_no_survivor();
}

#define TRUE_ROW .status = 0, .out = ""
static const struct case_row rows[] = {
	{"a command that succeeds gives 0 in silence", {"pk-spawn", "true"}, TRUE_ROW},
	{"the double dash ends options", {"pk-spawn", "--", "true"}, TRUE_ROW},
	{"the command's own status is passed on",
	 {"pk-spawn", "--", "sh", "-c", "exit 3"},
	 .status = 3},
	{"status 255 is passed on", {"pk-spawn", "--", "sh", "-c", "exit 255"}, .status = 255},
	{"status 124 of the command is passed on in silence",
	 {"pk-spawn", "--", "sh", "-c", "exit 124"},
	 .status = 124},
	{"status 137 of the command stays a status",
	 {"pk-spawn", "--", "sh", "-c", "exit 137"},
	 .status = 137},
	{"stdout is the command's, byte for byte",
	 {"pk-spawn", "--", "printf", "a\\nb"},
	 .out = "a\nb"},
	{"options behind the command are its own",
	 {"pk-spawn", "echo", "-t", "-q"},
	 .out = "-t -q\n"},
	{"options end at the first operand",
	 {"pk-spawn", "-q", "echo", "--help", "--", "x"},
	 .out = "--help -- x\n"},
	{"argv 0 is what was typed",
	 {"pk-spawn", "sh", "-c", "tr '\\0' ' ' </proc/$$/cmdline", "zero"},
	 .out = NULL},
	{"death by SIGKILL is death by SIGKILL",
	 {"pk-spawn", "--", "sh", "-c", "kill -KILL $$"},
	 .signal = SIGKILL},
	{"death by SIGTERM is death by SIGTERM",
	 {"pk-spawn", "--", "sh", "-c", "kill -TERM $$"},
	 .signal = SIGTERM},
	{"death by SIGINT is death by SIGINT, so that shell loops stop",
	 {"pk-spawn", "--", "sh", "-c", "kill -INT $$"},
	 .signal = SIGINT},
	{"death by SIGPIPE is death by SIGPIPE",
	 {"pk-spawn", "--", "sh", "-c", "kill -PIPE $$"},
	 .signal = SIGPIPE},
	{"death by SIGUSR1 is death by SIGUSR1",
	 {"pk-spawn", "--", "sh", "-c", "kill -USR1 $$"},
	 .signal = SIGUSR1},
	{"a command that is not in PATH gives 127",
	 {"pk-spawn", "--", "pk-no-such-command"},
	 .status = 127,
	 .err = "pk-no-such-command"},
	{"a path that does not exist gives 127",
	 {"pk-spawn", "./missing"},
	 .status = 127,
	 .err = "./missing"},
	{"an empty command name gives 127", {"pk-spawn", "--", ""}, .status = 127, .err = ""},
	{"a command whose name begins with a dash is looked for",
	 {"pk-spawn", "--", "-x"},
	 .status = 127,
	 .err = "-x"},
	{"a file that is not executable gives 126",
	 {"pk-spawn", "/etc/passwd"},
	 .status = 126,
	 .err = "Permission denied"},
	{"a directory gives 126", {"pk-spawn", "/tmp"}, .status = 126, .err = "'/tmp'"},
	{"a path through a file gives 126 or 127 with the reason",
	 {"pk-spawn", "/etc/passwd/x"},
	 .status = 126,
	 .err = "Not a directory"},
	{"quiet does not silence a command that is not found",
	 {"pk-spawn", "-q", "./missing"},
	 .status = 127,
	 .err = "./missing"},

	/* time limits */
	{"a time limit gives 124 and says so",
	 {"pk-spawn", "-t", "50ms", "--", "sleep", "20"},
	 .status = 124,
	 .err = "pk-spawn: timed out after 50ms\n"},
	{"the long form is the same",
	 {"pk-spawn", "--timeout=50ms", "sleep", "20"},
	 .status = 124,
	 .err = "timed out after 50ms\n"},
	{"a time limit that needed SIGKILL gives 124 too, and says so",
	 {"pk-spawn", "-t", "200ms", "-k", "50ms", "--", "@stubborn"},
	 .status = 124,
	 .err = "pk-spawn: timed out after 200ms, SIGKILL needed\n"},
	{"a grace of 0 kills at once",
	 {"pk-spawn", "-t", "200ms", "-k", "0", "--", "@stubborn"},
	 .status = 124,
	 .err = "timed out after 200ms"},
	{"KILL as stop signal needs no grace",
	 {"pk-spawn", "-t", "200ms", "-s", "KILL", "-k", "inf", "--", "@stubborn"},
	 .status = 124,
	 .err = "timed out"},
	{"a deadline gives 124",
	 {"pk-spawn", "-D", "50ms", "--", "sleep", "20"},
	 .status = 124,
	 .err = "50ms"},
	{"the deadline wins when it comes first",
	 {"pk-spawn", "-t", "19", "--deadline", "50ms", "--", "sleep", "20"},
	 .status = 124,
	 .err = "50ms"},
	{"quiet silences the line about the time limit",
	 {"pk-spawn", "-q", "-t", "50ms", "--", "sleep", "20"},
	 .status = 124},
	{"a time limit of 0 is none", {"pk-spawn", "-t", "0", "true"}, TRUE_ROW},
	{"a time limit of inf is none", {"pk-spawn", "-t", "inf", "true"}, TRUE_ROW},
	{"a time limit not reached is silent", {"pk-spawn", "-t", "19.5", "true"}, TRUE_ROW},
	{"every limit at once, not reached",
	 {"pk-spawn", "-t", "1m", "-D", "1h", "-k", "250ms", "true"},
	 TRUE_ROW},
	{"preserve-status gives death by the stop signal",
	 {"pk-spawn", "-p", "-t", "50ms", "--", "sleep", "20"},
	 .signal = SIGTERM,
	 .err = "timed out"},
	{"preserve-status gives death by SIGKILL after the grace",
	 {"pk-spawn", "-p", "-t", "200ms", "-k", "50ms", "--", "@stubborn"},
	 .signal = SIGKILL,
	 .err = "SIGKILL needed"},
	{"preserve-status gives the status of a command that ends in time",
	 {"pk-spawn", "--preserve-status", "-t", "19", "--", "sh", "-c", "exit 4"},
	 .status = 4},
	{"preserve-status gives the status that the command chose when asked to stop",
	 {"pk-spawn", "-q", "-p", "-t", "300ms", "--", "@catch", "TERM", "--", "7"},
	 .status = 7,
	 .out = "ready\ngot 15 user\n"},
	{"without it the same command gives 124",
	 {"pk-spawn", "-q", "-t", "300ms", "--", "@catch", "TERM", "--", "7"},
	 .status = 124},
	{"the stop signal can be chosen",
	 {"pk-spawn", "-q", "-s", "INT", "-t", "300ms", "--", "@catch", "INT"},
	 .status = 124,
	 .out = "ready\ngot 2 user\n"},
	{"the stop signal may have its prefix",
	 {"pk-spawn", "-q", "--signal=SIGUSR2", "-t", "300ms", "--", "@catch", "USR2"},
	 .status = 124,
	 .out = "ready\ngot 12 user\n"},
	{"the stop signal may be a number",
	 {"pk-spawn", "-q", "-s", "10", "-t", "300ms", "--", "@catch", "USR1"},
	 .status = 124,
	 .out = "ready\ngot 10 user\n"},
	{"stdin of a stopped process tree does not matter",
	 {"pk-spawn", "-q", "-t", "300ms", "-k", "50ms", "--", "@stopped"},
	 .status = 124,
	 .out = "ready\n"},
	{"preserve-status and quiet",
	 {"pk-spawn", "-p", "-q", "-t", "50ms", "--", "sleep", "20"},
	 .signal = SIGTERM},

	/* stdin */
	{"-i null gives an empty stdin", {"pk-spawn", "-i", "null", "cat"}, TRUE_ROW},
	{"-i FILE that does not exist is our failure",
	 {"pk-spawn", "-i", "missing", "cat"},
	 .status = 125,
	 .err = "'missing': No such file or directory"},

	/* limits */
	{"-L sets a soft and a hard limit",
	 {"pk-spawn", "-L", "nofile=64:128", "--", "sh", "-c", "ulimit -Sn; ulimit -Hn"},
	 .out = "64\n128\n"},
	{"-L takes sizes",
	 {"pk-spawn", "-L", "fsize=4K", "--", "bash", "-c", "ulimit -f"},
	 .out = "4\n"},
	{"-L can be repeated",
	 {"pk-spawn", "-L", "core=0", "--limit=cpu=7", "--", "sh", "-c", "ulimit -c; ulimit -t"},
	 .out = "0\n7\n"},
	{"-L stack",
	 {"pk-spawn", "-L", "stack=1M", "--", "sh", "-c", "ulimit -Ss"},
	 .out = "1024\n"},
	{"-L as",
	 {"pk-spawn", "-L", "as=1G", "--", "bash", "-c", "ulimit -Sv"},
	 .out = "1048576\n"},
	{"-L nproc",
	 {"pk-spawn", "-L", "nproc=5000", "--", "bash", "-c", "ulimit -Su"},
	 .out = "5000\n"},
	{"a limit holds for the command",
	 {"pk-spawn", "-L", "fsize=1K", "--", "sh", "-c",
	  "trap '' XFSZ; head -c 5000 /dev/zero >f 2>&-; wc -c <f; rm f"},
	 .out = "1024\n",
	 .err = NULL},
};

/* --- usage errors ------------------------------------------------------------------------------- */

struct refusal {
	const char *title;
	const char *argv[8];
	const char *names[3]; /* parts of the message: the option, the value */
};

static void a_mistake_gives_125_and_two_lines(void **state)
{
	const struct refusal *row = test_now()->row;
	struct run *r = run(row->argv, NULL);

	(void)state;
	assert_status(r, 125);
	assert_string_equal(r->out, "");
	assert_true(strncmp(r->err, "pk-spawn: ", 10) == 0);
	assert_lines(r->err, 2);
	assert_has(r->err, "\nTry 'pk-spawn --help'.\n");
	for (size_t i = 0; i < 3 && row->names[i] != NULL; i++)
		assert_has(r->err, row->names[i]);
}

#define DURATION(option, value)                                                                    \
	{                                                                                          \
		"refused: " option " '" value "'", {"pk-spawn", option, value, "touch", "ran"},    \
		{                                                                                  \
			"'" value "'"                                                              \
		}                                                                                  \
	}

static const struct refusal refusals[] = {
	{"refused: no command", {"pk-spawn"}, {"command"}},
	{"refused: no command behind options", {"pk-spawn", "-t", "5"}, {"command"}},
	{"refused: no command behind the double dash", {"pk-spawn", "--"}, {"command"}},
	{"refused: an unknown long option",
	 {"pk-spawn", "--no-such-option", "true"},
	 {"--no-such-option"}},
	{"refused: an unknown short option", {"pk-spawn", "-Y", "true"}, {"Y"}},
	{"a misspelt option is answered with the right one",
	 {"pk-spawn", "--timout", "5", "true"},
	 {"--timout", "--timeout"}},
	{"refused: an abbreviated option", {"pk-spawn", "--time", "5", "touch", "ran"}, {"--time"}},
	{"refused: an abbreviation that is unique",
	 {"pk-spawn", "--preserve", "touch", "ran"},
	 {"--preserve"}},
	{"refused: an option without its value", {"pk-spawn", "-t"}, {"t"}},
	{"refused: a value for an option that takes none",
	 {"pk-spawn", "--quiet=yes", "true"},
	 {"--quiet"}},
	DURATION("-t", ""),
	DURATION("-t", "-1"),
	DURATION("-t", "nan"),
	DURATION("-t", "5x"),
	DURATION("-t", "5 s"),
	DURATION("-t", "s"),
	DURATION("-t", "1,5"),
	DURATION("-t", "0x10"),
	DURATION("-t", "1e3"),
	DURATION("-t", "99999999999999999999"),
	DURATION("-t", "999999999d"),
	DURATION("-t", "5ss"),
	DURATION("-t", "."),
	DURATION("-D", "x"),
	DURATION("-k", "x"),
	DURATION("-k", "-5s"),
	DURATION("-s", "NOSUCH"),
	DURATION("-s", ""),
	DURATION("-s", "0"),
	DURATION("-s", "65"),
	DURATION("-s", "-9"),
	DURATION("--signal-to", "some"),
	DURATION("--signal-to", ""),
	DURATION("--orphans", "maybe"),
	DURATION("--orphans", ""),
	DURATION("-L", "nofile"),
	DURATION("-L", "nofile="),
	DURATION("-L", "nofile=x"),
	DURATION("-L", "nofile=9:5"),
	DURATION("-L", "=5"),
	DURATION("-L", "nosuch=5"),
	DURATION("-L", "cpu=-1"),
	DURATION("-L", "fsize=99999999999999999999G"),
	DURATION("--events", "fd:x"),
	DURATION("--events", "fd:"),
};

static void the_accepted_form_is_in_the_message(void **state)
{
	(void)state;
	assert_has(run(SPAWN("-t", "5x", "true"), NULL)->err, "250ms");
	assert_has(run(SPAWN("-t", "99999999999999999999", "true"), NULL)->err, "inf");
	assert_has(run(SPAWN("--orphans=x", "true"), NULL)->err, "leave");
	assert_has(run(SPAWN("--signal-to=x", "true"), NULL)->err, "main");
	assert_has(run(SPAWN("-L", "nosuch=1", "true"), NULL)->err, "nofile");
}

static void hostile_bytes_in_a_message_are_escaped(void **state)
{
	struct run *r = run(SPAWN("--", "./a\033[31m\nb\r\x7f\xff"), HOW(.unwrapped = true));

	(void)state;
	assert_status(r, 127);
	assert_lines(r->err, 1);
	for (const char *c = r->err; *c != '\0'; c++)
		assert_true((*c >= 0x20 && *c < 0x7f) || (*c == '\n' && c[1] == '\0'));
}

/* --- help and version ----------------------------------------------------------------------------- */

static void help_is_on_stdout_and_names_every_option(void **state)
{
	static const char *const options[] = {"-t, --timeout",
					      "-D, --deadline",
					      "-k, --kill-after",
					      "-s, --signal",
					      "--signal-to",
					      "-p, --preserve-status",
					      "-i, --stdin",
					      "-L, --limit",
					      "--orphans",
					      "--events",
					      "--events-argv",
					      "-v, --verbose",
					      "-q, --quiet",
					      "-h, --help",
					      "-V, --version",
					      "124",
					      "125",
					      "126",
					      "127"};
	struct run *r = run(SPAWN("--help"), NULL);

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->err, "");
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		assert_has(r->out, options[i]);
	assert_string_equal(run(SPAWN("-h"), NULL)->out, r->out);
}

static void version_is_one_name_and_a_licence(void **state)
{
	struct run *r = run(SPAWN("--version"), NULL);

	(void)state;
	assert_status(r, 0);
	assert_true(strncmp(r->out, "pk-spawn (pk) 0.1.0\n", 20) == 0);
	assert_has(r->out, "MIT");
	assert_string_equal(r->err, "");
	assert_string_equal(run(SPAWN("-V"), NULL)->out, r->out);
}

/* --- one by one ------------------------------------------------------------------------------------ */

static void stdin_is_inherited(void **state)
{
	struct run *r = run(SPAWN("--", "cat"), HOW(.input = "one\ntwo"));

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "one\ntwo");
	r = run(SPAWN("-i", "inherit", "--", "cat"), HOW(.input = "three"));
	assert_string_equal(r->out, "three");
}

static void stdin_null_leaves_the_callers_stdin_alone(void **state)
{
	struct run *r = run(ARGV("sh", "-c", "pk-spawn -i null -- cat; cat"), HOW(.input = "rest"));

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "rest");
}

static void stdin_can_be_a_file(void **state)
{
	const char *file = test_file("input", "from the file", 0600);
	struct run *r = run(SPAWN("-i", file, "--", "cat"), HOW(.input = "not this"));

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "from the file");
}

static void a_reader_that_goes_gives_the_command_its_own_sigpipe(void **state)
{
	struct run *r = run(ARGV("bash", "-c",
				 "pk-spawn -- \"$PK_HELPERS/spew\" 0 | head -c 64 >/dev/null; "
				 "echo ${PIPESTATUS[0]}"),
			    NULL);

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "141\n");
	assert_string_equal(r->err, "");
}

static void verbose_says_one_line_per_signal_sent(void **state)
{
	struct run *r = run(SPAWN("-v", "-t", "300ms", "-k", "100ms", "--", "@stubborn"), NULL);

	(void)state;
	assert_status(r, 124);
	assert_has(r->err, "TERM");
	assert_has(r->err, "KILL");
	assert_true(strncmp(r->err, "pk-spawn: ", 10) == 0);
	assert_string_equal(r->out, "ready\n");
}

static void a_core_dump_is_the_commands_and_not_ours(void **state)
{
	struct run *r = run(SPAWN("-L", "core=0", "--", "sh", "-c", "kill -SEGV $$"), NULL);

	(void)state;
	assert_signal(r, SIGSEGV); /* the leftover check finds a core file of ours */
	assert_string_equal(r->err, "");
	r = run(SPAWN("-L", "core=0", "--", "sh", "-c", "kill -QUIT $$"), NULL);
	assert_signal(r, SIGQUIT);
}

static void a_held_stdout_does_not_delay_the_return(void **state)
{
	struct run *r = run(SPAWN("--", "@holder", "7"), NULL);

	(void)state;
	assert_status(r, 7);
	assert_string_equal(r->out, "held\n");
	assert_false(r->out_held);
	assert_no_survivor();
	r = run(ARGV("sh", "-c", "x=$(pk-spawn -- \"$PK_HELPERS/holder\"); echo \"[$x]\""), NULL);
	assert_string_equal(r->out, "[held]\n");
	assert_true(r->elapsed_ms < 15000);
}

static void leftovers_that_die_of_term_cost_no_grace(void **state)
{
	struct run *r = run(SPAWN("-k", "19", "--", "@holder", "5"), NULL);

	(void)state;
	assert_status(r, 5);
	assert_string_equal(r->err, "");
	assert_no_survivor();
	assert_true(r->elapsed_ms < 10000);
}

static void leftovers_that_ignore_everything_are_killed_after_the_grace(void **state)
{
	struct run *r = run(SPAWN("-k", "100ms", "--", "@daemon", "exit", "hold"), NULL);

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "ready\n");
	assert_false(r->out_held);
	assert_no_survivor();
}

static void orphans_stop_is_the_default_and_can_be_said(void **state)
{
	struct run *r = run(SPAWN("--orphans=stop", "--", "@holder"), NULL);

	(void)state;
	assert_status(r, 0);
	assert_no_survivor();
}

static void orphans_wait_lets_leftovers_finish(void **state)
{
	int fds[2];
	struct run *r;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	test_keep_fd(fds[0]);
	test_keep_fd(fds[1]);
	r = start(SPAWN("--orphans", "wait", "--", "sh", "-c",
			"(read x <&7; echo bye $x) & echo $$; exit 3"),
		  HOW(.fds = {{fds[0], 7}}));
	run_wait_out(r, "\n");
	run_wait_pid(atoi(r->out));
	assert_int_equal(write(fds[1], "now\n", 4), 4);
	finish(r);
	assert_status(r, 3);
	assert_has(r->out, "bye now\n");
	assert_string_equal(r->err, "");
}

static void orphans_wait_is_bounded_by_the_time_limit(void **state)
{
	struct run *r = run(SPAWN("--orphans=wait", "-t", "500ms", "--", "@holder"), NULL);

	(void)state;
	assert_status(r, 124);
	assert_has(r->err, "timed out after 500ms");
	assert_no_survivor();
	r = run(SPAWN("--orphans=wait", "-D", "500ms", "--", "@holder"), NULL);
	assert_status(r, 124);
	assert_no_survivor();
}

static void orphans_leave_lets_go(void **state)
{
	struct run *r = run(SPAWN("--orphans=leave", "--", "@holder", "4"), NULL);

	(void)state;
	assert_status(r, 4);
	assert_true(r->out_held);
	assert_int_equal(test_living(0), 1);
	assert_int_equal(test_find_any("pk-guard"), 0);
	test_kill();
}

static void orphans_leave_does_not_excuse_a_time_limit(void **state)
{
	struct run *r =
		run(SPAWN("--orphans=leave", "-t", "300ms", "-k", "50ms", "--", "@daemon", "stay"),
		    NULL);

	(void)state;
	assert_status(r, 124);
	assert_no_survivor();
}

/* valgrind has no pidfd_open, without which only direct children are asked: run bare. */
static void signal_to_tree_reaches_every_process(void **state)
{
	struct run *r = start(SPAWN("-k", "19", "--", "sh", "-c",
				    "\"$PK_HELPERS/catch\" TERM >child & "
				    "until grep -q ready child; do :; done; "
				    "exec \"$PK_HELPERS/catch\" TERM USR1"),
			      HOW(.unwrapped = true));

	(void)state;
	(void)test_path("child");
	run_wait_out(r, "ready\n");
	run_signal(r, SIGTERM);
	run_wait_out(r, "got 15 user\n");
	run_signal(r, SIGUSR1);
	finish(r);
	assert_status(r, 0);
	assert_string_equal(run(ARGV("cat", "child"), NULL)->out, "ready\ngot 15 user\n");
}

static void signal_to_main_asks_the_leader_first(void **state)
{
	/* The leader shows, at its TERM, that its child has had none. */
	struct run *r = start(SPAWN("-k", "19", "--signal-to=main", "--", "sh", "-c",
				    "\"$PK_HELPERS/catch\" TERM >child & "
				    "trap 'cat child; exit 0' TERM; "
				    "until grep -q ready child; do :; done; echo up; wait"),
			      NULL);

	(void)state;
	(void)test_path("child");
	run_wait_out(r, "up\n");
	run_signal(r, SIGTERM);
	finish(r);
	assert_status(r, 0);
	assert_string_equal(r->out, "up\nready\n");
	assert_no_survivor();
	/* The rest was asked once the leader had gone. */
	assert_string_equal(run(ARGV("cat", "child"), NULL)->out, "ready\ngot 15 user\n");
}

static void set_user_id_use_is_refused(void **state)
{
	const char *tool = tool_path("pk-spawn");
	struct run *r;

	(void)state;
	if (geteuid() != 0 || tool == NULL || run_is_slow())
		skip();
	/* A set-group-ID copy run by root: real and effective group differ, so AT_SECURE is set. */
	const char *copy = test_path("setgid");
	r = run(ARGV("sh", "-c",
		     test_text(
			     "cp '%s' '%s' && chgrp 1 '%s' && chmod 2755 '%s' && '%s' -- echo ran",
			     tool, copy, copy, copy, copy)),
		NULL);
	if (r->status == 0)
		skip(); /* a file system mounted nosuid */
	assert_status(r, 125);
	assert_string_equal(r->out, "");
	assert_lines(r->err, 1);
}

static void a_command_in_a_directory_that_may_not_be_read_gives_126(void **state)
{
	(void)state;
	if (geteuid() == 0)
		skip();
	const char *script = test_file("script", "#!/bin/sh\necho ran\n", 0600);
	assert_status(run(SPAWN(script), HOW(.unwrapped = true)), 126);
}

static void a_script_whose_interpreter_is_missing_gives_127(void **state)
{
	const char *script = test_file("script", "#!/no/such/interpreter\n", 0700);
	struct run *r = run(SPAWN(script), HOW(.unwrapped = true));

	(void)state;
	assert_status(r, 127);
	assert_has(r->err, "script");
}

static void a_found_but_denied_command_beats_not_found(void **state)
{
	struct run *r;

	/* The search goes on behind a file that may not be executed, and remembers it. */
	(void)state;
	(void)test_file("denied", "#!/bin/sh\n", 0600);
	r = run(SPAWN("denied"),
		HOW(.env = {test_text("PATH=%s:/nowhere", test_now()->dir)}, .unwrapped = true));
	assert_status(r, 126);
}

static void a_deadline_is_not_early(void **state)
{
	struct run *r = run(SPAWN("-t", "250ms", "--", "sleep", "20"), NULL);

	(void)state;
	assert_status(r, 124);
	assert_true(r->elapsed_ms >= 250);
}

#define TITLED(table, function)                                                                    \
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)                              \
		tests[count++] = (struct CMUnitTest)tidy_row(table[i].title, function, &table[i]);

int main(void)
{
	static const struct CMUnitTest single[] = {
		tidy_test(the_accepted_form_is_in_the_message),
		tidy_test(hostile_bytes_in_a_message_are_escaped),
		tidy_test(help_is_on_stdout_and_names_every_option),
		tidy_test(version_is_one_name_and_a_licence),
		tidy_test(stdin_is_inherited),
		tidy_test(stdin_null_leaves_the_callers_stdin_alone),
		tidy_test(stdin_can_be_a_file),
		tidy_test(a_reader_that_goes_gives_the_command_its_own_sigpipe),
		tidy_test(verbose_says_one_line_per_signal_sent),
		tidy_test(a_core_dump_is_the_commands_and_not_ours),
		tidy_test(a_held_stdout_does_not_delay_the_return),
		tidy_test(leftovers_that_die_of_term_cost_no_grace),
		tidy_test(leftovers_that_ignore_everything_are_killed_after_the_grace),
		tidy_test(orphans_stop_is_the_default_and_can_be_said),
		tidy_test(orphans_wait_lets_leftovers_finish),
		tidy_test(orphans_wait_is_bounded_by_the_time_limit),
		tidy_test(orphans_leave_lets_go),
		tidy_test(orphans_leave_does_not_excuse_a_time_limit),
		tidy_test(signal_to_tree_reaches_every_process),
		tidy_test(signal_to_main_asks_the_leader_first),
		tidy_test(set_user_id_use_is_refused),
		tidy_test(a_command_in_a_directory_that_may_not_be_read_gives_126),
		tidy_test(a_script_whose_interpreter_is_missing_gives_127),
		tidy_test(a_found_but_denied_command_beats_not_found),
		tidy_test(a_deadline_is_not_early),
	};
	static struct CMUnitTest tests[256];
	size_t count = 0;

	TITLED(rows, a_row_ends_as_the_table_says)
	TITLED(refusals, a_mistake_gives_125_and_two_lines)
	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		tests[count++] = single[i];
	return _cmocka_run_group_tests("pk-spawn", tests, count, NULL, NULL);
}
