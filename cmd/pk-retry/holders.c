/* Who still holds the spool. */
#include "holders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/proc.h"

#define KILLED_NS (2 * NS_PER_S) /* after SIGKILL, how long one may be stuck in the kernel */
#define DEPTH_MOST 256

struct search {
	int proc;
	dev_t dev;
	ino_t ino;
	int depth;
	pid_t found; /* 0: nobody */
};

static bool holds(const struct search *search, pid_t pid)
{
	char path[64];
	struct dirent *entry;
	bool found = false;
	DIR *dir;
	int fd;

	(void)snprintf(path, sizeof(path), "%d/fd", (int)pid);
	fd = openat(search->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		fd_drop(&fd);
		return false;
	}
	while (!found && (entry = readdir(dir))) {
		struct stat st;

		found = fstatat(fd, entry->d_name, &st, 0) == 0 && st.st_dev == search->dev &&
			st.st_ino == search->ino;
	}
	(void)closedir(dir); /* only read from */
	return found;
}

/* Visit a process and all below it; -EEXIST ends the walk: found. */
static int visit(void *arg, pid_t pid)
{
	struct search *search = arg;
	int result;

	if (holds(search, pid)) {
		search->found = pid;
		return -EEXIST;
	}
	if (search->depth == DEPTH_MOST)
		return 0;
	search->depth++;
	result = proc_each_child(search->proc, pid, 0, visit, search);
	search->depth--;
	/* One that has gone meanwhile holds nothing. */
	return result == -EEXIST ? result : 0;
}

/* A pidfd of somebody who holds the file: -1 for nobody, or -ENOSYS. */
static int find_holder(int proc, dev_t dev, ino_t ino)
{
	struct search search = {.proc = proc, .dev = dev, .ino = ino};
	int pidfd;

	for (;;) {
		if (proc_each_child(proc, getpid(), 0, visit, &search) != -EEXIST)
			return -1;
		pidfd = (int)syscall(SYS_pidfd_open, search.found, 0);
		if (pidfd < 0 && errno != ESRCH)
			return -ENOSYS;
		/* The pid may be another's by now: look at what the pidfd means. */
		if (pidfd >= 0 && holds(&search, search.found))
			return pidfd;
		fd_drop(&pidfd);
	}
}

static int wait_gone(struct guard *guard, int pidfd, int64_t until)
{
	struct pollfd gone = {.fd = pidfd, .events = POLLIN};
	int event = guard_wait(guard, &gone, 1, until);

	if (event < 0)
		return event;
	if (event == GUARD_STOP)
		return -EINTR;
	return event == GUARD_TIME ? -ETIMEDOUT : 0;
}

static int stop_one(struct guard *guard, int pidfd, int signal, int64_t grace_ends)
{
	bool kills = signal == SIGKILL || now_ns() >= grace_ends;
	int64_t until = kills ? ns_add(now_ns(), KILLED_NS) : grace_ends;
	int err;

	if (syscall(SYS_pidfd_send_signal, pidfd, kills ? SIGKILL : signal, NULL, 0) < 0)
		return errno == ESRCH ? 0 : -ENOSYS;
	if (!kills) /* A stopped process cannot obey. */
		(void)syscall(SYS_pidfd_send_signal, pidfd, SIGCONT, NULL, 0);
	err = wait_gone(guard, pidfd, until);
	if (err != -ETIMEDOUT)
		return err;
	return kills ? -EBUSY : 0;
}

int holders_stop(struct guard *guard, dev_t dev, ino_t ino, int signal, int64_t grace)
{
	scoped(fd_drop) int proc = proc_open();
	int64_t grace_ends = ns_add(now_ns(), grace);

	if (proc < 0)
		return -ENOSYS;
	for (;;) {
		scoped(fd_drop) int pidfd = find_holder(proc, dev, ino);
		int err;

		if (pidfd < 0)
			return pidfd == -1 ? 0 : pidfd;
		err = stop_one(guard, pidfd, signal, grace_ends);
		if (err < 0)
			return err;
	}
}
