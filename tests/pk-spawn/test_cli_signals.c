/*
 * pk-spawn and signals: what is passed on, what starts the clock, what PID 1 does.
 */
#include "tests/check.h"
#include "tests/lib/events.h"
#include "tests/lib/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#define SPAWN(...) ARGV("pk-spawn", __VA_ARGS__)

/* More than the 200 ms within which two requests are one. */
enum { LATER_MS = 350 };

struct signal_row {
	const char *title;
	int signal;
	const char *name;
};

/* --- passed on -------------------------------------------------------------------------------- */

static void it_reaches_the_command_exactly_once(void **state)
{
	const struct signal_row *row = test_now()->row;
	struct run *r = start(SPAWN("-k", "19", "--", "@catch", row->name, "--", "6"), NULL);

	(void)state;
	run_wait_out(r, "ready\n");
	run_signal(r, row->signal);
	finish(r);
	assert_status(r, 6);
	assert_string_equal(r->out, test_text("ready\ngot %d user\n", row->signal));
	assert_string_equal(r->err, "");
}

static void it_ends_the_tool_as_it_ends_the_command(void **state)
{
	const struct signal_row *row = test_now()->row;
	struct run *r =
		start(SPAWN("-L", "core=0", "--", "sh", "-c", "echo ready; exec sleep 20"), NULL);

	(void)state;
	run_wait_out(r, "ready\n");
	run_signal(r, row->signal);
	finish(r);
	assert_signal(r, row->signal);
	assert_no_survivor();
}

static const struct signal_row forwarded[] = {
	{"TERM is passed on once", SIGTERM, "TERM"},	{"INT is passed on once", SIGINT, "INT"},
	{"QUIT is passed on once", SIGQUIT, "QUIT"},	{"HUP is passed on once", SIGHUP, "HUP"},
	{"USR1 is passed on once", SIGUSR1, "USR1"},	{"USR2 is passed on once", SIGUSR2, "USR2"},
	{"WINCH is passed on once", SIGWINCH, "WINCH"},
};

static const struct signal_row deadly[] = {
	{"a TERM that ends the command ends the tool by TERM", SIGTERM, "TERM"},
	{"an INT that ends the command ends the tool by INT", SIGINT, "INT"},
	{"a QUIT that ends the command ends the tool by QUIT", SIGQUIT, "QUIT"},
	{"a HUP that ends the command ends the tool by HUP", SIGHUP, "HUP"},
	{"a USR1 that ends the command ends the tool by USR1", SIGUSR1, "USR1"},
};

/* --- the clock --------------------------------------------------------------------------------- */

static void a_request_starts_the_grace_clock(void **state)
{
	static const int requests[] = {SIGTERM, SIGINT, SIGQUIT};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct run *r = start(SPAWN("-k", "100ms", "--", "@stubborn", "INT", "QUIT"), NULL);
		run_wait_out(r, "ready\n");
		run_signal(r, requests[i]);
		finish(r);
		assert_signal(r, SIGKILL);
		assert_no_survivor();
		assert_true(r->elapsed_ms >= 100);
	}
}

static void hup_usr1_usr2_and_winch_start_no_clock(void **state)
{
	struct run *r =
		start(SPAWN("-k", "10ms", "--", "@catch", "HUP", "USR1", "WINCH", "USR2"), NULL);

	(void)state;
	run_wait_out(r, "ready\n");
	run_signal(r, SIGHUP);
	run_wait_out(r, "got 1 user\n");
	run_signal(r, SIGUSR1);
	run_wait_out(r, "got 10 user\n");
	run_signal(r, SIGWINCH);
	run_wait_out(r, "got 28 user\n");
	run_pass(100); /* ten times the grace */
	run_signal(r, SIGUSR2);
	finish(r);
	assert_status(r, 0);
	assert_string_equal(r->out, "ready\ngot 1 user\ngot 10 user\ngot 28 user\ngot 12 user\n");
}

static void usr1_goes_to_the_command_alone(void **state)
{
	struct run *r = start(SPAWN("-k", "19", "--", "sh", "-c",
				    "\"$PK_HELPERS/catch\" USR1 HUP TERM >child & "
				    "until grep -q ready child; do :; done; "
				    "exec \"$PK_HELPERS/catch\" USR1 HUP TERM"),
			      NULL);

	(void)state;
	(void)test_path("child");
	run_wait_out(r, "ready\n");
	run_signal(r, SIGUSR1);
	run_wait_out(r, "got 10 user\n");
	run_signal(r, SIGHUP);
	run_wait_out(r, "got 1 user\n");
	run_signal(r, SIGTERM); /* both get this one, behind the others */
	finish(r);
	assert_status(r, 0);
	assert_string_equal(run(ARGV("cat", "child"), NULL)->out, "ready\ngot 15 user\n");
}

static void a_second_term_kills_at_once(void **state)
{
	struct run *r = start(SPAWN("-k", "inf", "--", "@catch", "TERM", "USR1"), NULL);

	(void)state;
	run_wait_out(r, "ready\n");
	run_signal(r, SIGTERM);
	run_wait_out(r, "got 15 user\n");
	run_pass(LATER_MS);
	run_signal(r, SIGTERM);
	finish(r);
	assert_signal(r, SIGKILL);
	assert_no_survivor();
}

static void an_int_after_a_term_kills_at_once(void **state)
{
	struct run *r = start(SPAWN("-k", "inf", "--", "@stubborn", "INT"), NULL);

	(void)state;
	run_wait_out(r, "ready\n");
	run_signal(r, SIGTERM);
	run_pass(LATER_MS);
	run_signal(r, SIGINT);
	finish(r);
	assert_signal(r, SIGKILL);
}

static void two_requests_within_200_ms_are_one(void **state)
{
	struct run *r = start(SPAWN("-k", "inf", "--", "@catch", "TERM", "INT", "USR1"), NULL);

	(void)state;
	run_wait_out(r, "ready\n");
	run_signal(r, SIGTERM);
	run_signal(r, SIGINT);
	run_wait_out(r, "got ");
	run_pass(LATER_MS);
	run_signal(r, SIGUSR1);
	finish(r);
	assert_status(r, 0); /* not killed */
}

static void a_grace_without_end_is_never_a_kill(void **state)
{
	const char *events = events_path();
	struct run *r = start(SPAWN("-k", "inf", "-t", "300ms", "--events", events, "--", "@catch",
				    "TERM", "USR1", "--", "5"),
			      NULL);

	(void)state;
	run_wait_out(r, "got 15 user\n");
	run_pass(100);
	run_signal(r, SIGUSR1);
	finish(r);
	assert_status(r, 124);
	assert_int_equal(event_count(events, "kill"), 0);
	assert_int_equal(event_count(events, "survivor"), 0);
}

static void a_stopped_front_still_times_out(void **state)
{
	const char *events = events_path();
	struct run *r = start(SPAWN("-t", "300ms", "--events", events, "--", "sh", "-c",
				    "echo ready; exec sleep 20"),
			      NULL);

	(void)state;
	run_wait_out(r, "ready\n");
	run_signal(r, SIGSTOP);
	run_wait_stopped(r);
	(void)event_wait(events, "timeout");
	(void)event_wait(events, "exit");
	run_signal(r, SIGCONT);
	finish(r);
	assert_status(r, 124);
}

static void a_stopped_guard_is_continued(void **state)
{
	struct run *r =
		start(SPAWN("-t", "1", "--", "sh", "-c", "echo ready; exec sleep 20"), NULL);

	(void)state;
	run_wait_out(r, "ready\n");
	int guard = test_find("pk-guard");
	assert_int_equal(kill(guard, SIGSTOP), 0);
	finish(r);
	assert_status(r, 124);
}

static void a_continued_front_goes_on(void **state)
{
	struct run *r = start(SPAWN("--", "@catch", "USR1", "--", "8"), NULL);

	(void)state;
	run_wait_out(r, "ready\n");
	for (int i = 0; i < 3; i++) {
		run_signal(r, SIGSTOP);
		run_wait_stopped(r);
		run_signal(r, SIGCONT);
		run_wait_continued(r);
	}
	run_signal(r, SIGUSR1);
	finish(r);
	assert_status(r, 8);
}

static void an_ignored_stop_signal_stays_ignored_and_kill_follows(void **state)
{
	struct run *r = run(SPAWN("-t", "100ms", "-k", "100ms", "--", "sleep", "20"),
			    HOW(.ignored = {SIGTERM, SIGINT, SIGHUP}));

	(void)state;
	assert_status(r, 124);
	assert_has(r->err, "SIGKILL needed");
}

static void a_term_ignored_at_start_is_not_passed_on(void **state)
{
	struct run *r = start(SPAWN("-k", "10ms", "--", "@catch", "USR1", "--", "3"),
			      HOW(.ignored = {SIGTERM, SIGHUP}));

	(void)state;
	run_wait_out(r, "ready\n");
	run_signal(r, SIGHUP); /* nohup */
	run_signal(r, SIGUSR1);
	finish(r);
	assert_status(r, 3);
	assert_string_equal(r->out, "ready\ngot 10 user\n");
}

static void limits_hold_whatever_the_caller_blocked_or_ignored(void **state)
{
	static const struct how hows[] = {
		{.ignored = {SIGCHLD}},
		{.ignored = {SIGALRM, SIGPIPE, SIGUSR1, SIGUSR2, SIGCONT}},
		{.blocked = {SIGCHLD}},
		{.blocked = {SIGALRM, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGCONT}},
		{.blocked = {34, 35, 36, 63, 64}},
		{.ignored = {34, 35, 36, 63, 64}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(hows) / sizeof(hows[0]); i++) {
		struct run *r =
			run(SPAWN("-t", "100ms", "-k", "100ms", "--", "sleep", "20"), &hows[i]);
		assert_status(r, 124);
		assert_no_survivor();
		r = run(SPAWN("--", "sh", "-c", "exit 3"), &hows[i]);
		assert_status(r, 3);
		assert_string_equal(r->err, "");
	}
}

static void a_group_of_its_own_gets_a_group_signal_once(void **state)
{
	/* A harness signals the process group that it made: once by forwarding, not twice. */
	struct run *r = start(SPAWN("-k", "19", "--", "@catch", "TERM", "USR1"), NULL);

	(void)state;
	run_wait_out(r, "ready\n");
	assert_int_equal(kill(-r->pid, SIGTERM), 0);
	run_wait_out(r, "got 15 user\n");
	run_signal(r, SIGUSR1);
	finish(r);
	assert_status(r, 0);
	assert_string_equal(r->out, "ready\ngot 15 user\ngot 10 user\n");
}

/* --- nested -------------------------------------------------------------------------------------- */

static void three_nested_pass_one_term_once(void **state)
{
	struct run *r = start(SPAWN("-k", "19", "--", "pk-spawn", "-k", "19", "--", "pk-spawn",
				    "-k", "19", "--", "@catch", "TERM", "USR1", "--", "9"),
			      NULL);

	(void)state;
	run_wait_out(r, "ready\n");
	run_signal(r, SIGTERM);
	run_wait_out(r, "got 15 user\n");
	run_signal(r, SIGUSR1);
	finish(r);
	assert_status(r, 9);
	assert_string_equal(r->out, "ready\ngot 15 user\ngot 10 user\n");
}

static void the_stop_phase_asks_a_nested_front_and_nothing_below_it(void **state)
{
	const char *events = events_path();
	/* With the deadline inherited the innermost would end before it is asked. */
	struct run *r = run(SPAWN("-t", "700ms", "-k", "19", "--events", events, "--", "pk-spawn",
				  "--no-inherit", "-k", "19", "--", "pk-spawn", "-k", "19", "--",
				  "@catch", "TERM"),
			    NULL);

	(void)state;
	assert_status(r, 124);
	assert_string_equal(r->out, "ready\ngot 15 user\n");
	assert_int_equal((int)event_number(event_find(events, "stop"), "targets"), 1);
	assert_int_equal(event_count(events, "kill"), 0);
}

static void the_kill_phase_spares_no_nested_front(void **state)
{
	struct run *r =
		run(SPAWN("-t", "700ms", "-k", "100ms", "--", "pk-spawn", "--no-inherit", "-k",
			  "inf", "--", "pk-spawn", "-k", "inf", "--", "@daemon", "stay"),
		    NULL);

	(void)state;
	assert_status(r, 124);
	assert_has(r->err, "SIGKILL needed");
	assert_no_survivor();
}

static void an_inner_time_limit_is_the_inner_tools_answer(void **state)
{
	struct run *r =
		run(SPAWN("-t", "19", "--", "pk-spawn", "-q", "-t", "100ms", "--", "sleep", "20"),
		    NULL);

	(void)state;
	assert_status(r, 124);
	assert_string_equal(r->err, "");
}

static void a_killed_inner_front_is_a_command_that_died(void **state)
{
	struct run *r =
		start(SPAWN("--", "sh", "-c", "echo $$; exec pk-spawn -- \"$PK_HELPERS/stubborn\""),
		      NULL);

	(void)state;
	run_wait_out(r, "ready\n");
	assert_int_equal(kill(atoi(r->out), SIGKILL), 0);
	finish(r);
	assert_signal(r, SIGKILL);
	assert_no_survivor();
}

/* --- PID 1 ------------------------------------------------------------------------------------------ */

struct first_row {
	const char *title;
	const char *options[8];
	int status;
	const char *err;
};

static struct run *start_first(const char *const options[])
{
	const char *argv[16] = {"@pid1", tool_path("pk-spawn")};

	if (geteuid() != 0 || argv[1] == NULL)
		skip();
	for (size_t i = 0; options[i] != NULL; i++)
		argv[i + 2] = options[i];
	return start(argv, NULL);
}

static void as_pid_1_a_row_ends_as_the_table_says(void **state)
{
	const struct first_row *row = test_now()->row;
	struct run *r = start_first(row->options);

	(void)state;
	finish(r);
	if (r->status == 77)
		skip();
	assert_status(r, row->status);
	assert_has(r->err, row->err);
}

static const struct first_row firsts[] = {
	{"as PID 1 the command's status is passed on", {"--", "sh", "-c", "exit 7"}, 7, ""},
	{"as PID 1 death by TERM is 143", {"--", "sh", "-c", "kill -TERM $$"}, 143, ""},
	{"as PID 1 death by KILL is 137", {"--", "sh", "-c", "kill -KILL $$"}, 137, ""},
	{"as PID 1 a time limit is 124",
	 {"-t", "200ms", "-k", "50ms", "--", "@stubborn"},
	 124,
	 "SIGKILL needed"},
	{"as PID 1 not found is 127", {"--", "./missing"}, 127, "./missing"},
	{"as PID 1 a mistake is 125", {"-t", "x", "true"}, 125, "'x'"},
	{"as PID 1 a daemon is stopped", {"-k", "50ms", "--", "@daemon", "exit"}, 0, ""},
	{"as PID 1 orphans are reaped",
	 {"--", "sh", "-c", "(sh -c 'exit 3' &) ; (true &) ; exit 2"},
	 2,
	 ""},
};

static void as_pid_1_a_forwarded_term_has_no_grace_clock(void **state)
{
	/* The default grace is 5 s; with -k the clock runs. */
	struct run *r = start_first((const char *const[]){"-k", "100ms", "--", "@stubborn", NULL});

	(void)state;
	(void)state;
	run_wait_out(r, "ready\n");
	run_signal(r, SIGTERM);
	finish(r);
	assert_status(r, 137);
	r = start_first((const char *const[]){"--", "@catch", "TERM", "USR1", "--", "4", NULL});
	run_wait_out(r, "ready\n");
	run_signal(r, SIGTERM);
	run_wait_out(r, "got 15 user\n");
	if (!run_is_slow())
		run_pass(5500); /* longer than the grace that is not there */
	run_signal(r, SIGUSR1);
	finish(r);
	assert_status(r, 4);
}

static void as_pid_1_int_is_honoured(void **state)
{
	struct run *r = start_first(
		(const char *const[]){"--", "sh", "-c", "echo ready; exec sleep 20", NULL});

	(void)state;
	run_wait_out(r, "ready\n");
	run_signal(r, SIGINT);
	finish(r);
	assert_status(r, 130);
}

#define TITLED(table, function)                                                                    \
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)                              \
		tests[count++] = (struct CMUnitTest)tidy_row(table[i].title, function, &table[i]);

int main(void)
{
	static const struct CMUnitTest single[] = {
		tidy_test(a_request_starts_the_grace_clock),
		tidy_test(hup_usr1_usr2_and_winch_start_no_clock),
		tidy_test(usr1_goes_to_the_command_alone),
		tidy_test(a_second_term_kills_at_once),
		tidy_test(an_int_after_a_term_kills_at_once),
		tidy_test(two_requests_within_200_ms_are_one),
		tidy_test(a_grace_without_end_is_never_a_kill),
		tidy_test(a_stopped_front_still_times_out),
		tidy_test(a_stopped_guard_is_continued),
		tidy_test(a_continued_front_goes_on),
		tidy_test(an_ignored_stop_signal_stays_ignored_and_kill_follows),
		tidy_test(a_term_ignored_at_start_is_not_passed_on),
		tidy_test(limits_hold_whatever_the_caller_blocked_or_ignored),
		tidy_test(a_group_of_its_own_gets_a_group_signal_once),
		tidy_test(three_nested_pass_one_term_once),
		tidy_test(the_stop_phase_asks_a_nested_front_and_nothing_below_it),
		tidy_test(the_kill_phase_spares_no_nested_front),
		tidy_test(an_inner_time_limit_is_the_inner_tools_answer),
		tidy_test(a_killed_inner_front_is_a_command_that_died),
		tidy_test(as_pid_1_a_forwarded_term_has_no_grace_clock),
		tidy_test(as_pid_1_int_is_honoured),
	};
	static struct CMUnitTest tests[128];
	size_t count = 0;

	TITLED(forwarded, it_reaches_the_command_exactly_once)
	TITLED(deadly, it_ends_the_tool_as_it_ends_the_command)
	TITLED(firsts, as_pid_1_a_row_ends_as_the_table_says)
	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		tests[count++] = single[i];
	return _cmocka_run_group_tests("pk-spawn signals", tests, count, NULL, NULL);
}
