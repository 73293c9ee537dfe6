/*
 * pk-retry's streams: replayed stdin, committed stdout, and what is left for others.
 */
#include "tests/check.h"
#include "tests/lib/events.h"
#include "tests/lib/pty.h"
#include "tests/lib/run.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define RETRY(...) ARGV("pk-retry", "-q", "-d", "0", __VA_ARGS__)
#define SHELL(text) ARGV("bash", "-c", text)

/* --- stdin --------------------------------------------------------------------------------------- */

static void every_attempt_reads_the_same_pipe(void **state)
{
	struct run *r = run(RETRY("sh", "-c", "cat; [ $PK_RETRY_ATTEMPT = 3 ]"),
			    HOW(.input = "hello\nworld"));

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "hello\nworld");
}

static void a_loop_keeps_the_lines_that_the_command_does_not_read(void **state)
{
	struct run *r = run(SHELL("seq 40 | while read -r l; do pk-retry -q -d 0 -- true; echo $l; "
				  "done | tail -n 1"),
			    NULL);

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "40\n");
}

static void exactly_what_was_read_is_consumed(void **state)
{
	struct run *r =
		run(SHELL("printf abcdefgh | { pk-retry -q -d 0 -- sh -c "
			  "'dd bs=1 count=3 2>/dev/null; [ $PK_RETRY_ATTEMPT = 3 ]'; echo; cat; }"),
		    NULL);

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "abc\ndefgh");
}

static void an_attempt_may_read_on_where_the_one_before_stopped(void **state)
{
	struct run *r = run(SHELL("printf abcdefgh | { pk-retry -q -d 0 -- sh -c "
				  "'dd bs=1 count=$((2 * PK_RETRY_ATTEMPT)) 2>/dev/null; [ "
				  "$PK_RETRY_ATTEMPT = 3 ]'; echo; cat; }"),
			    NULL);

	(void)state;
	assert_string_equal(r->out, "abcdef\ngh");
}

static void a_slow_writer_is_waited_for(void **state)
{
	struct run *r = start(RETRY("-o", "pass", "sh", "-c", "echo go; cat; exit 0"),
			      HOW(.keep_input = true));

	(void)state;
	run_wait_out(r, "go\n");
	run_write(r, "one ");
	run_wait_out(r, "one ");
	run_write(r, "two ");
	run_wait_out(r, "two ");
	run_close_input(r);
	finish(r);
	assert_status(r, 0);
	assert_string_equal(r->out, "go\none two ");
}

static void a_command_that_closes_stdin_early_is_no_failure(void **state)
{
	struct run *r = run(
		SHELL("head -c 3000000 /dev/zero | pk-retry -q -d 0 -- sh -c 'exec <&-; exit 0'"),
		NULL);

	(void)state;
	assert_status(r, 0);
}

static void a_megabyte_comes_back_as_it_went_every_time(void **state)
{
	struct run *r = run(SHELL("head -c 1000000 /dev/urandom >m; for i in $(seq 25); do "
				  "pk-retry -q -d 0 -- sh -c 'cat; [ $PK_RETRY_ATTEMPT = 2 ]' <m | "
				  "cmp - m || exit 1; "
				  "cat m | pk-retry -q -d 0 -- sh -c 'cat; [ $PK_RETRY_ATTEMPT = 2 "
				  "]' | cmp - m || exit 2; "
				  "done; rm m"),
			    NULL);

	(void)state;
	assert_string_equal(r->err, "");
	assert_status(r, 0);
}

/* More than any pipe holds, read in part, wholly, and wholly again. */
static void much_that_was_read_in_part_is_replayed_whole(void **state)
{
	struct run *r =
		run(SHELL("head -c 8000000 /dev/urandom >m; cat m | pk-retry -q -d 0 -- sh -c "
			  "'case $PK_RETRY_ATTEMPT in 1) head -c 3000000 >/dev/null; exit 1;; "
			  "2) cat >/dev/null; exit 2;; esac; cat' | cmp - m; rm m"),
		    NULL);

	(void)state;
	assert_string_equal(r->err, "");
	assert_string_equal(r->out, "");
}

static void a_file_is_wound_back_to_where_it_stood(void **state)
{
	const char *path = test_file("in", "first\nsecond\nthird\n", 0600);
	struct run *r = run(ARGV("bash", "-c",
				 "{ read -r l; pk-retry -q -d 0 -- sh -c 'head -n 1; [ "
				 "$PK_RETRY_ATTEMPT = 2 ]'; } <\"$0\"",
				 path),
			    NULL);

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "second\n");
}

static void inherit_and_null_are_what_they_say(void **state)
{
	struct run *r =
		run(RETRY("-i", "inherit", "sh", "-c", "cat >&2; [ $PK_RETRY_ATTEMPT = 2 ]"),
		    HOW(.input = "x"));
	struct run *n = run(RETRY("-i", "null", "cat"), HOW(.input = "x"));

	(void)state;
	assert_string_equal(r->err, "x");
	assert_status(n, 0);
	assert_string_equal(n->out, "");
}

static void a_socket_is_replayed_on_request(void **state)
{
	struct run *r = run(ARGV("python3", "-c",
				 "import socket,subprocess,sys\n"
				 "a,b=socket.socketpair()\n"
				 "a.sendall(b'over a socket'); a.close()\n"
				 "sys.exit(subprocess.call(['pk-retry','-q','-d','0','-i','replay',"
				 "'--','sh','-c',"
				 "'cat; [ $PK_RETRY_ATTEMPT = 2 ]'],stdin=b))\n"),
			    NULL);

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "over a socket");
}

static void a_closed_stdin_stays_closed(void **state)
{
	struct run *r = run(RETRY("sh", "-c",
				  "[ ! -e /proc/self/fd/0 ] || readlink /proc/$$/fd/0; [ "
				  "$PK_RETRY_ATTEMPT = 2 ]"),
			    HOW(.closed = {true}));

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "");
}

/* --- stdout -------------------------------------------------------------------------------------- */

static void a_failed_attempts_stdout_goes_nowhere(void **state)
{
	struct run *r = run(
		RETRY("sh", "-c", "echo busy $PK_RETRY_ATTEMPT; [ $PK_RETRY_ATTEMPT = 3 ]"), NULL);

	(void)state;
	assert_string_equal(r->out, "busy 3\n");
}

static void when_all_fail_there_is_no_stdout(void **state)
{
	struct run *r = run(RETRY("-n", "2", "sh", "-c", "echo half; exit 1"), NULL);

	(void)state;
	assert_status(r, 1);
	assert_string_equal(r->out, "");
}

static void pass_passes_everything_at_once(void **state)
{
	struct run *r = start(RETRY("-o", "pass", "sh", "-c", "echo now; exec sleep 20"), NULL);

	(void)state;
	run_wait_out(r, "now\n");
	run_signal(r, SIGTERM);
	finish(r);
	assert_signal(r, SIGTERM);
}

static void a_log_is_passed_through(void **state)
{
	struct run *r = run(SHELL("pk-retry -q -d 0 -n 2 -- sh -c 'echo o; echo e >&2; exit 1' "
				  ">log 2>&1; cat log; rm log"),
			    NULL);

	(void)state;
	assert_string_equal(r->out, "o\ne\no\ne\n");
}

static void a_terminal_is_passed_through(void **state)
{
	struct pty *p = pty_start(ARGV("pk-retry", "-q", "-d", "0", "-n", "2", "sh", "-c",
				       "[ -t 1 ] && echo tty; exit 1"),
				  NULL);

	(void)state;
	pty_expect(p, "tty");
	pty_expect(p, "tty");
	pty_finish(p);
	assert_status(p->run, 1);
}

static void a_full_device_is_our_failure_and_not_tried_again(void **state)
{
	struct run *r =
		run(SHELL("pk-retry -d 0 -- sh -c 'echo x; echo ran >&2' >/dev/full"), NULL);

	(void)state;
	assert_status(r, 125);
	assert_string_equal(r->err,
			    "ran\npk-retry: cannot write to stdout: No space left on device\n");
}

static void a_closed_pipe_is_death_by_sigpipe(void **state)
{
	struct run *r = run(SHELL("set -o pipefail; { pk-retry -d 0 -- sh -c 'cat /dev/zero | head "
				  "-c 3000000'; echo $? >s; } | "
				  "true; sleep 0; cat s; rm s"),
			    NULL);

	(void)state;
	assert_string_equal(r->out, "141\n");
	assert_string_equal(r->err, "");
}

static void a_commit_appends_where_stdout_appends(void **state)
{
	struct run *r = run(SHELL("echo a >f; pk-retry -q -d 0 -- echo b >>f; cat f; rm f"), NULL);

	(void)state;
	assert_string_equal(r->out, "a\nb\n");
}

static void a_commit_reaches_a_socket(void **state)
{
	struct run *r = run(ARGV("python3", "-c",
				 "import socket,subprocess,sys\n"
				 "a,b=socket.socketpair()\n"
				 "p=subprocess.Popen(['pk-retry','-q','-d','0','--','head','-c','"
				 "2000000','/dev/zero'],stdout=b)\n"
				 "b.close(); n=0\n"
				 "while True:\n"
				 "  d=a.recv(65536)\n"
				 "  if not d: break\n"
				 "  n+=len(d)\n"
				 "print(n, p.wait())\n"),
			    NULL);

	(void)state;
	assert_string_equal(r->out, "2000000 0\n");
}

static void a_non_blocking_stdout_gets_every_byte(void **state)
{
	struct run *r = run(ARGV("python3", "-c",
				 "import os,subprocess,time\n"
				 "r,w=os.pipe(); os.set_blocking(w,False)\n"
				 "p=subprocess.Popen(['pk-retry','-q','-d','0','--','head','-c','"
				 "2000000','/dev/zero'],stdout=w)\n"
				 "os.close(w); n=0\n"
				 "while True:\n"
				 "  d=os.read(r,65536)\n"
				 "  if not d: break\n"
				 "  n+=len(d)\n"
				 "print(n, p.wait())\n"),
			    NULL);

	(void)state;
	assert_string_equal(r->out, "2000000 0\n");
}

static void a_slow_reader_keeps_no_signal_waiting(void **state)
{
	const char *events = events_path();
	struct run *r = start(ARGV("bash", "-c",
				   "mkfifo f; exec 3<>f; exec pk-retry -q --events \"$0\" -- "
				   "head -c 3000000 /dev/zero >f",
				   events),
			      NULL);

	(void)state;
	(void)event_wait(events, "attempt_end");
	run_signal(r, SIGTERM);
	finish(r);
	assert_signal(r, SIGTERM);
	assert_int_equal(unlink(test_path("f")), 0);
}

static void a_background_process_that_holds_the_spool_is_stopped(void **state)
{
	struct run *r = run(RETRY("sh", "-c", "sleep 20 & echo x"), NULL);

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "x\n");
	assert_true(r->elapsed_ms < 10000);
	assert_no_survivor();
}

static void one_that_holds_it_and_ignores_term_is_killed(void **state)
{
	struct run *r =
		run(RETRY("-k", "100ms", "sh", "-c", "(trap '' TERM; sleep 20; sleep 20) & echo x"),
		    NULL);

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "x\n");
	assert_no_survivor();
}

static void one_that_does_not_hold_it_is_left(void **state)
{
	struct run *r = run(RETRY("sh", "-c",
				  "sleep 20 >/dev/null & until readlink /proc/$!/fd/1 | grep -q "
				  "null; do :; done; echo x"),
			    NULL);

	(void)state;
	assert_string_equal(r->out, "x\n");
	assert_int_equal(test_living(0), 1);
	test_kill();
}

static void a_spool_is_made_where_tmpdir_is_unusable(void **state)
{
	struct run *r = run(RETRY("echo", "x"), HOW(.env = {"TMPDIR=/no/such/dir"}, .input = "y"));

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "x\n");
}

static void stderr_goes_through_under_retry_match(void **state)
{
	struct run *r = run(RETRY("-n", "1", "--retry-match", "zzz", "sh", "-c",
				  "head -c 300000 /dev/zero >&2; exit 3"),
			    NULL);

	(void)state;
	assert_status(r, 3);
	assert_int_equal(r->err_len, 300000);
}

static void memory_stays_constant(void **state)
{
	struct run *r =
		run(SHELL("head -c 50000000 /dev/zero | pk-retry -q -o commit -d 0 -- sh -c "
			  "'cat; [ $PK_RETRY_ATTEMPT = 2 ] && grep VmHWM /proc/$PPID/status >&2' | "
			  "wc -c"),
		    NULL);
	long kb = 0;

	(void)state;
	assert_string_equal(r->out, "50000000\n");
	assert_int_equal(sscanf(r->err, "VmHWM: %ld", &kb), 1);
	if (!run_is_slow())
		assert_in_range(kb, 1, 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tidy_test(every_attempt_reads_the_same_pipe),
		tidy_test(a_loop_keeps_the_lines_that_the_command_does_not_read),
		tidy_test(exactly_what_was_read_is_consumed),
		tidy_test(an_attempt_may_read_on_where_the_one_before_stopped),
		tidy_test(a_slow_writer_is_waited_for),
		tidy_test(a_command_that_closes_stdin_early_is_no_failure),
		tidy_test(a_megabyte_comes_back_as_it_went_every_time),
		tidy_test(much_that_was_read_in_part_is_replayed_whole),
		tidy_test(a_file_is_wound_back_to_where_it_stood),
		tidy_test(inherit_and_null_are_what_they_say),
		tidy_test(a_socket_is_replayed_on_request),
		tidy_test(a_closed_stdin_stays_closed),
		tidy_test(a_failed_attempts_stdout_goes_nowhere),
		tidy_test(when_all_fail_there_is_no_stdout),
		tidy_test(pass_passes_everything_at_once),
		tidy_test(a_log_is_passed_through),
		tidy_test(a_terminal_is_passed_through),
		tidy_test(a_full_device_is_our_failure_and_not_tried_again),
		tidy_test(a_closed_pipe_is_death_by_sigpipe),
		tidy_test(a_commit_appends_where_stdout_appends),
		tidy_test(a_commit_reaches_a_socket),
		tidy_test(a_non_blocking_stdout_gets_every_byte),
		tidy_test(a_slow_reader_keeps_no_signal_waiting),
		tidy_test(a_background_process_that_holds_the_spool_is_stopped),
		tidy_test(one_that_holds_it_and_ignores_term_is_killed),
		tidy_test(one_that_does_not_hold_it_is_left),
		tidy_test(a_spool_is_made_where_tmpdir_is_unusable),
		tidy_test(stderr_goes_through_under_retry_match),
		tidy_test(memory_stays_constant),
	};
	return cmocka_run_group_tests_name("pk-retry/streams", tests, NULL, NULL);
}
