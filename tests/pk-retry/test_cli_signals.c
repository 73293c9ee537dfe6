/*
 * Signals, delays and terminals: what ends pk-retry, and that it starts nothing afterwards.
 */
#include "tests/check.h"
#include "tests/lib/events.h"
#include "tests/lib/pty.h"
#include "tests/lib/run.h"

#include <stdlib.h>
#include <unistd.h>

static void a_delay_ends_at_once_by_term_int_and_quit(void **state)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGQUIT};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct run *r = start(
			ARGV("pk-retry", "-d", "19", "-j", "none", "-m", "1m", "false"), NULL);

		run_wait_err(r, "next in 19s\n");
		run_signal(r, signals[i]);
		finish(r);
		assert_signal(r, signals[i]);
		assert_true(r->elapsed_ms < 15000);
		assert_no_survivor();
	}
}

static void term_reaches_the_attempt_and_no_other_follows(void **state)
{
	const char *events = events_path();
	struct run *r = start(ARGV("pk-retry", "-q", "-d", "0", "-o", "pass", "--events", events,
				   "@catch", "TERM", "--", "1"),
			      NULL);

	(void)state;
	run_wait_out(r, "ready\n");
	run_signal(r, SIGTERM);
	finish(r);
	/* The command turned the signal into a plain failure; the run was ended by it all the same. */
	assert_signal(r, SIGTERM);
	assert_string_equal(r->out, "ready\ngot 15 user\n");
	assert_int_equal(event_count(events, "attempt_start"), 1);
	assert_string_equal(event_text(event_find(events, "end"), "reason"), "signal");
	assert_no_survivor();
}

static void an_attempt_that_ends_well_on_term_is_a_success(void **state)
{
	struct run *r =
		start(ARGV("pk-retry", "-q", "-o", "pass", "@catch", "TERM", "--", "0"), NULL);

	(void)state;
	run_wait_out(r, "ready\n");
	run_signal(r, SIGTERM);
	finish(r);
	assert_status(r, 0);
}

static void an_attempt_that_ignores_term_is_killed_after_the_grace(void **state)
{
	const char *events = events_path();
	struct run *r =
		start(ARGV("pk-retry", "-q", "-k", "100ms", "--events", events, "-o", "pass", "sh",
			   "-c", "trap '' TERM; echo ready; sleep 20; sleep 20"),
		      NULL);

	(void)state;
	run_wait_out(r, "ready\n");
	run_signal(r, SIGTERM);
	finish(r);
	assert_signal(r, SIGTERM);
	assert_int_equal(event_count(events, "kill"), 1);
	assert_no_survivor();
}

static void nothing_survives_a_killed_pk_retry(void **state)
{
	struct run *r = start(ARGV("pk-retry", "-q", "-o", "pass", "sh", "-c",
				   "setsid sleep 20 & echo ready; sleep 20"),
			      NULL);

	(void)state;
	run_wait_out(r, "ready\n");
	run_signal(r, SIGKILL);
	finish(r);
	assert_int_equal(test_wait_gone(10000), 0);
}

static void ctrl_c_at_the_terminal_ends_the_run_though_the_command_exits_1(void **state)
{
	struct pty *p = pty_start(ARGV("pk-retry", "-d", "0", "sh", "-c",
				       "trap 'exit 1' INT; sleep 20 & echo ready; wait"),
				  NULL);

	(void)state;
	pty_expect(p, "ready");
	pty_keys(p, CTRL_C);
	pty_finish(p);
	assert_signal(p->run, SIGINT);
	/* One attempt was started. */
	assert_null(strstr(strstr(p->text, "ready") + 5, "ready"));
}

static void ctrl_c_ends_a_shell_loop(void **state)
{
	const char *events = events_path();
	struct pty *p = pty_start(
		ARGV("bash", "-c",
		     "while :; do echo round; pk-retry -q --events \"$0\" -- sleep 20; done",
		     events),
		NULL);

	(void)state;
	(void)event_wait(events, "attempt_start");
	pty_keys(p, CTRL_C);
	pty_finish(p);
	assert_int_equal(event_count(events, "attempt_start"), 1);
}

static void a_terminal_sees_a_countdown_that_is_erased(void **state)
{
	struct pty *p =
		pty_start(ARGV("pk-retry", "-n", "2", "-d", "1100ms", "-j", "none", "false"),
			  HOW(.env = {"TERM=xterm"}));

	(void)state;
	pty_expect(p, "attempt 1 of 2 failed");
	pty_expect(p, "pk-retry: attempt 2 in 2s");
	pty_expect(p, "pk-retry: attempt 2 in 1s");
	pty_expect(p, "\r\033[K");
	pty_expect(p, "attempt 2 of 2 failed");
	pty_finish(p);
	assert_status(p->run, 1);
}

static void quiet_and_dumb_terminals_see_none(void **state)
{
	struct pty *q =
		pty_start(ARGV("pk-retry", "-q", "-n", "2", "-d", "1s", "-j", "none", "false"),
			  HOW(.env = {"TERM=xterm"}));
	struct pty *d = pty_start(ARGV("pk-retry", "-n", "2", "-d", "1s", "-j", "none", "false"),
				  HOW(.env = {"TERM=dumb"}));

	(void)state;
	pty_finish(q);
	pty_finish(d);
	assert_string_equal(q->text, "");
	assert_lacks(d->text, "\033");
	assert_lacks(d->text, "attempt 2 in");
}

static void blocked_and_ignored_signals_reach_the_command_as_they_were(void **state)
{
	struct run *bare =
		run(ARGV("@sigprobe", "signals", "fds", "limits", "cwd"),
		    HOW(.blocked = {SIGUSR1}, .ignored = {SIGHUP, SIGPIPE}, .unwrapped = true));
	struct run *r =
		run(ARGV("pk-retry", "-o", "pass", "@sigprobe", "signals", "fds", "limits", "cwd"),
		    HOW(.blocked = {SIGUSR1}, .ignored = {SIGHUP, SIGPIPE}, .unwrapped = true));

	(void)state;
	assert_status(r, bare->status);
	assert_string_equal(r->out, bare->out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tidy_test(a_delay_ends_at_once_by_term_int_and_quit),
		tidy_test(term_reaches_the_attempt_and_no_other_follows),
		tidy_test(an_attempt_that_ends_well_on_term_is_a_success),
		tidy_test(an_attempt_that_ignores_term_is_killed_after_the_grace),
		tidy_test(nothing_survives_a_killed_pk_retry),
		tidy_test(ctrl_c_at_the_terminal_ends_the_run_though_the_command_exits_1),
		tidy_test(ctrl_c_ends_a_shell_loop),
		tidy_test(a_terminal_sees_a_countdown_that_is_erased),
		tidy_test(quiet_and_dumb_terminals_see_none),
		tidy_test(blocked_and_ignored_signals_reach_the_command_as_they_were),
	};
	return cmocka_run_group_tests_name("pk-retry/signals", tests, NULL, NULL);
}
