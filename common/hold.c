/* The lock, or the slot, of a whole run. */
#include "common/hold.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/lock.h"
#include "common/say.h"

static void report_hold(struct guard *guard, const char *name, const char *path, int64_t waited_ns,
			int slot)
{
	struct event event;

	if (!event_begin(&event, guard_events(guard), name))
		return;
	json_text(&event.json, "path", path);
	if (waited_ns >= 0)
		json_ms(&event.json, "waited_ms", waited_ns);
	if (slot > 0)
		json_int(&event.json, "slot", slot);
	event_send(&event, guard_events(guard));
}

/* As flock(1) opens it: a directory will do, and a new file is there for everybody to lock. */
static int open_file(const char *path)
{
	int fd = lock_open(path, O_CREAT);

	return fd == -EISDIR ? lock_open(path, 0) : fd;
}

static int wait_readable(int fd, struct guard *guard, int64_t until)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};

	return guard_wait(guard, &ready, 1, until);
}

static int take_lock(struct hold *hold, const char *path, struct guard *guard, int64_t until)
{
	struct lock lock;
	int err, event;

	hold->fd = open_file(path);
	if (hold->fd < 0)
		return hold->fd;
	err = lock_begin(&lock, hold->fd, LOCK_EX);
	if (err < 0 || lock.ready < 0)
		return err;
	report_hold(guard, "lock_wait", path, -1, 0);
	event = wait_readable(lock.ready, guard, until);
	err = lock_end(&lock);
	return event < 0 ? event : err;
}

static int wait_for_slot(struct semaphore *slots, struct guard *guard, int64_t until)
{
	int err = 1;

	while (err > 0) {
		int event = wait_readable(semaphore_ready(slots), guard, until);

		if (event < 0)
			return event;
		if (event == GUARD_STOP || event == GUARD_TIME)
			return -EWOULDBLOCK;
		if (event == GUARD_READY)
			err = semaphore_step(slots);
	}
	return err;
}

static int take_slot(struct hold *hold, const char *path, int slots, struct guard *guard,
		     int64_t until)
{
	int err = semaphore_begin(&hold->slots, path, slots);

	if (err > 0) {
		report_hold(guard, "lock_wait", path, -1, 0);
		err = wait_for_slot(&hold->slots, guard, until);
	}
	if (err < 0) {
		semaphore_drop(&hold->slots);
		return err;
	}
	(void)snprintf(hold->variable, sizeof(hold->variable), "PK_SLOT=%d", hold->slots.number);
	return putenv(hold->variable) == 0 ? 0 : -errno;
}

int hold_take(struct hold *hold, const char *path, int slots, struct guard *guard, int64_t until)
{
	const int64_t began = now_ns();
	int err;

	*hold = HOLD_NONE;
	err = slots > 0 ? take_slot(hold, path, slots, guard, until)
			: take_lock(hold, path, guard, until);
	if (err == 0)
		report_hold(guard, "lock_acquired", path, now_ns() - began, hold->slots.number);
	return err;
}

void hold_drop(struct hold *hold, const struct guard *guard)
{
	if (guard->owner.running)
		return;
	fd_drop(&hold->fd);
	semaphore_drop(&hold->slots);
}

int hold_fd(const struct hold *hold)
{
	return hold->slots.slot >= 0 ? hold->slots.slot : hold->fd;
}

void hold_explain(const struct hold *hold, const char *path, int err)
{
	if (err == -EWOULDBLOCK && hold->slots.count > 0)
		say("the slots of '%s' are all taken: not run", path);
	else if (err == -EWOULDBLOCK)
		say("'%s' is locked: not run", path);
	else if (err == -ESPIPE)
		say("cannot lock '%s': it is a FIFO", path);
	else if (hold->slots.number == 0)
		say_errno(err, "cannot lock '%s'", path);
	else if (err == -ENOTSUP)
		say("cannot use the slot '%s.%d': it is not a FIFO", path, hold->slots.number);
	else
		say_errno(err, "cannot use the slot '%s.%d'", path, hold->slots.number);
}
