/* Slots between processes: FIFOs under flock, and a turn to look for one. */
#include "common/semaphore.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"

#define FIFO_FLAGS (O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC)

static int name_slot(const struct semaphore *semaphore, int number, char path[static PATH_MAX])
{
	int len = snprintf(path, PATH_MAX, "%s.%d", semaphore->path, number);

	return len < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* Open slot number's FIFO, and make it if need be. Returns a descriptor or -errno. */
static int open_slot(struct semaphore *semaphore, int number, int mode)
{
	char path[PATH_MAX];
	struct stat st;
	int err = name_slot(semaphore, number, path), fd;

	semaphore->number = number;
	if (err < 0)
		return err;
	fd = open(path, mode | FIFO_FLAGS);
	if (fd < 0 && errno == ENOENT) {
		if (mkfifo(path, 0666) < 0 && errno != EEXIST)
			return -errno;
		fd = open(path, mode | FIFO_FLAGS);
	}
	if (fd < 0)
		return errno == ELOOP ? -ENOTSUP : -errno;
	if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
		return fd;
	fd_drop(&fd);
	return -ENOTSUP;
}

/* Take the slot if it is free. Returns 0, -EWOULDBLOCK or another -errno. */
static int try_slot(struct semaphore *semaphore, int number)
{
	int fd = open_slot(semaphore, number, O_RDWR);
	int err = fd < 0 ? fd : lock_try(fd, LOCK_EX);

	if (err < 0) {
		fd_drop(&fd);
		return err;
	}
	semaphore->slot = fd;
	return 0;
}

static void stop_looking(struct semaphore *semaphore)
{
	for (int i = 0; semaphore->ends && i < semaphore->count; i++)
		fd_drop(&semaphore->ends[i]);
	free(semaphore->ends);
	semaphore->ends = NULL;
	fd_drop(&semaphore->watch);
	/* A child between fork and exec may have a copy of the descriptor: the lock is to go now. */
	if (semaphore->head)
		(void)flock(semaphore->turn, LOCK_UN);
	semaphore->head = false;
	fd_drop(&semaphore->turn);
}

/*
 * Has the holder gone? Asked of our end of the FIFO, which is no writer, so that looking makes nothing
 * hang up. Nobody else takes a slot meanwhile: it is our turn.
 */
static int look_at(struct semaphore *semaphore, int number)
{
	const int end = semaphore->ends[number - 1];
	int err = lock_try(end, LOCK_EX);

	if (err < 0)
		return err;
	(void)flock(end, LOCK_UN);
	return try_slot(semaphore, number);
}

static int watch_slot(struct semaphore *semaphore, int number)
{
	struct epoll_event event = {.data.u32 = (uint32_t)number};
	int *end = &semaphore->ends[number - 1];

	*end = open_slot(semaphore, number, O_RDONLY);
	if (*end < 0)
		return *end;
	/* Hang-ups are told without being asked for (epoll_ctl(2)). */
	return epoll_ctl(semaphore->watch, EPOLL_CTL_ADD, *end, &event) < 0 ? -errno : 0;
}

/*
 * All slots are taken: watch them. One whose lock we find taken after our end is open still has its
 * writer, so its hang-up comes later and will be seen.
 */
static int watch_all(struct semaphore *semaphore)
{
	semaphore->ends = malloc((size_t)semaphore->count * sizeof(*semaphore->ends));
	if (!semaphore->ends)
		return -ENOMEM;
	for (int i = 0; i < semaphore->count; i++)
		semaphore->ends[i] = -1;
	semaphore->watch = epoll_create1(EPOLL_CLOEXEC);
	if (semaphore->watch < 0)
		return -errno;
	for (int number = 1; number <= semaphore->count; number++) {
		int err = watch_slot(semaphore, number);

		if (err >= 0)
			err = look_at(semaphore, number);
		if (err != -EWOULDBLOCK)
			return err;
	}
	return -EWOULDBLOCK;
}

/* It is our turn. */
static int look_for_one(struct semaphore *semaphore)
{
	for (int number = 1; number <= semaphore->count; number++) {
		int err = try_slot(semaphore, number);

		if (err != -EWOULDBLOCK)
			return err;
	}
	return watch_all(semaphore);
}

/* Some have hung up. */
static int look_again(struct semaphore *semaphore)
{
	struct epoll_event events[16];
	int count = epoll_wait(semaphore->watch, events, array_len(events), 0);

	for (int i = 0; i < count; i++) {
		const int number = (int)events[i].data.u32;
		int err = look_at(semaphore, number);

		if (err != -EWOULDBLOCK)
			return err;
		/* A stranger holds the lock and is no writer: this slot has nothing more to tell us. */
		fd_drop(&semaphore->ends[number - 1]);
	}
	return count < 0 && errno != EINTR ? -errno : -EWOULDBLOCK;
}

/* err as the caller sees it: waiting goes on, or is over. */
static int conclude(struct semaphore *semaphore, int err)
{
	if (err == -EWOULDBLOCK)
		return 1;
	stop_looking(semaphore);
	return err;
}

int semaphore_begin(struct semaphore *semaphore, const char *path, int count)
{
	int err;

	*semaphore = SEMAPHORE_NONE;
	semaphore->path = path;
	semaphore->count = count;
	semaphore->turn = lock_open(path, O_CREAT);
	err = semaphore->turn < 0 ? semaphore->turn
				  : lock_begin(&semaphore->queue, semaphore->turn, LOCK_EX);
	if (err < 0)
		return conclude(semaphore, err);
	if (semaphore->queue.ready >= 0)
		return 1;
	semaphore->head = true;
	return conclude(semaphore, look_for_one(semaphore));
}

int semaphore_ready(const struct semaphore *semaphore)
{
	return semaphore->head ? semaphore->watch : semaphore->queue.ready;
}

int semaphore_step(struct semaphore *semaphore)
{
	int err;

	if (semaphore->head)
		return conclude(semaphore, look_again(semaphore));
	err = lock_end(&semaphore->queue);
	if (err < 0)
		return conclude(semaphore, err == -EWOULDBLOCK ? -ECHILD : err);
	semaphore->head = true;
	return conclude(semaphore, look_for_one(semaphore));
}

void semaphore_drop(struct semaphore *semaphore)
{
	const int err = errno;

	/* Got in this moment: it goes with the descriptor. */
	(void)!lock_end(&semaphore->queue);
	stop_looking(semaphore);
	fd_drop(&semaphore->slot);
	errno = err;
}
