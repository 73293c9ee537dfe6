/*
 * pk-spawn between processes: --lock, --wait and --slots.
 */
#include "tests/check.h"
#include "tests/lib/events.h"
#include "tests/lib/run.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base.h"

static struct run *hold(const char *events)
{
	struct run *holder = start(ARGV("pk-spawn", "-l", "l", "--events", events, "cat"),
				   HOW(.keep_input = true));

	(void)event_wait(events, "start");
	return holder;
}

static void the_lock_is_held_for_the_whole_run(void **state)
{
	struct run *holder = hold(events_path());

	(void)state;
	assert_status(run(ARGV("flock", "-n", "l", "true"), NULL), 1);
	run_close_input(holder);
	finish(holder);
	assert_status(holder, 0);
	assert_status(run(ARGV("flock", "-n", "l", "true"), NULL), 0);
}

static void a_busy_lock_is_75(void **state)
{
	struct run *holder = hold(events_path()), *r;

	(void)state;
	r = run(ARGV("pk-spawn", "-l", "l", "-w", "0", "true"), NULL);
	assert_status(r, 75);
	assert_string_equal(r->err, "pk-spawn: 'l' is locked: not run\n");
	r = run(ARGV("pk-spawn", "-q", "-l", "l", "-w", "20ms", "true"), NULL);
	assert_status(r, 75);
	assert_string_equal(r->err, "");
	assert_status(run(ARGV("pk-spawn", "-q", "-l", "l", "-D", "20ms", "true"), NULL), 75);
	run_close_input(holder);
	finish(holder);
}

static void it_is_got_when_the_holder_is_killed(void **state)
{
	const char *events = events_path();
	struct run *holder = hold(events), *r;

	(void)state;
	r = start(ARGV("pk-spawn", "-l", "l", "--events", events, "echo", "got"), NULL);
	(void)event_wait(events, "lock_wait");
	run_signal(holder, SIGKILL);
	finish(holder);
	finish(r);
	assert_status(r, 0);
	assert_string_equal(r->out, "got\n");
}

static void a_signal_ends_the_wait(void **state)
{
	const char *events = events_path();
	struct run *holder = hold(events), *r;

	(void)state;
	r = start(ARGV("pk-spawn", "-l", "l", "--events", events, "true"), NULL);
	(void)event_wait(events, "lock_wait");
	run_signal(r, SIGTERM);
	finish(r);
	assert_signal(r, SIGTERM);
	run_close_input(holder);
	finish(holder);
}

static void a_lock_around_covers_services(void **state)
{
	struct run *holder = hold(events_path()), *r;
	const char *const argv[] = {"pk-spawn", "-l",	     "l",
				    "-w",	"0",	     "--",
				    "pk-spawn", "--service", "echo up; exec sleep 20",
				    "--ready",	"line:up",   "--",
				    "flock",	"-n",	     "l",
				    "true",	NULL};

	(void)state;
	r = run(argv, NULL);
	assert_status(r, 75);
	assert_string_equal(r->out, "");
	run_close_input(holder);
	finish(holder);
	r = run(argv, NULL);
	assert_status(r, 1);
	assert_string_equal(r->out, "up\n");
}

static void slots_have_numbers(void **state)
{
	const char *events = events_path();
	struct run *first = start(ARGV("pk-spawn", "-l", "l", "--slots", "2", "--events", events,
				       "sh", "-c", "echo $PK_SLOT; exec cat"),
				  HOW(.keep_input = true));
	struct run *r;

	(void)state;
	(void)event_wait(events, "start");
	r = run(ARGV("pk-spawn", "-l", "l", "--slots", "2", "printenv", "PK_SLOT"), NULL);
	assert_status(r, 0);
	assert_string_equal(r->out, "2\n");
	r = run(ARGV("pk-spawn", "-l", "l", "--slots", "1", "-w", "0", "true"), NULL);
	assert_status(r, 75);
	assert_string_equal(r->err, "pk-spawn: the slots of 'l' are all taken: not run\n");
	run_close_input(first);
	finish(first);
	assert_string_equal(first->out, "1\n");
}

static void what_cannot_be_locked_is_told(void **state)
{
	struct run *r = run(ARGV("pk-spawn", "-l", "missing/l", "true"), NULL);

	(void)state;
	assert_status(r, 125);
	assert_string_equal(r->err,
			    "pk-spawn: cannot lock 'missing/l': No such file or directory\n");
	(void)test_file("l.1", "", 0600);
	r = run(ARGV("pk-spawn", "-l", "l", "--slots", "2", "true"), NULL);
	assert_status(r, 125);
	assert_string_equal(r->err, "pk-spawn: cannot use the slot 'l.1': it is not a FIFO\n");
	r = run(ARGV("pk-spawn", "--slots", "2", "true"), NULL);
	assert_status(r, 125);
	assert_has(r->err, "'--slots' needs '--lock'");
}

static void assert_holds(const char *name, const char *text)
{
	char bytes[64] = "";
	int fd = open(test_path(name), O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0 && read(fd, bytes, sizeof(bytes) - 1) >= 0);
	(void)close(fd);
	assert_string_equal(bytes, text);
}

static void a_run_that_does_not_begin_spares_the_spill_file(void **state)
{
	struct run *holder = hold(events_path());

	(void)state;
	(void)test_file("log", "precious\n", 0600);
	assert_status(
		run(ARGV("pk-spawn", "-l", "l", "-w", "0", "--spill", "log", "echo", "hi"), NULL),
		75);
	assert_holds("log", "precious\n");
	assert_status(run(ARGV("pk-spawn", "--wait-for", "file:none", "--ready-timeout", "20ms",
			       "--spill", "log", "echo", "hi"),
			  NULL),
		      75);
	assert_holds("log", "precious\n");
	run_close_input(holder);
	finish(holder);
	assert_status(run(ARGV("pk-spawn", "-l", "l", "--spill", "log", "echo", "hi"), NULL), 0);
	assert_holds("log", "hi\n");
}

static void a_run_that_does_not_begin_spares_the_ready_file(void **state)
{
	const char *waits = test_path("waits");
	struct run *holder = start(ARGV("pk-spawn", "-l", "l", "--ready-file", "ready", "--ready",
					"line:^up$", "--", "sh", "-c",
					"echo up; until test -e ready; do :; done; echo seen; cat"),
				   HOW(.keep_input = true));
	struct run *waiter;

	(void)state;
	run_wait_out(holder, "seen");
	assert_status(run(ARGV("pk-spawn", "-l", "l", "-w", "0", "--ready-file", "ready", "--ready",
			       "line:x", "--", "true"),
			  NULL),
		      75);
	assert_holds("ready", "");
	assert_status(run(ARGV("pk-spawn", "--wait-for", "file:none", "--ready-timeout", "20ms",
			       "--ready-file", "ready", "--ready", "line:x", "--", "true"),
			  NULL),
		      75);
	assert_holds("ready", "");
	waiter = start(ARGV("pk-spawn", "-l", "l", "--events", waits, "--ready-file", "ready",
			    "--ready", "line:x", "--", "true"),
		       NULL);
	(void)event_wait(waits, "lock_wait");
	assert_holds("ready", "");
	run_signal(waiter, SIGTERM);
	finish(waiter);
	assert_signal(waiter, SIGTERM);
	assert_holds("ready", "");
	run_close_input(holder);
	finish(holder);
	assert_status(holder, 0);
	assert_int_equal(access(test_path("ready"), F_OK), -1);
}

static void a_stale_ready_file_goes_with_the_lock(void **state)
{
	struct run *r;

	(void)state;
	(void)test_file("ready", "stale", 0600);
	r = run(ARGV("pk-spawn", "-l", "l", "--ready-file", "ready", "--ready", "line:x", "--",
		     "sh", "-c", "test -e ready || echo absent"),
		NULL);
	assert_string_equal(r->out, "absent\n");
}

static void the_ready_file_does_not_outlive_a_killed_guard(void **state)
{
	struct run *r;

	(void)state;
	r = run(ARGV("pk-spawn", "-l", "l", "--ready-file", "ready", "--ready", "line:^up$", "--",
		     "sh", "-c",
		     "echo up; until test -e ready; do :; done; kill -9 $PPID; exec sleep 20"),
		NULL);
	assert_status(r, 125);
	assert_int_equal(access(test_path("ready"), F_OK), -1);
}

/* Slots leave FIFOs beside the lock: a slip of the keyboard must not wait for ever. */
static void a_fifo_is_refused_as_the_lock(void **state)
{
	static const char *const told = "pk-spawn: cannot lock 'l': it is a FIFO\n";
	struct run *r;

	(void)state;
	assert_int_equal(mkfifo(test_path("l"), 0600), 0);
	r = run(ARGV("pk-spawn", "-l", "l", "-D", "500ms", "echo", "hi"), NULL);
	assert_status(r, 125);
	assert_string_equal(r->out, "");
	assert_string_equal(r->err, told);
	r = run(ARGV("pk-spawn", "-l", "l", "--slots", "2", "echo", "hi"), NULL);
	assert_status(r, 125);
	assert_string_equal(r->err, told);
	assert_int_equal(access(test_path("l.1"), F_OK), -1);
}

/* Everything that the tests leave in their directory is theirs. */
static int clean(void **state)
{
	static const char *const names[] = {"l", "l.1", "l.2", "log", "ready", "waits"};

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
		clean_test(the_lock_is_held_for_the_whole_run),
		clean_test(a_busy_lock_is_75),
		clean_test(it_is_got_when_the_holder_is_killed),
		clean_test(a_signal_ends_the_wait),
		clean_test(a_lock_around_covers_services),
		clean_test(slots_have_numbers),
		clean_test(what_cannot_be_locked_is_told),
		clean_test(a_run_that_does_not_begin_spares_the_spill_file),
		clean_test(a_run_that_does_not_begin_spares_the_ready_file),
		clean_test(a_stale_ready_file_goes_with_the_lock),
		clean_test(the_ready_file_does_not_outlive_a_killed_guard),
		clean_test(a_fifo_is_refused_as_the_lock),
	};

	return cmocka_run_group_tests_name("pk-spawn/lock", tests, NULL, NULL);
}
