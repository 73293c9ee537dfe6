/*
 * pk-retry among many callers: --share, --slots, and a service that is kept running.
 */
#include "tests/check.h"
#include "tests/lib/events.h"
#include "tests/lib/run.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base.h"

#define SHELL(text) ARGV("bash", "-c", text)
#define SHARE(...) ARGV("pk-retry", "-d", "0", "--share", "r", __VA_ARGS__)

static size_t lines_of(const char *name)
{
	char *text = test_keep(calloc(1, 65536));
	int fd = open(test_path(name), O_RDONLY | O_CLOEXEC);
	size_t lines = 0;

	if (fd < 0)
		return 0;
	test_keep_fd(fd);
	assert_true(read(fd, text, 65535) >= 0);
	for (const char *c = text; *c != '\0'; c++)
		lines += *c == '\n';
	return lines;
}

/* --- share --------------------------------------------------------------------------------------- */

/* Starts as many callers as it says, and lets the one go on that runs when all others wait for it. */
#define CALLERS(count, waiting, command)                                                           \
	SHELL("mkfifo go; for i in $(seq " count "); do PK_EVENTS=e pk-retry --share r -- sh -c "  \
	      "'echo x >>ran; read x <go; " command "' | cksum & done; "                           \
	      "pk-jsonl follow -n +1 -w role=wait -m " waiting " e >follow; "                      \
	      "exec 3>go; echo >&3; wait; exec 3>&-; rm go e follow")

/* All lines of the text are the same one. */
static void assert_same_lines(char *text, size_t count)
{
	size_t len = strcspn(text, "\n") + 1;

	assert_lines(text, count);
	for (size_t i = 0; i < count; i++)
		assert_memory_equal(text, text + i * len, len);
}

static void of_many_callers_one_runs_and_all_have_its_output(void **state)
{
	struct run *r = run(CALLERS("20", "19", "echo out; echo more"), NULL);

	(void)state;
	assert_status(r, 0);
	assert_int_equal(lines_of("ran"), 1);
	assert_same_lines(r->out, 20);
	assert_string_equal(r->err, "");
}

static void a_big_result_is_the_same_for_all(void **state)
{
	struct run *r = run(CALLERS("5", "4", "seq 2000000"), NULL);

	(void)state;
	assert_status(r, 0);
	assert_int_equal(lines_of("ran"), 1);
	assert_same_lines(r->out, 5);
}

static void who_waits_gets_the_status_too(void **state)
{
	const char *events = events_path();
	const char *const *call = SHARE("--events", events, "-S", "0,9", "sh", "-c",
					"echo x >>ran; read x <go; echo out; exit 9");
	struct run *leader, *follower;

	(void)state;
	assert_int_equal(mkfifo(test_path("go"), 0600), 0);
	leader = start(call, NULL);
	(void)event_wait(events, "attempt_start");
	follower = start(call, NULL);
	(void)event_wait_nth(events, "share", 2); /* lead, wait */
	assert_status(run(SHELL("echo >go"), NULL), 0);
	finish(leader);
	finish(follower);
	assert_status(leader, 9);
	assert_status(follower, 9);
	assert_string_equal(follower->out, "out\n");
	assert_int_equal(lines_of("ran"), 1);
	assert_string_equal(event_text(event_wait_nth(events, "share", 3), "role"), "given");
}

static void a_killed_leader_is_followed_by_the_next(void **state)
{
	const char *events = events_path();
	const char *const *call =
		SHARE("--events", events, "sh", "-c", "echo x >>ran; read x <go; echo out");
	struct run *leader, *follower;

	(void)state;
	assert_int_equal(mkfifo(test_path("go"), 0600), 0);
	leader = start(call, NULL);
	(void)event_wait(events, "attempt_start");
	follower = start(call, NULL);
	(void)event_wait_nth(events, "share", 2);
	run_signal(leader, SIGKILL);
	finish(leader);
	(void)event_wait_nth(events, "attempt_start", 2);
	assert_status(run(SHELL("echo >go"), NULL), 0);
	finish(follower);
	assert_status(follower, 0);
	assert_string_equal(follower->out, "out\n");
	assert_int_equal(lines_of("ran"), 2);
}

static void a_failure_is_not_shared_unless_asked_for(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++)
		assert_status(run(SHARE("-q", "-n", "1", "--share-ttl", "1h", "sh", "-c",
					"echo x >>ran; echo no; exit 7"),
				  NULL),
			      7);
	assert_int_equal(lines_of("ran"), 2);
	for (int i = 0; i < 2; i++) {
		struct run *r = run(SHARE("-q", "-n", "1", "--share-ttl", "1h", "--share-failures",
					  "sh", "-c", "echo x >>ran2; echo no; exit 7"),
				    NULL);

		assert_status(r, 7);
		assert_string_equal(r->out, "");
	}
	assert_int_equal(lines_of("ran2"), 1);
}

static void what_says_nothing_about_the_command_is_never_shared(void **state)
{
	(void)state;
	assert_status(run(SHARE("--share-failures", "./missing"), HOW(.unwrapped = true)), 127);
	assert_int_equal(access(test_path("r"), F_OK), -1);
	assert_status(
		run(SHARE("-q", "--share-failures", "-D", "100ms", "-d", "1h", "false"), NULL), 1);
	assert_int_equal(access(test_path("r"), F_OK), -1);
}

static void assert_not_shared(const char *const *argv, int status)
{
	assert_status(run(argv, NULL), status);
	assert_int_equal(access(test_path("r"), F_OK), -1);
}

static void the_end_of_ones_own_time_is_never_shared(void **state)
{
	(void)state;
#define FAILING(...) SHARE("-q", "-n", "1", "--share-failures", __VA_ARGS__)
	assert_not_shared(FAILING("-D", "100ms", "-k", "50ms", "sleep", "60"), 124);
	assert_not_shared(FAILING("-S", "timeout", "-D", "100ms", "-k", "50ms", "sleep", "60"),
			  124);
	assert_not_shared(ARGV("env", "PK_DEADLINE=+1s", "pk-retry", "-q", "-n", "1", "-k", "50ms",
			       "--share", "r", "--share-failures", "sleep", "60"),
			  124);
	/* A tool below has it from us, or from whoever we have it from. */
	assert_not_shared(FAILING("-D", "1h", "sh", "-c", "exit 124"), 124);
	assert_not_shared(
		FAILING("-D", "1s", "-k", "50ms", "pk-spawn", "-k", "50ms", "sleep", "60"), 124);
	/* The limit of an attempt is the same for all. */
	assert_status(run(FAILING("-t", "50ms", "-k", "50ms", "sleep", "60"), NULL), 124);
	assert_int_equal(access(test_path("r"), F_OK), 0);
}

static void a_death_by_kill_is_never_shared(void **state)
{
	struct run *r = run(FAILING("sh", "-c", "kill -KILL $$"), NULL);

	(void)state;
	assert_signal(r, SIGKILL);
	assert_int_equal(access(test_path("r"), F_OK), -1);
	assert_not_shared(FAILING("sh", "-c", "sh -c 'kill -KILL $$'; exit $?"), 137);
	r = run(FAILING("sh", "-c", "kill -USR1 $$"), NULL);
	assert_signal(r, SIGUSR1);
	assert_int_equal(access(test_path("r"), F_OK), 0);
}

static void a_failure_is_given_only_to_who_asks_for_failures(void **state)
{
	const char *events = events_path();
#define COUNTED "sh", "-c", "echo x >>ran; [ $(wc -l <ran) != 1 ] || exit 7; echo out"
	struct run *r;

	(void)state;
	assert_status(run(FAILING("--share-ttl", "1h", COUNTED), NULL), 7);
	assert_status(run(FAILING("--share-ttl", "1h", COUNTED), NULL), 7);
	assert_int_equal(lines_of("ran"), 1);
	r = run(SHARE("-n", "1", "--share-ttl", "1h", "--events", events, COUNTED), NULL);
	assert_status(r, 0);
	assert_string_equal(r->out, "out\n");
	assert_int_equal(lines_of("ran"), 2);
	assert_string_equal(event_text(event_find(events, "share"), "role"), "lead");
	/* And now there is a result for everybody. */
	r = run(FAILING("--share-ttl", "1h", COUNTED), NULL);
	assert_status(r, 0);
	assert_string_equal(r->out, "out\n");
	assert_int_equal(lines_of("ran"), 2);
}

static void who_waits_for_a_failure_without_asking_runs_itself(void **state)
{
	const char *events = events_path();
#define GATED                                                                                      \
	"sh", "-c", "echo x >>ran; [ $(wc -l <ran) = 1 ] || { echo out; exit; }; read x <go; exit 7"
	struct run *leader, *follower;

	(void)state;
	assert_int_equal(mkfifo(test_path("go"), 0600), 0);
	leader = start(FAILING("--events", events, GATED), NULL);
	(void)event_wait(events, "attempt_start");
	follower = start(SHARE("-n", "1", "--events", events, GATED), NULL);
	(void)event_wait_nth(events, "share", 2);
	assert_status(run(SHELL("echo >go"), NULL), 0);
	finish(leader);
	finish(follower);
	assert_status(leader, 7);
	assert_status(follower, 0);
	assert_string_equal(follower->out, "out\n");
}

static void a_memo_whose_events_are_lost_says_so(void **state)
{
	const char *const *call =
		SHARE("--share-ttl", "1h", "--events", "/dev/full", "echo", "out");
	struct run *r;

	(void)state;
	assert_status(run(SHARE("--share-ttl", "1h", "echo", "out"), NULL), 0);
	r = run(call, NULL);
	assert_status(r, 0);
	assert_string_equal(r->out, "out\n");
	assert_string_equal(
		r->err,
		"pk-retry: cannot write to the events destination: No space left on device\n");
}

static void a_fresh_result_is_given_without_running(void **state)
{
	const char *events = events_path();
	const char *const *call = SHARE("--events", events, "--share-ttl", "1h", "sh", "-c",
					"echo x >>ran; printf 'a\\0b'");
	struct run *r;
	struct stat st;

	(void)state;
	for (int i = 0; i < 3; i++) {
		r = run(call, NULL);
		assert_status(r, 0);
		assert_int_equal(r->out_len, 3);
		assert_memory_equal(r->out, "a\0b", 3);
	}
	assert_int_equal(lines_of("ran"), 1);
	assert_int_equal(stat(test_path("r"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_string_equal(event_text(event_wait_nth(events, "share", 3), "role"), "memo");
	assert_string_equal(event_text(event_wait_nth(events, "end", 3), "reason"), "shared");
	assert_int_equal((int)event_number(event_wait_nth(events, "end", 3), "attempts"), 0);
}

static void without_a_ttl_a_run_that_is_over_is_not_shared(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		assert_status(run(SHARE("sh", "-c", "echo x >>ran"), NULL), 0);
	assert_int_equal(lines_of("ran"), 3);
	run_pass(5);
	assert_status(run(SHARE("--share-ttl", "1ms", "sh", "-c", "echo x >>ran"), NULL), 0);
	assert_int_equal(lines_of("ran"), 4);
}

static void another_command_or_directory_is_refused(void **state)
{
	struct run *r;

	(void)state;
	assert_status(run(SHARE("echo", "a"), NULL), 0);
	r = run(SHARE("echo", "b"), NULL);
	assert_status(r, 125);
	assert_has(r->err, "'r': it is the result of another command line or directory\n");
	r = run(SHARE("--share-ttl", "1h", "echo", "a", ""), NULL);
	assert_status(r, 125);
	r = run(ARGV("pk-retry", "--share", test_path("r"), "echo", "a"), HOW(.cwd = "/"));
	assert_status(r, 125);
	assert_status(run(SHARE("echo", "a"), NULL), 0);
}

static void what_is_no_result_is_left_alone(void **state)
{
	struct run *r;

	(void)state;
	(void)test_file("r", "precious\n", 0600);
	r = run(SHARE("--share-ttl", "1h", "true"), NULL);
	assert_status(r, 125);
	assert_has(r->err, "cannot share 'r': it is no result of pk-retry, and is left alone\n");
	assert_int_equal(lines_of("r"), 1);
	assert_int_equal(unlink(test_path("r")), 0);
	assert_int_equal(symlink("elsewhere", test_path("r")), 0);
	assert_status(run(SHARE("true"), NULL), 125);
	assert_int_equal(unlink(test_path("r")), 0);
	(void)test_file("r", "", 0600);
	assert_status(run(SHARE("true"), NULL), 0);
}

static void what_others_may_write_is_not_believed(void **state)
{
	struct run *r;

	(void)state;
	assert_status(run(SHARE("--share-ttl", "1h", "echo", "a"), NULL), 0);
	assert_int_equal(chmod(test_path("r"), 0666), 0);
	r = run(SHARE("--share-ttl", "1h", "echo", "a"), NULL);
	assert_status(r, 125);
	assert_has(r->err, "is not a file that only we may write\n");
}

static void waiting_for_another_has_its_limit(void **state)
{
	const char *events = events_path();
	const char *const *call = SHARE("--events", events, "sh", "-c", "read x <go");
	struct run *leader, *r;

	(void)state;
	assert_int_equal(mkfifo(test_path("go"), 0600), 0);
	leader = start(call, NULL);
	(void)event_wait(events, "attempt_start");
	r = run(SHARE("-w", "0", "sh", "-c", "read x <go"), NULL);
	assert_status(r, 75);
	assert_has(r->err, "pk-retry: 'r' is being made by another process");
	assert_status(run(SHARE("-q", "-D", "50ms", "sh", "-c", "read x <go"), NULL), 75);
	r = start(SHARE("--events", events, "sh", "-c", "read x <go"), NULL);
	(void)event_wait_nth(events, "share", 2);
	run_signal(r, SIGTERM);
	finish(r);
	assert_signal(r, SIGTERM);
	assert_status(run(SHELL("echo >go"), NULL), 0);
	finish(leader);
	assert_status(leader, 0);
}

static void a_result_that_cannot_be_kept_is_delivered_all_the_same(void **state)
{
	struct run *r;

	(void)state;
	assert_int_equal(mkdir(test_path("d"), 0700), 0);
	r = run(ARGV("pk-retry", "--share", "d/r", "--", "sh", "-c", "rm -r d; echo out"), NULL);
	assert_status(r, 0);
	assert_string_equal(r->out, "out\n");
	assert_has(r->err, "pk-retry: cannot keep the result in 'd/r': No such file");
}

static void a_memo_that_cannot_be_written_is_no_success(void **state)
{
	const char *const *call = SHARE("--share-ttl", "1h", "seq", "100000");
	struct run *r;

	(void)state;
	assert_status(run(call, NULL), 0);
	r = run(call, HOW(.closed = {false, true, false}));
	assert_status(r, 125);
	assert_has(r->err, "pk-retry: cannot write to stdout: Bad file descriptor\n");
	r = run(SHELL("pk-retry --share r --share-ttl 1h -- seq 100000 >/dev/full"), NULL);
	assert_status(r, 125);
	assert_has(r->err, "No space left on device");
	r = run(SHELL("pk-retry --share r --share-ttl 1h -- seq 100000 | head -n 1; "
		      "echo ${PIPESTATUS[0]}"),
		NULL);
	assert_string_equal(r->out, "1\n141\n");
	assert_string_equal(r->err, "");
}

static void a_slow_reader_of_a_memo_gets_all_of_it(void **state)
{
	struct run *r = run(SHELL("pk-retry --share r -- seq 100000 >direct; "
				  "pk-retry --share r --share-ttl 1h -- seq 100000 | "
				  "{ read x; echo $x; sleep 0.1; cat; } | cmp - direct; rm direct"),
			    NULL);

	(void)state;
	assert_status(r, 0);
}

static void stdin_is_nobodys(void **state)
{
	struct run *r = run(SHARE("cat"), HOW(.input = "mine\n"));

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "");
}

static void share_does_not_go_with_everything(void **state)
{
	struct run *r;

	(void)state;
	assert_status(run(SHARE("-o", "pass", "true"), NULL), 125);
	assert_status(run(SHARE("-S", "none", "true"), NULL), 125);
	r = run(ARGV("pk-retry", "--share-ttl", "1s", "true"), NULL);
	assert_status(r, 125);
	assert_has(r->err, "'--share-ttl' needs '--share'");
	r = run(ARGV("pk-retry", "--share-failures", "true"), NULL);
	assert_status(r, 125);
	r = run(ARGV("pk-retry", "--share", "", "touch", "ran"), NULL);
	assert_status(r, 125);
	assert_has(r->err, "'--share' needs the name of a file");
	assert_int_equal(access(test_path("ran"), F_OK), -1);
	assert_int_equal(access(test_path(".lock"), F_OK), -1);
	r = run(ARGV("pk-retry", "--share", "r", "-l", "", "--slots", "2", "true"), NULL);
	assert_status(r, 125);
	assert_has(r->err, "'--lock' needs the name of a file");
	assert_int_equal(access(test_path(".1"), F_OK), -1);
	assert_int_equal(access(test_path("r.lock"), F_OK), -1);
	r = run(ARGV("pk-retry", "--share", "missing/r", "true"), NULL);
	assert_status(r, 125);
	assert_has(r->err, "cannot share 'missing/r': No such file or directory");
}

/* --- slots --------------------------------------------------------------------------------------- */

static void as_many_as_there_are_slots_run_at_once(void **state)
{
	const char *events = events_path();
	const char *const *call = ARGV("pk-retry", "-l", "l", "--slots", "2", "--events", events,
				       "-o", "pass", "--", "sh", "-c", "echo $PK_SLOT; read x <go");
	struct run *runs[3];

	(void)state;
	assert_int_equal(mkfifo(test_path("go"), 0600), 0);
	for (int i = 0; i < 2; i++) {
		runs[i] = start(call, NULL);
		(void)event_wait_nth(events, "attempt_start", (unsigned)i + 1);
	}
	runs[2] = start(call, NULL);
	(void)event_wait(events, "lock_wait");
	assert_status(
		run(ARGV("pk-retry", "-q", "-l", "l", "--slots", "2", "-w", "0", "true"), NULL),
		75);
	assert_status(
		run(ARGV("pk-retry", "-q", "-l", "l", "--slots", "3", "-w", "0", "true"), NULL),
		75); /* it queues behind who waits */
	run_signal(runs[0], SIGKILL);
	finish(runs[0]);
	(void)event_wait_nth(events, "attempt_start", 3);
	assert_string_equal(runs[2]->out, "");
	assert_int_equal((int)event_number(event_wait_nth(events, "lock_acquired", 3), "slot"), 1);
	for (int i = 1; i < 3; i++)
		run_signal(runs[i], SIGTERM);
	for (int i = 1; i < 3; i++)
		finish(runs[i]);
	assert_string_equal(runs[1]->out, "2\n");
	assert_string_equal(runs[2]->out, "1\n");
}

static void slots_are_told_when_they_cannot_be_had(void **state)
{
	struct run *r;

	(void)state;
	(void)test_file("l.1", "", 0600);
	r = run(ARGV("pk-retry", "-l", "l", "--slots", "2", "true"), NULL);
	assert_status(r, 125);
	assert_has(r->err, "cannot use the slot 'l.1': it is not a FIFO\n");
	r = run(ARGV("pk-retry", "--slots", "2", "true"), NULL);
	assert_status(r, 125);
	assert_has(r->err, "'--slots' needs '--lock'");
	assert_status(run(ARGV("pk-retry", "-l", "l", "--slots", "0", "true"), NULL), 125);
	assert_status(run(ARGV("pk-retry", "-l", "l", "--slots", "257", "true"), NULL), 125);
	assert_int_equal(unlink(test_path("l.1")), 0);
	assert_int_equal(mkfifo(test_path("l.1"), 0600), 0);
	r = run(ARGV("pk-retry", "-l", "l.1", "-w", "100ms", "-D", "1s", "echo", "hi"), NULL);
	assert_status(r, 125);
	assert_string_equal(r->err, "pk-retry: cannot lock 'l.1': it is a FIFO\n");
	r = run(ARGV("pk-retry", "-l", "l.1", "--slots", "2", "echo", "hi"), NULL);
	assert_status(r, 125);
	assert_has(r->err, "cannot lock 'l.1': it is a FIFO\n");
}

/* --- a service that is kept running --------------------------------------------------------------- */

static void a_service_is_started_again_whatever_its_status(void **state)
{
	struct run *r = run(ARGV("pk-retry", "-S", "none", "-n", "3", "-d", "0", "sh", "-c",
				 "echo $PK_RETRY_ATTEMPT"),
			    NULL);

	(void)state;
	assert_status(r, 1);
	assert_string_equal(r->out, "1\n2\n3\n"); /* passed on, also into a pipe */
	assert_status(run(ARGV("pk-retry", "-S", "none", "-o", "commit", "true"), NULL), 125);
}

static void a_term_ends_it_and_nothing_is_started_again(void **state)
{
	struct run *r = start(ARGV("pk-retry", "-S", "none", "-n", "inf", "-d", "0", "sh", "-c",
				   "trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done"),
			      NULL);

	(void)state;
	run_wait_out(r, "up\n");
	run_signal(r, SIGTERM);
	finish(r);
	assert_signal(r, SIGTERM);
	assert_string_equal(r->out, "up\n");
}

static void an_attempt_that_lasted_starts_the_count_anew(void **state)
{
	const char *events = events_path();
	struct run *r =
		run(ARGV("pk-retry", "-q", "-S", "none", "-n", "3", "-d", "1ms", "-x", "1000", "-j",
			 "none", "--reset-after", "100ms", "--events", events, "sh", "-c",
			 "echo x >>ran; [ $(wc -l <ran) = 2 ] && sleep 0.2; exit 0"),
		    NULL);

	(void)state;
	assert_status(r, 1);
	/* The second one lasted: three more, and their delays begin at the first. */
	assert_int_equal(event_count(events, "attempt_start"), 5);
	assert_true(event_true(event_wait_nth(events, "attempt_end", 2), "reset"));
	assert_false(event_has(event_wait_nth(events, "attempt_end", 3), "reset"));
	assert_int_equal((int)event_number(event_wait_nth(events, "attempt_start", 3), "attempt"),
			 1);
	assert_int_equal((int)event_number(event_wait_nth(events, "delay", 2), "delay_ms"), 1);
	assert_int_equal((int)event_number(event_find(events, "end"), "attempts"), 5);
}

static void a_crash_loop_opens_the_breaker_and_a_long_life_does_not(void **state)
{
	struct run *r;

	(void)state;
	r = run(ARGV("pk-retry", "-q", "-S", "none", "-n", "inf", "-d", "0", "-b", "b",
		     "--reset-after", "1h", "sh", "-c", "echo x >>ran; exit 3"),
		NULL);
	assert_status(r, 3);
	assert_int_equal(lines_of("ran"), 5);
	r = run(ARGV("pk-retry", "-q", "-S", "none", "-n", "inf", "-d", "0", "-b", "b2",
		     "--breaker-threshold", "2", "--reset-after", "1ms", "sh", "-c",
		     "echo x >>ran2; sleep 0.01; [ $(wc -l <ran2) -lt 4 ] || exit 126"),
		NULL);
	assert_status(r, 126);
	assert_int_equal(lines_of("ran2"), 4);
}

static void a_life_that_a_limit_ended_did_not_last(void **state)
{
	struct run *r;

	(void)state;
	r = run(ARGV("pk-retry", "-q", "-S", "none", "-n", "2", "-d", "0", "-t", "100ms", "-k", "0",
		     "--reset-after", "50ms", "sh", "-c", "echo x >>ran; exec sleep 60"),
		NULL);
	assert_status(r, 124);
	assert_int_equal(lines_of("ran"), 2);
	r = run(ARGV("pk-retry", "-q", "-n", "inf", "-d", "0", "-t", "100ms", "-k", "0", "-b", "b",
		     "--breaker-threshold", "3", "--reset-after", "50ms", "sh", "-c",
		     "echo x >>ran2; exec sleep 60"),
		NULL);
	assert_status(r, 124);
	assert_int_equal(lines_of("ran2"), 3);
}

/* Everything that the tests leave in their directory is theirs. */
static int clean(void **state)
{
	static const char *const names[] = {"r",   "r.lock", "ran", "ran2", "go", "l",
					    "l.1", "l.2",    "l.3", "b",    "b2"};

	for (size_t i = 0; i < array_len(names); i++)
		(void)unlink(test_path(names[i]));
	return test_end(state);
}

#define clean_test(function)                                                                       \
	{                                                                                          \
#function, function, test_begin, clean, NULL                                       \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		clean_test(of_many_callers_one_runs_and_all_have_its_output),
		clean_test(who_waits_gets_the_status_too),
		clean_test(a_killed_leader_is_followed_by_the_next),
		clean_test(a_failure_is_not_shared_unless_asked_for),
		clean_test(what_says_nothing_about_the_command_is_never_shared),
		clean_test(the_end_of_ones_own_time_is_never_shared),
		clean_test(a_death_by_kill_is_never_shared),
		clean_test(a_failure_is_given_only_to_who_asks_for_failures),
		clean_test(who_waits_for_a_failure_without_asking_runs_itself),
		clean_test(a_memo_whose_events_are_lost_says_so),
		clean_test(a_fresh_result_is_given_without_running),
		clean_test(without_a_ttl_a_run_that_is_over_is_not_shared),
		clean_test(another_command_or_directory_is_refused),
		clean_test(what_is_no_result_is_left_alone),
		clean_test(what_others_may_write_is_not_believed),
		clean_test(waiting_for_another_has_its_limit),
		clean_test(a_result_that_cannot_be_kept_is_delivered_all_the_same),
		clean_test(a_big_result_is_the_same_for_all),
		clean_test(a_memo_that_cannot_be_written_is_no_success),
		clean_test(a_slow_reader_of_a_memo_gets_all_of_it),
		clean_test(stdin_is_nobodys),
		clean_test(share_does_not_go_with_everything),
		clean_test(as_many_as_there_are_slots_run_at_once),
		clean_test(slots_are_told_when_they_cannot_be_had),
		clean_test(a_service_is_started_again_whatever_its_status),
		clean_test(a_term_ends_it_and_nothing_is_started_again),
		clean_test(an_attempt_that_lasted_starts_the_count_anew),
		clean_test(a_life_that_a_limit_ended_did_not_last),
		clean_test(a_crash_loop_opens_the_breaker_and_a_long_life_does_not),
	};

	return cmocka_run_group_tests_name("pk-retry/share", tests, NULL, NULL);
}
