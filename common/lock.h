#ifndef PK_LOCK_H
#define PK_LOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base.h"

/*
 * flock(2) that can be waited for with a deadline, without timer signals and without a retry loop.
 * The lock belongs to the open file description: every descriptor of it, forked copies included,
 * holds it, and it is free when the last of them is closed. On NFS LOCK_EX needs a descriptor that
 * is open for writing (-EBADF).
 *
 *	err = lock_take(fd, LOCK_EX, ns_add(now_ns(), wait), sigs);
 *
 * A program with a ppoll of its own waits by hand:
 *
 *	err = lock_begin(&lock, fd, LOCK_EX);
 *	... lock.ready is readable: err = lock_end(&lock) ...
 */

/*
 * Open the file that a user names to be locked; create is O_CREAT or 0. It never blocks: a FIFO, whose
 * open(2) would wait for a writer, is refused. Returns a descriptor or -errno; -ESPIPE: it is a FIFO.
 */
must_check int lock_open(const char *path, int create);

/* Take the lock (LOCK_SH or LOCK_EX) if it is free. Returns 0, -EWOULDBLOCK, or another -errno. */
must_check int lock_try(int fd, int kind);

/*
 * Take the lock, waiting until deadline (NS_NEVER: for ever; one that has passed: try only). sigs is
 * a signalfd of the caller, or -1: when it becomes readable the wait ends, and it is left unread.
 * Returns 0, -ETIMEDOUT, -EINTR (sigs is readable), or another -errno.
 */
must_check int lock_take(int fd, int kind, int64_t deadline, int sigs);

/* A wait in progress: a child process blocks in flock(2) on our open file description. */
struct lock {
	pid_t helper; /* 0: none, the lock was free */
	int ready;    /* readable when lock_end has the answer; -1: it has it already */
	int fd;
};

#define LOCK_NONE ((struct lock){.ready = -1, .fd = -1})

/*
 * Begin to take the lock of fd. Returns 0 when it was free (lock->ready is -1) or is now waited for,
 * or -errno. The helper ends with the calling thread (PR_SET_PDEATHSIG) and holds only fd.
 */
must_check int lock_begin(struct lock *lock, int fd, int kind);

/*
 * End the wait, whatever it has come to, and the helper with it. Returns 0: the lock is ours;
 * -EWOULDBLOCK: it had not been got by now and is not held; or another -errno. *lock is empty then.
 */
must_check int lock_end(struct lock *lock);

#endif
