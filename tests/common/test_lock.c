/* lock: flock with a deadline, its helper process, and what is left of it. */
#include "tests/check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/lock.h"

static char path[] = "/tmp/pk-lock.XXXXXX";

static int setup(void **state)
{
	(void)state;
	int fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

static int open_it(void)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void assert_childless(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void a_free_lock_is_taken_at_once(void **state)
{
	scoped(fd_drop) int one = open_it(), two = open_it();

	(void)state;
	assert_int_equal(lock_take(one, LOCK_EX, 0, -1), 0);
	assert_int_equal(lock_try(two, LOCK_EX), -EWOULDBLOCK);
	assert_int_equal(lock_take(two, LOCK_EX, 0, -1), -ETIMEDOUT);
	assert_childless();
}

static void a_held_lock_times_out_and_leaves_no_helper(void **state)
{
	scoped(fd_drop) int one = open_it(), two = open_it();

	(void)state;
	assert_int_equal(lock_try(one, LOCK_EX), 0);
	int64_t begun = now_ns();
	assert_int_equal(lock_take(two, LOCK_EX, ns_add(begun, 20 * NS_PER_MS), -1), -ETIMEDOUT);
	assert_true(now_ns() - begun >= 20 * NS_PER_MS);
	assert_childless();
	/* Given up means given up: the lock does not come later by itself. */
	assert_int_equal(flock(one, LOCK_UN), 0);
	scoped(fd_drop) int three = open_it();
	assert_int_equal(lock_try(three, LOCK_EX), 0);
}

static void a_lock_that_becomes_free_is_got(void **state)
{
	scoped(fd_drop) int one = open_it(), two = open_it(), three = open_it();
	struct lock lock;

	(void)state;
	assert_int_equal(lock_try(one, LOCK_EX), 0);
	assert_int_equal(lock_begin(&lock, two, LOCK_EX), 0);
	assert_true(lock.ready >= 0);
	assert_int_equal(flock(one, LOCK_UN), 0);
	struct pollfd pfd = {.fd = lock.ready, .events = POLLIN};
	assert_int_equal(poll(&pfd, 1, 20000), 1);
	assert_int_equal(lock_end(&lock), 0);
	assert_int_equal(lock_try(three, LOCK_EX), -EWOULDBLOCK);
	assert_childless();
}

static void the_answer_survives_a_helper_that_somebody_else_reaped(void **state)
{
	scoped(fd_drop) int one = open_it(), two = open_it();
	struct lock lock;

	(void)state;
	assert_int_equal(lock_try(one, LOCK_SH), 0);
	assert_int_equal(lock_begin(&lock, two, LOCK_EX), 0);
	assert_int_equal(flock(one, LOCK_UN), 0);
	assert_int_equal(waitpid(-1, NULL, 0), lock.helper);
	assert_int_equal(lock_end(&lock), 0);
}

static void a_killed_helper_is_not_a_lock(void **state)
{
	scoped(fd_drop) int one = open_it(), two = open_it();
	struct lock lock;

	(void)state;
	assert_int_equal(lock_try(one, LOCK_EX), 0);
	assert_int_equal(lock_begin(&lock, two, LOCK_EX), 0);
	assert_int_equal(kill(lock.helper, SIGKILL), 0);
	assert_int_equal(lock_end(&lock), -EWOULDBLOCK);
	assert_childless();
}

static void a_signal_ends_the_wait_and_is_left_unread(void **state)
{
	scoped(fd_drop) int one = open_it(), two = open_it();
	struct signalfd_siginfo info;
	sigset_t set, old;

	(void)state;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGUSR1);
	assert_int_equal(sigprocmask(SIG_BLOCK, &set, &old), 0);
	scoped(fd_drop) int sigs = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	assert_int_equal(lock_try(one, LOCK_EX), 0);
	assert_int_equal(raise(SIGUSR1), 0);
	assert_int_equal(lock_take(two, LOCK_EX, NS_NEVER, sigs), -EINTR);
	assert_int_equal(read(sigs, &info, sizeof(info)), sizeof(info));
	assert_int_equal(sigprocmask(SIG_SETMASK, &old, NULL), 0);
	assert_childless();
}

static void a_bad_descriptor_is_told(void **state)
{
	(void)state;
	assert_int_equal(lock_take(-1, LOCK_EX, NS_NEVER, -1), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_free_lock_is_taken_at_once),
		cmocka_unit_test(a_held_lock_times_out_and_leaves_no_helper),
		cmocka_unit_test(a_lock_that_becomes_free_is_got),
		cmocka_unit_test(the_answer_survives_a_helper_that_somebody_else_reaped),
		cmocka_unit_test(a_killed_helper_is_not_a_lock),
		cmocka_unit_test(a_signal_ends_the_wait_and_is_left_unread),
		cmocka_unit_test(a_bad_descriptor_is_told),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
