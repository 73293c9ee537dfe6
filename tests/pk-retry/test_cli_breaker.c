/*
 * What pk-retry shares between processes: the circuit breaker and the lock.
 */
#include "tests/check.h"
#include "tests/lib/events.h"
#include "tests/lib/run.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHELL(text) ARGV("bash", "-c", text)
#define CALL(...)                                                                                  \
	ARGV("pk-retry", "-d", "0", "-n", "1", "-b", "s", "--breaker-threshold", "3", __VA_ARGS__)

static void fail_times(int times)
{
	for (int i = 0; i < times; i++)
		assert_status(run(CALL("-q", "false"), NULL), 1);
}

/* The record as text; the file lies in the test's directory and goes with the test. */
static const char *record(void)
{
	char *text = test_keep(calloc(1, 300));
	int fd = test_keep_fd(open(test_path("s"), O_RDONLY));

	assert_int_equal(read(fd, text, 299), 256);
	return text;
}

static void failures_open_it_and_then_nobody_runs(void **state)
{
	struct run *r;
	struct stat st;

	(void)state;
	fail_times(2);
	assert_has(record(), "\"state\":\"closed\",\"failures\":2");
	fail_times(1);
	assert_has(record(), "\"state\":\"open\",\"failures\":3");
	assert_int_equal(stat(test_path("s"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	r = run(CALL("sh", "-c", "echo ran"), NULL);
	assert_status(r, 75);
	assert_string_equal(r->out, "");
	assert_has(r->err, "pk-retry: the circuit 's' is open for ");
}

static void a_success_in_between_starts_the_count_anew(void **state)
{
	(void)state;
	fail_times(2);
	assert_status(run(CALL("true"), NULL), 0);
	assert_has(record(), "\"failures\":0");
	fail_times(2);
	assert_has(record(), "\"state\":\"closed\"");
}

static void success_in_health_writes_nothing(void **state)
{
	struct stat st;

	(void)state;
	assert_status(run(CALL("true"), NULL), 0);
	assert_int_equal(stat(test_path("s"), &st), 0);
	assert_int_equal(st.st_size, 0);
}

static void every_attempt_passes_it_and_the_run_stops_when_it_opens(void **state)
{
	struct run *r = run(ARGV("pk-retry", "-d", "0", "-n", "9", "-b", "s", "--breaker-threshold",
				 "3", "sh", "-c", "exit 7"),
			    NULL);

	(void)state;
	assert_status(r, 7);
	assert_lines(r->err, 3);
	assert_has(r->err, "attempt 3 of 9 failed (status 7), not retried: the circuit is open\n");
}

static void mistakes_and_stops_do_not_count(void **state)
{
	(void)state;
	assert_status(run(CALL("-q", "sh", "-c", "exit 126"), NULL), 126);
	assert_status(run(CALL("-q", "./missing"), HOW(.unwrapped = true)), 127);
	assert_status(run(CALL("-q", "-r", "9", "false"), NULL), 1);
	assert_status(
		run(CALL("-q", "-H", "9", "sh", "-c", "echo HTTP/1.1 404 >&9; exit 22"), NULL), 22);
	assert_status(run(CALL("true"), NULL), 0);
	fail_times(2);
	assert_has(record(), "\"failures\":2");
}

static void after_the_cooldown_one_probe_decides(void **state)
{
	const char *events = events_path();
	struct run *r;

	(void)state;
	fail_times(3);
	/* A shorter cooldown is a shorter wait: until_ms is clamped to it. */
	r = run(CALL("-q", "--breaker-cooldown", "1ms", "true"), NULL);
	assert_status(r, 75);
	run_pass(5);
	r = run(CALL("-q", "--breaker-cooldown", "1ms", "--events", events, "true"), NULL);
	assert_status(r, 0);
	assert_has(record(), "\"state\":\"closed\",\"failures\":0");
	assert_int_equal(event_count(events, "breaker"), 2);
	assert_string_equal(event_text(event_find(events, "breaker"), "to"), "half_open");
	assert_true(event_true(event_find(events, "breaker"), "probe"));
}

static void a_failed_probe_opens_it_again(void **state)
{
	(void)state;
	fail_times(3);
	assert_status(run(CALL("-q", "--breaker-cooldown", "1ms", "true"), NULL), 75);
	run_pass(5);
	assert_status(run(CALL("-q", "--breaker-cooldown", "1m", "false"), NULL), 1);
	assert_has(record(), "\"gen\":2");
	assert_status(run(CALL("-q", "--breaker-cooldown", "1m", "true"), NULL), 75);
}

static void of_a_hundred_callers_one_is_the_probe(void **state)
{
	struct run *r = run(SHELL("call() { pk-retry -q -n 1 -b s --breaker-threshold 3 "
				  "--breaker-cooldown 100ms -- \"$@\"; };"
				  "for i in 1 2 3; do call false; done; sleep 0.15; mkfifo go "
				  "done; exec 3<>go 4<>done;"
				  "for i in $(seq 100); do { call sh -c 'echo p >>ran; read x <&3; "
				  "exit 1'; echo $? >&4; } & done;"
				  "for i in $(seq 99); do read -r status <&4; echo $status; done | "
				  "sort | uniq -c;"
				  "wc -l <ran; echo >&3; wait; rm ran go done"),
			    NULL);

	(void)state;
	assert_string_equal(r->err, "");
	assert_has(r->out, "99 75\n1\n");
}

static void a_prober_that_is_killed_leaves_the_permit_to_the_next(void **state)
{
	const char *events = events_path();
	struct run *prober, *next;

	(void)state;
	fail_times(3);
	assert_status(run(CALL("-q", "--breaker-cooldown", "1ms", "true"), NULL), 75);
	run_pass(5);
	prober = start(CALL("-q", "--breaker-cooldown", "1ms", "--events", events, "sleep", "20"),
		       NULL);
	(void)event_wait(events, "attempt_start");
	next = run(CALL("--breaker-cooldown", "1ms", "true"), NULL);
	assert_status(next, 75);
	assert_has(next->err, "is open and being probed: not run");
	run_signal(prober, SIGKILL);
	finish(prober);
	/* The guard goes with its front; its lock goes with it. */
	assert_int_equal(test_wait_gone(10000), 0);
	assert_status(run(CALL("-q", "--breaker-cooldown", "1ms", "true"), NULL), 0);
}

static void concurrent_failures_are_counted_exactly(void **state)
{
	struct run *r = run(SHELL("for i in $(seq 20); do pk-retry -q -d 0 -n 50 -b s "
				  "--breaker-threshold 1000000 false & done; wait;"
				  "grep -o '\"failures\":[0-9]*' s"),
			    NULL);

	(void)state;
	assert_string_equal(r->out, "\"failures\":1000\n");
	assert_string_equal(r->err, "");
}

static void a_corrupt_record_is_told_and_taken_as_closed(void **state)
{
	const char *events = events_path();
	struct run *r;

	(void)state;
	(void)test_file("s", "rubbish", 0600);
	r = run(CALL("-q", "--events", events, "false"), NULL);
	assert_status(r, 1);
	assert_string_equal(r->err, "pk-retry: circuit breaker 's' is corrupt: taken as closed\n");
	assert_int_equal(event_count(events, "breaker_corrupt"), 1);
	assert_has(record(), "\"failures\":1");
	assert_string_equal(run(CALL("-q", "true"), NULL)->err, "");
}

static void a_breaker_that_cannot_be_used_lets_the_call_through(void **state)
{
	struct run *r;

	(void)state;
	assert_int_equal(symlink("/etc/passwd", test_path("link")), 0);
	assert_int_equal(mkfifo(test_path("fifo"), 0600), 0);
	r = run(ARGV("pk-retry", "-n1", "-b", "/no/such/dir/b", "echo", "x"), NULL);
	assert_status(r, 0);
	assert_has(r->err, "circuit breaker '/no/such/dir/b' cannot be used, and COMMAND runs "
			   "without it: No such file");
	r = run(ARGV("pk-retry", "-n1", "-b", "link", "true"), NULL);
	assert_status(r, 0);
	assert_has(r->err, "'link' cannot be used");
	r = run(ARGV("pk-retry", "-n1", "-b", "fifo", "true"), NULL);
	assert_status(r, 0);
	assert_has(r->err, "'fifo' cannot be used");
	assert_int_equal(unlink(test_path("link")), 0);
	assert_int_equal(unlink(test_path("fifo")), 0);
}

static void a_stopped_holder_delays_nobody_for_long(void **state)
{
	struct run *r = run(ARGV("python3", "-c",
				 "import fcntl,os,struct,subprocess\n"
				 "f=os.open('s',os.O_RDWR|os.O_CREAT,0o600)\n"
				 "fcntl.fcntl(f,37,struct.pack('hhqqi4x',fcntl.F_WRLCK,0,0,1,0))"
				 "\n" /* F_OFD_SETLK */
				 "print(subprocess.call(['pk-retry','-q','-n1','-b','s','false']"
				 "))\n"),
			    NULL);

	(void)state;
	assert_string_equal(r->out, "1\n");
	assert_has(r->err, "cannot be used, and COMMAND runs without it");
	assert_true(r->elapsed_ms >= 900);
}

static void two_breakers_nest(void **state)
{
	struct run *r = run(
		SHELL("for i in 1 2; do pk-retry -q -n 1 -b s --breaker-threshold 2 -- pk-retry -q "
		      "-d 0 -n 3 -- false; done;"
		      "grep -o '\"failures\":[0-9]*' s; pk-retry -q -n 1 -b s -- true; echo $?"),
		NULL);

	(void)state;
	assert_string_equal(r->out, "\"failures\":2\n75\n");
}

/* --- lock ---------------------------------------------------------------------------------------- */

static int hold(const char *name)
{
	int fd = test_keep_fd(open(test_path(name), O_RDWR | O_CREAT | O_CLOEXEC, 0600));

	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	return fd;
}

static void the_lock_is_held_for_the_whole_run(void **state)
{
	struct run *r = run(ARGV("pk-retry", "-l", "l", "--", "flock", "-n", "l", "true"), NULL);

	(void)state;
	assert_status(r, 1);
	assert_has(r->err, "attempt 1 of 5 failed (status 1), next in");
	r = run(ARGV("pk-retry", "-q", "-n1", "-l", "l", "--", "flock", "-n", "l", "true"), NULL);
	assert_status(r, 1);
	assert_status(run(ARGV("flock", "-n", "l", "true"), NULL), 0);
}

static void a_busy_lock_is_75(void **state)
{
	struct run *r;

	(void)state;
	(void)hold("l");
	r = run(ARGV("pk-retry", "-w", "0", "-l", "l", "echo", "x"), NULL);
	assert_status(r, 75);
	assert_string_equal(r->err, "pk-retry: 'l' is locked: not run\n");
	assert_status(run(ARGV("pk-retry", "-q", "-w", "50ms", "-l", "l", "true"), NULL), 75);
	assert_status(run(ARGV("pk-retry", "-q", "-D", "50ms", "-l", "l", "true"), NULL), 75);
}

static void a_lock_is_got_when_it_is_free(void **state)
{
	const char *events = events_path();
	int fd = hold("l");
	struct run *r = start(ARGV("pk-retry", "--events", events, "-l", "l", "echo", "x"), NULL);

	(void)state;
	(void)event_wait(events, "lock_wait");
	assert_int_equal(flock(fd, LOCK_UN), 0);
	finish(r);
	assert_status(r, 0);
	assert_string_equal(r->out, "x\n");
	assert_int_equal(event_count(events, "lock_acquired"), 1);
}

static void a_signal_ends_the_wait_for_the_lock(void **state)
{
	const char *events = events_path();
	struct run *r;

	(void)state;
	(void)hold("l");
	r = start(ARGV("pk-retry", "--events", events, "-l", "l", "echo", "x"), NULL);
	(void)event_wait(events, "lock_wait");
	run_signal(r, SIGTERM);
	finish(r);
	assert_signal(r, SIGTERM);
	assert_string_equal(r->err, "");
	assert_no_survivor();
}

static void a_directory_can_be_locked_and_nothing_else_is_hidden(void **state)
{
	struct run *r = run(ARGV("pk-retry", "-l", "/no/such/l", "true"), NULL);

	(void)state;
	assert_status(r, 125);
	assert_has(r->err, "cannot lock '/no/such/l': No such file or directory");
	assert_status(run(ARGV("pk-retry", "-l", ".", "true"), NULL), 0);
}

/* Everything that the tests leave in their directory is theirs. */
static int clean(void **state)
{
	static const char *const names[] = {"s", "l"};

	for (size_t i = 0; i < 2; i++)
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
		clean_test(failures_open_it_and_then_nobody_runs),
		clean_test(a_success_in_between_starts_the_count_anew),
		clean_test(success_in_health_writes_nothing),
		clean_test(every_attempt_passes_it_and_the_run_stops_when_it_opens),
		clean_test(mistakes_and_stops_do_not_count),
		clean_test(after_the_cooldown_one_probe_decides),
		clean_test(a_failed_probe_opens_it_again),
		clean_test(of_a_hundred_callers_one_is_the_probe),
		clean_test(a_prober_that_is_killed_leaves_the_permit_to_the_next),
		clean_test(concurrent_failures_are_counted_exactly),
		clean_test(a_corrupt_record_is_told_and_taken_as_closed),
		clean_test(a_breaker_that_cannot_be_used_lets_the_call_through),
		clean_test(a_stopped_holder_delays_nobody_for_long),
		clean_test(two_breakers_nest),
		clean_test(the_lock_is_held_for_the_whole_run),
		clean_test(a_busy_lock_is_75),
		clean_test(a_lock_is_got_when_it_is_free),
		clean_test(a_signal_ends_the_wait_for_the_lock),
		clean_test(a_directory_can_be_locked_and_nothing_else_is_hidden),
	};
	return cmocka_run_group_tests_name("pk-retry/breaker", tests, NULL, NULL);
}
