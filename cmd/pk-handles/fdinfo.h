#ifndef PK_HANDLES_FDINFO_H
#define PK_HANDLES_FDINFO_H

#include <stdint.h>
#include <sys/types.h>

#include "common/base.h"

/*
 * The text of /proc/PID/fdinfo/FD (proc(5)), as far as it is there: a parser of outside bytes that takes
 * whatever comes. What is not in the text keeps its value.
 */
struct fdinfo {
	int64_t pos;
	unsigned flags; /* O_ flags of open(2), O_CLOEXEC among them */
	int mnt;	/* mount id, mountinfo's first field */
	uint64_t ino;
	int clock; /* timerfd: CLOCK_ number */
	int64_t next_ns, interval_ns;
	uint64_t ticks;	     /* expirations that were not read yet */
	uint64_t count;	     /* eventfd; the kernel prints it in hexadecimal */
	uint64_t signals;    /* signalfd: bit 1 << (signal - 1) */
	pid_t target;	     /* pidfd: -1 when it has been reaped, 0 outside our namespace */
	uint64_t user_files; /* io_uring: registered files, which have no descriptor */
	uint64_t watches;    /* inotify */
};
#define FDINFO_NONE ((struct fdinfo){.mnt = -1, .ino = 0})

/* One line of an epoll descriptor: what it watches, and the inode to tell a reused number by. */
struct fdinfo_watch {
	int fd;
	uint32_t events;
	uint64_t ino;
};

/* Called for each watch of an epoll descriptor; a negative result ends the parse and becomes its result. */
typedef int fdinfo_visit(void *arg, const struct fdinfo_watch *watch);

/* Parse text; visit may be NULL. Returns 0 or visit's result. */
must_check int fdinfo_parse(const char *text, struct fdinfo *info, fdinfo_visit *visit, void *arg);

#endif
