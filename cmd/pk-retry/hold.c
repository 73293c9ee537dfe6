/* The lock of a whole run. */
#include "hold.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/lock.h"

/* As flock(1) opens it: a directory will do, and a new file is there for everybody to lock. */
static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CREAT | O_NOCTTY | O_CLOEXEC, 0666);

	if (fd < 0 && errno == EISDIR)
		fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int wait_for(int fd, struct guard *guard, const struct notice *notice, int64_t until)
{
	struct lock lock;
	int err = lock_begin(&lock, fd, LOCK_EX), event;
	struct pollfd ready = {.fd = lock.ready, .events = POLLIN};

	if (err < 0 || lock.ready < 0)
		return err;
	notice_lock(notice, "lock_wait", -1);
	event = guard_wait(guard, &ready, 1, until);
	err = lock_end(&lock);
	return event < 0 ? event : err;
}

int hold_take(int *ret_fd, const char *path, struct guard *guard, const struct notice *notice,
	      int64_t until)
{
	int64_t began = now_ns();
	int err;

	*ret_fd = open_file(path);
	if (*ret_fd < 0)
		return *ret_fd;
	err = wait_for(*ret_fd, guard, notice, until);
	if (err == 0)
		notice_lock(notice, "lock_acquired", now_ns() - began);
	return err;
}
