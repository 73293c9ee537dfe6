/*
 * Slots between real processes: never more holders than slots, whoever dies frees its slot, and nobody
 * starves. PK_ACQUISITIONS sets how many there are in all (bench: 10000).
 */
#include "tests/check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base.h"
#include "common/semaphore.h"

#define LIMIT_MS 20000

/* What the processes of a test see of each other. */
struct world {
	atomic_int holders, most, total;
	atomic_int by[64];
};

static struct world *world;
static char directory[] = "/tmp/pk-semaphore-XXXXXX";

static int enter(void **state)
{
	(void)state;
	(void)strcpy(directory + sizeof(directory) - 7, "XXXXXX");
	assert_non_null(mkdtemp(directory));
	assert_int_equal(chdir(directory), 0);
	world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	assert_ptr_not_equal(world, MAP_FAILED);
	return 0;
}

static int leave(void **state)
{
	static const char *const names[] = {"s", "s.1", "s.2", "s.3", "s.4"};

	(void)state;
	for (size_t i = 0; i < array_len(names); i++)
		(void)unlink(names[i]);
	(void)munmap(world, sizeof(*world));
	assert_int_equal(chdir("/"), 0);
	return rmdir(directory);
}

/* Take a slot as a tool does. Returns 0, -ETIMEDOUT or -errno. */
static int take(struct semaphore *semaphore, int count)
{
	int err = semaphore_begin(semaphore, "s", count);

	while (err > 0) {
		struct pollfd ready = {.fd = semaphore_ready(semaphore), .events = POLLIN};

		if (poll(&ready, 1, LIMIT_MS) <= 0)
			return -ETIMEDOUT;
		err = semaphore_step(semaphore);
	}
	return err;
}

static void first_come_lowest_number(void **state)
{
	struct semaphore first, second, third;

	(void)state;
	assert_int_equal(take(&first, 2), 0);
	assert_int_equal(take(&second, 2), 0);
	assert_int_equal(first.number, 1);
	assert_int_equal(second.number, 2);
	assert_int_equal(semaphore_begin(&third, "s", 2), 1);
	semaphore_drop(&first);
	assert_int_equal(semaphore_step(&third), 0);
	assert_int_equal(third.number, 1);
	semaphore_drop(&second);
	semaphore_drop(&third);
}

static void a_hang_up_is_a_state_that_is_seen_late_too(void **state)
{
	struct semaphore holder, waiter;
	struct pollfd ready;

	(void)state;
	assert_int_equal(take(&holder, 1), 0);
	assert_int_equal(semaphore_begin(&waiter, "s", 1), 1);
	ready = (struct pollfd){.fd = semaphore_ready(&waiter), .events = POLLIN};
	assert_int_equal(poll(&ready, 1, 0), 0);
	assert_int_equal(semaphore_step(&waiter), 1); /* nothing has happened: it goes on */
	semaphore_drop(&holder);
	assert_int_equal(poll(&ready, 1, LIMIT_MS), 1);
	assert_int_equal(semaphore_step(&waiter), 0);
	semaphore_drop(&waiter);
}

static void who_gives_up_the_queue_lets_the_next_one_on(void **state)
{
	struct semaphore holder, head, queued;
	struct pollfd ready;

	(void)state;
	assert_int_equal(take(&holder, 1), 0);
	assert_int_equal(semaphore_begin(&head, "s", 1), 1);
	assert_true(head.head);
	assert_int_equal(semaphore_begin(&queued, "s", 1), 1);
	assert_false(queued.head);
	semaphore_drop(&head);
	ready = (struct pollfd){.fd = semaphore_ready(&queued), .events = POLLIN};
	assert_int_equal(poll(&ready, 1, LIMIT_MS), 1);
	assert_int_equal(semaphore_step(&queued), 1);
	assert_true(queued.head);
	semaphore_drop(&holder);
	semaphore_drop(&queued);
}

static void what_is_no_fifo_is_refused(void **state)
{
	struct semaphore semaphore;

	(void)state;
	assert_int_equal(symlink("nowhere", "s.1"), 0);
	assert_int_equal(semaphore_begin(&semaphore, "s", 1), -ENOTSUP);
	assert_int_equal(semaphore.number, 1);
	assert_int_equal(unlink("s.1"), 0);
	assert_int_equal(mknod("s.1", S_IFREG | 0600, 0), 0);
	assert_int_equal(semaphore_begin(&semaphore, "s", 1), -ENOTSUP);
	assert_int_equal(semaphore_begin(&semaphore, "missing/s", 1), -ENOENT);
	assert_int_equal(semaphore.number, 0);
}

static void a_stranger_with_the_lock_costs_one_slot_and_no_spinning(void **state)
{
	struct semaphore first, waiter;
	struct pollfd ready;
	int stranger;

	(void)state;
	assert_int_equal(take(&first, 2), 0);
	assert_int_equal(mkfifo("s.2", 0600), 0);
	stranger = open("s.2", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(lock_try(stranger, LOCK_EX), 0);
	assert_int_equal(semaphore_begin(&waiter, "s", 2), 1);
	ready = (struct pollfd){.fd = semaphore_ready(&waiter), .events = POLLIN};
	assert_int_equal(poll(&ready, 1, 0), 0);
	semaphore_drop(&first);
	assert_int_equal(poll(&ready, 1, LIMIT_MS), 1);
	assert_int_equal(semaphore_step(&waiter), 0);
	assert_int_equal(waiter.number, 1);
	semaphore_drop(&waiter);
	(void)close(stranger);
}

static void note_holder(int by)
{
	int now = atomic_fetch_add(&world->holders, 1) + 1;
	int most = atomic_load(&world->most);

	while (now > most && !atomic_compare_exchange_weak(&world->most, &most, now))
		;
	atomic_fetch_add(&world->total, 1);
	atomic_fetch_add(&world->by[by], 1);
}

/* One of many: take, hold for a moment, give back, until all have had enough together. */
static _Noreturn void compete(int self, int slots, int enough, const int start[2])
{
	char c;

	/* All at once: end of file when the last one is there. */
	(void)close(start[1]);
	(void)!read(start[0], &c, 1);
	while (atomic_load(&world->total) < enough) {
		struct semaphore semaphore;

		if (take(&semaphore, slots) < 0)
			_exit(1);
		note_holder(self);
		(void)sched_yield();
		atomic_fetch_sub(&world->holders, 1);
		semaphore_drop(&semaphore);
	}
	_exit(0);
}

static void never_more_holders_than_slots_and_nobody_starves(void **state)
{
	const char *wanted = getenv("PK_ACQUISITIONS");
	const int enough = wanted ? atoi(wanted) : 1000;
	pid_t pids[64];
	int least = enough, status, start[2];

	(void)state;
	assert_int_equal(pipe(start), 0);
	for (int i = 0; i < 64; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			compete(i, 3, enough, start);
		assert_true(pids[i] > 0);
	}
	(void)close(start[0]);
	(void)close(start[1]);
	for (int i = 0; i < 64; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
		if (atomic_load(&world->by[i]) < least)
			least = atomic_load(&world->by[i]);
	}
	assert_true(atomic_load(&world->total) >= enough);
	assert_in_range(atomic_load(&world->most), 1, 3);
	/* The queue is one of arrival, but who runs may be served before who is being woken. */
	assert_true(least >= 1);
	if (wanted)
		print_message("%d acquisitions, at most %d at once, everybody had %d or more\n",
			      atomic_load(&world->total), atomic_load(&world->most), least);
}

static pid_t hold(int slots, int ready)
{
	struct semaphore semaphore;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	if (take(&semaphore, slots) < 0)
		_exit(1);
	(void)!write(ready, "x", 1);
	for (;;)
		(void)pause();
}

static void a_killed_holder_is_followed_by_the_next(void **state)
{
	int ready[2], status;
	pid_t old, new;
	char c;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	old = hold(1, ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	for (int i = 0; i < 200; i++) {
		struct pollfd next = {.fd = ready[0], .events = POLLIN};

		new = hold(1, ready[1]);
		assert_int_equal(kill(old, SIGKILL), 0);
		assert_int_equal(waitpid(old, &status, 0), old);
		assert_int_equal(poll(&next, 1, LIMIT_MS), 1);
		assert_int_equal(read(ready[0], &c, 1), 1);
		old = new;
	}
	assert_int_equal(kill(old, SIGKILL), 0);
	assert_int_equal(waitpid(old, &status, 0), old);
	(void)close(ready[0]);
	(void)close(ready[1]);
}

#define in_directory(function) cmocka_unit_test_setup_teardown(function, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_directory(first_come_lowest_number),
		in_directory(a_hang_up_is_a_state_that_is_seen_late_too),
		in_directory(who_gives_up_the_queue_lets_the_next_one_on),
		in_directory(what_is_no_fifo_is_refused),
		in_directory(a_stranger_with_the_lock_costs_one_slot_and_no_spinning),
		in_directory(never_more_holders_than_slots_and_nobody_starves),
		in_directory(a_killed_holder_is_followed_by_the_next),
	};

	return cmocka_run_group_tests_name("common/semaphore", tests, NULL, NULL);
}
