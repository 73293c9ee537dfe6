/* Command mode: when COMMAND runs, with what, and how it and pk-watch end. */
#include "tests/pk-watch/world.h"

static const char *reason(unsigned nth)
{
	return event_text(event_wait_nth(EVENTS, "run", nth), "reason");
}

static void it_runs_at_the_start_and_for_each_batch(void **state)
{
	(void)state;
	world(":");
	struct run *r =
		watch("w", "--", "sh", "-c",
		      "echo $PK_WATCH_REASON $PK_WATCH_SEQ $PK_WATCH_COUNT ${PK_WATCH_PATH-none}");
	(void)event_wait(EVENTS, "exit");
	sh("echo > w/a; echo > w/b");
	(void)event_wait_nth(EVENTS, "exit", 2);
	stop(r);
	assert_string_equal(r->out, "initial 1 0 none\nchange 2 2 w/a\n");
	assert_string_equal(r->err, "");
}

static void postpone_waits_for_the_first_change(void **state)
{
	(void)state;
	world(":");
	struct run *r = watch("-p", "w", "--", "echo", "ran");
	sh("echo > w/a");
	(void)event_wait(EVENTS, "exit");
	stop(r);
	assert_string_equal(r->out, "ran\n");
}

static void braces_become_the_changed_paths(void **state)
{
	(void)state;
	world(":");
	struct run *r = watch("w", "--", "echo", "got", "{}", "x{}");
	(void)event_wait(EVENTS, "exit");
	sh("echo > 'w/a b'; echo > w/c");
	(void)event_wait_nth(EVENTS, "exit", 2);
	stop(r);
	assert_string_equal(r->out, "got w x{}\ngot w/a b w/c x{}\n");
}

static void too_many_paths_are_split_into_several_processes(void **state)
{
	(void)state;
	world(":");
	struct run *r = start(ARGV("sh", "-c",
				   test_text("ulimit -s 600; exec %s -1 --debounce 300ms --events "
					     "%s w -- sh -c 'echo $#; test $# -lt 200' sh {}",
					     tool_path("pk-watch"), events_path())),
			      HOW(.unwrapped = true));
	(void)event_wait(EVENTS, "ready");
	/* Moved in whole, so that all is one batch. */
	sh("mkdir n; p=$(printf %0200d 0); i=0; while [ $i -lt 1500 ]; do : > n/$p$i; i=$((i+1)); "
	   "done; mv n w/");
	finish(r);
	assert_status(r, 1);
	int sum = 0, runs = 0;
	for (char *at = r->out; *at; at = strchr(at, '\n') + 1, runs++)
		sum += atoi(at);
	assert_int_equal(sum, 1501);
	assert_true(runs > 1);
}

static void paths_reach_stdin(void **state)
{
	(void)state;
	world(":");
	struct run *r = watch("-1", "--paths-stdin", "--json", "w", "--", "cat");
	sh("echo > w/a");
	finish(r);
	assert_status(r, 0);
	assert_string_equal(r->out, "{\"path\":\"w/a\",\"kind\":\"create\",\"type\":\"file\"}\n");
}

static void an_edit_during_a_run_is_never_lost(void **state)
{
	(void)state;
	world("mkfifo go; echo v0 > w/f");
	struct run *r = watch("w", "--", "sh", "-c", "cat w/f; cat go > /dev/null");
	run_wait_out(r, "v0\n");
	sh("echo v1 > w/f");
	(void)event_wait(EVENTS, "busy");
	sh(": > go");
	run_wait_out(r, "v1\n");
	sh(": > go");
	(void)event_wait_nth(EVENTS, "exit", 2);
	stop(r);
	assert_string_equal(r->out, "v0\nv1\n");
	sh("rm go");
}

static void a_server_restarts_200_times_and_finds_its_port_free(void **state)
{
	const unsigned most = run_is_slow() ? 20 : 200;
	char ups[3 * 200 + 1] = "";

	(void)state;
	world(":");
	struct run *r = watch("-r", "-d", "0", "-p", "w", "--", "@server", test_path("port"));
	for (unsigned i = 0; i < most; i++) {
		touch("w/f");
		(void)strcat(ups, "up\n");
		run_wait_out(r, ups);
	}
	stop(r);
	assert_no_survivor();
	assert_string_equal(r->out, ups);
	assert_string_equal(r->err, "");
	assert_int_equal((int)event_count(EVENTS, "run"), most);
}

static void what_is_half_written_during_a_restart_is_waited_for(void **state)
{
	(void)state;
	world("echo v0 > w/f; mkfifo go hold");
	struct run *r = watch("-r", "-d", "20ms", "--max-wait", "10s", "w", "--", "sh", "-c",
			      "trap 'echo asked; cat go; exit' TERM; cat w/f; cat hold & wait");
	run_wait_out(r, "v0\n");
	sh("echo v1 > w/f");
	run_wait_out(r, "asked\n");
	int fd = open(test_path("w/f"), O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_true(fd >= 0 && write(fd, "half", 4) == 4);
	sh(": > go");
	(void)event_wait(EVENTS, "exit");
	run_pass(100);
	assert_true(write(fd, "whole\n", 6) == 6 && close(fd) == 0);
	run_wait_out(r, "halfwhole\n");
	sh("rm go");
	stop(r);
	assert_string_equal(r->out, "v0\nasked\nhalfwhole\nasked\n");
	sh("rm hold");
}

static void a_child_that_ignores_term_is_killed_for_a_restart(void **state)
{
	(void)state;
	world(":");
	struct run *r = watch("-r", "-k", "50ms", "w", "--", "@stubborn");
	(void)event_wait(EVENTS, "run");
	run_pass(200);
	sh("echo > w/f");
	(void)event_wait_nth(EVENTS, "run", 2);
	assert_true(event_true(event_find(EVENTS, "exit"), "killed"));
	run_signal(r, SIGTERM);
	finish(r);
	assert_signal(r, SIGTERM);
}

static void ignored_batches_are_counted_and_dropped(void **state)
{
	(void)state;
	world("mkfifo go");
	struct run *r = watch("--on-busy=ignore", "w", "--", "cat", "go");
	(void)event_wait(EVENTS, "run");
	sh("echo > w/f");
	const char *busy = event_wait(EVENTS, "busy");
	assert_string_equal(event_text(busy, "policy"), "ignore");
	assert_int_equal((int)event_number(busy, "count"), 1);
	sh(": > go");
	(void)event_wait(EVENTS, "exit");
	stop(r);
	assert_int_equal((int)event_count(EVENTS, "run"), 1);
	sh("rm go");
}

static void a_busy_command_may_be_told_by_a_signal(void **state)
{
	(void)state;
	world(":");
	struct run *r =
		watch("--on-busy=signal", "-s", "HUP", "w", "--", "sh", "-c",
		      "trap 'echo told; exit 3' HUP; echo up; while :; do sleep 0.05; done");
	run_wait_out(r, "up\n");
	sh("echo > w/f");
	run_wait_out(r, "told\n");
	(void)event_wait(EVENTS, "exit");
	stop(r);
	assert_has(r->err, "exited with 3");
}

static void usr1_means_run_now(void **state)
{
	(void)state;
	world(":");
	struct run *r = watch("-p", "w", "--", "true");
	run_signal(r, SIGUSR1);
	assert_string_equal(reason(1), "signal");
	(void)event_wait(EVENTS, "exit");
	stop(r);
}

static void usr1_reaches_the_loop_and_not_the_command(void **state)
{
	(void)state;
	world("mkfifo go");
	struct run *r = watch("w", "--", "cat", "go");
	(void)event_wait(EVENTS, "run");
	run_signal(r, SIGUSR1);
	sh(": > go");
	(void)event_wait_nth(EVENTS, "run", 2);
	sh(": > go");
	(void)event_wait_nth(EVENTS, "exit", 2);
	assert_int_equal((int)event_number(event_find(EVENTS, "exit"), "exit_code"), 0);
	stop(r);
	sh("rm go");
}

static void once_gives_the_command_s_status(void **state)
{
	(void)state;
	world(":");
	struct run *r = watch("-1", "w", "--", "sh", "-c", "exit 7");
	sh("echo > w/f");
	finish(r);
	assert_status(r, 7);
	assert_string_equal(event_text(event_find(EVENTS, "end"), "reason"), "once");
}

static void exit_on_error_ends_with_the_first_failure(void **state)
{
	(void)state;
	world("echo 0 > w/n");
	struct run *r = watch("--exit-on-error", "w", "--", "sh", "-c", "exit $(cat w/n)");
	(void)event_wait(EVENTS, "exit");
	sh("echo 9 > w/n");
	finish(r);
	assert_status(r, 9);
}

static void a_run_over_its_time_counts_as_124(void **state)
{
	(void)state;
	world(":");
	struct run *r = watch("-1", "-t", "50ms", "w", "--", "sleep", "20");
	sh("echo > w/f");
	finish(r);
	assert_status(r, 124);
	assert_string_equal(event_text(event_find(EVENTS, "exit"), "cause"), "timeout");
	assert_has(r->err, "timed out after 50ms");
}

static void a_command_that_cannot_run_ends_the_first_run(void **state)
{
	(void)state;
	world("echo > w/plain");
	assert_status(run(ARGV("pk-watch", "w", "--", "./nope"), NULL), 127);
	assert_status(run(ARGV("pk-watch", "w", "--", "w/plain"), NULL), 126);
}

static void later_it_is_only_told(void **state)
{
	(void)state;
	world("printf '#!/bin/sh\\n' > cmd; chmod +x cmd");
	struct run *r = watch("w", "--", "./cmd");
	(void)event_wait(EVENTS, "exit");
	sh("rm cmd; echo > w/f");
	(void)event_wait(EVENTS, "error");
	sh("printf '#!/bin/sh\\necho back' > cmd; chmod +x cmd; echo > w/g");
	run_wait_out(r, "back\n");
	stop(r);
	sh("rm cmd");
}

static void signals_end_it_by_that_signal(void **state)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};

	(void)state;
	world(":");
	for (size_t i = 0; i < array_len(signals); i++) {
		struct run *idle = watch("-p", "w", "--", "true"), *print;

		run_signal(idle, signals[i]);
		finish(idle);
		assert_signal(idle, signals[i]);
		sh("rm events.jsonl");
		print = watch("w");
		run_signal(print, signals[i]);
		finish(print);
		assert_signal(print, signals[i]);
		sh("rm events.jsonl");
	}
}

static void nothing_survives_it(void **state)
{
	static const int signals[] = {SIGTERM, SIGKILL};

	(void)state;
	world(":");
	for (size_t i = 0; i < array_len(signals); i++) {
		struct run *r = watch("-k", "50ms", "w", "--", "sh", "-c",
				      "setsid sh -c 'echo up; sleep 60' & sleep 60");

		run_wait_out(r, "up\n");
		run_signal(r, signals[i]);
		finish(r);
		assert_int_equal(test_wait_gone(2000), 0);
		sh("rm events.jsonl");
	}
}

static void leftovers_are_stopped_or_left(void **state)
{
	(void)state;
	world("mkfifo go");
	struct run *r =
		watch("-1", "--orphans", "leave", "w", "--", "sh", "-c", "(cat go > got) & exit 0");
	sh("echo > w/f");
	finish(r);
	assert_status(r, 0);
	test_kill();
	sh("rm -f got events.jsonl");
	r = watch("-1", "w", "--", "sh", "-c", "setsid cat go & exit 0");
	sh("echo > w/f");
	finish(r);
	assert_status(r, 0);
	assert_no_survivor();
	sh("rm go");
}

static void ticks_run_the_command_without_any_path(void **state)
{
	(void)state;
	struct run *r = watch("-p", "--every", "30ms", "--jitter", "10ms", "--", "true");
	(void)event_wait_nth(EVENTS, "exit", 3);
	stop(r);
	assert_string_equal(event_text(event_find(EVENTS, "run"), "reason"), "every");
	assert_int_equal((int)event_number(event_find(EVENTS, "ready"), "dirs"), 0);
}

static void a_tick_that_finds_it_busy_is_skipped(void **state)
{
	(void)state;
	sh("mkfifo go");
	struct run *r = watch("--every", "20ms", "--align", "--", "cat", "go");
	const char *skip = event_wait_nth(EVENTS, "skip", 3);
	assert_int_equal((int)event_number(skip, "skipped"), 3);
	sh(": > go");
	(void)event_wait(EVENTS, "exit");
	(void)event_wait_nth(EVENTS, "run", 2);
	sh(": > go");
	stop(r);
	sh("rm go");
}

static void changes_and_ticks_go_together(void **state)
{
	(void)state;
	world(":");
	struct run *r = watch("-p", "--every", "1h", "w", "--", "true");
	sh("echo > w/f");
	assert_string_equal(reason(1), "change");
	stop(r);
}

static void a_command_that_wakes_itself_is_slowed_down(void **state)
{
	(void)state;
	world(":");
	struct run *r = watch("-d", "10ms", "w", "--", "sh", "-c", "echo >> w/own");
	const char *loop = event_wait(EVENTS, "loop");
	assert_has(event_text(loop, "paths"), "w/own");
	run_wait_err(r, "wake itself");
	sh("echo > w/user");
	run_signal(r, SIGTERM);
	finish(r);
	assert_signal(r, SIGTERM);
}

static void events_argv_shows_the_arguments(void **state)
{
	(void)state;
	world(":");
	struct run *r = watch("--events-argv", "-v", "w", "--", "echo", "x");
	(void)event_wait(EVENTS, "exit");
	stop(r);
	assert_string_equal(event_text(event_find(EVENTS, "run"), "argv"), "[\"echo\",\"x\"]");
	assert_has(r->err, "ready: 1 directories");
	assert_has(r->err, "run 1: initial");
}

static void quiet_says_nothing(void **state)
{
	(void)state;
	world(":");
	struct run *r = watch("-q", "-1", "w", "--", "false");
	sh("echo > w/f");
	finish(r);
	assert_status(r, 1);
	assert_string_equal(r->err, "");
}

static void ctrl_c_ends_it_with_the_command(void **state)
{
	(void)state;
	world(":");
	struct pty *p = pty_start(
		ARGV("pk-watch", "-c", "w", "--", "sh", "-c",
		     "trap 'echo bye; exit 0' INT; echo up; while :; do sleep 0.05; done"),
		HOW(.env = {"TERM=xterm"}));
	pty_expect(p, "\033[2J");
	pty_expect(p, "up");
	pty_keys(p, CTRL_C);
	pty_expect(p, "bye");
	pty_finish(p);
	assert_signal(p->run, SIGINT);
}

static void an_interactive_command_reads_the_terminal(void **state)
{
	(void)state;
	world(":");
	struct pty *p = pty_start(
		ARGV("pk-watch", "w", "--", "sh", "-c", "echo ask; read -r x; echo got $x"), NULL);
	pty_expect(p, "ask");
	pty_keys(p, "hello\r");
	pty_expect(p, "got hello");
	pty_keys(p, CTRL_C);
	pty_finish(p);
	assert_signal(p->run, SIGINT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tidy_test(it_runs_at_the_start_and_for_each_batch),
		tidy_test(postpone_waits_for_the_first_change),
		tidy_test(braces_become_the_changed_paths),
		tidy_test(too_many_paths_are_split_into_several_processes),
		tidy_test(paths_reach_stdin),
		tidy_test(an_edit_during_a_run_is_never_lost),
		tidy_test(a_server_restarts_200_times_and_finds_its_port_free),
		tidy_test(what_is_half_written_during_a_restart_is_waited_for),
		tidy_test(a_child_that_ignores_term_is_killed_for_a_restart),
		tidy_test(ignored_batches_are_counted_and_dropped),
		tidy_test(a_busy_command_may_be_told_by_a_signal),
		tidy_test(usr1_means_run_now),
		tidy_test(usr1_reaches_the_loop_and_not_the_command),
		tidy_test(once_gives_the_command_s_status),
		tidy_test(exit_on_error_ends_with_the_first_failure),
		tidy_test(a_run_over_its_time_counts_as_124),
		tidy_test(a_command_that_cannot_run_ends_the_first_run),
		tidy_test(later_it_is_only_told),
		tidy_test(signals_end_it_by_that_signal),
		tidy_test(nothing_survives_it),
		tidy_test(leftovers_are_stopped_or_left),
		tidy_test(ticks_run_the_command_without_any_path),
		tidy_test(a_tick_that_finds_it_busy_is_skipped),
		tidy_test(changes_and_ticks_go_together),
		tidy_test(a_command_that_wakes_itself_is_slowed_down),
		tidy_test(events_argv_shows_the_arguments),
		tidy_test(quiet_says_nothing),
		tidy_test(ctrl_c_ends_it_with_the_command),
		tidy_test(an_interactive_command_reads_the_terminal),
	};

	return cmocka_run_group_tests_name("pk-watch runs", tests, NULL, NULL);
}
