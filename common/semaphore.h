#ifndef PK_SEMAPHORE_H
#define PK_SEMAPHORE_H

#include <stdbool.h>

#include "common/base.h"
#include "common/lock.h"

/*
 * N slots that processes share through files, without a daemon, without polling, and freed by the
 * kernel however a holder dies:
 *
 *	FILE          the turn: flock(2) held by the one process that looks for a slot
 *	FILE.1 ... N  the slots: FIFOs, which nobody reads or writes
 *
 * A holder has its slot open for reading and writing, under flock(2). Whoever wants one queues for
 * the turn, where the kernel wakes one at a time, roughly by arrival, so that nobody starves and a
 * release wakes one process and not all of them. The one whose turn it is polls the FIFOs: when a
 * holder is gone, its FIFO has no writer any more and hangs up.
 *
 * Why FIFOs: the last close of a file takes its lock away first and hangs up afterwards, and a hang-up
 * is a state, not an event, so there is no moment in which it is missed. inotify(7) tells of a close
 * before the lock is gone: who looks then finds it taken, and is not told again.
 *
 *	err = semaphore_begin(&semaphore, "api.slots", 3);
 *	while (err > 0) {
 *		... semaphore_ready(&semaphore) is readable ...
 *		err = semaphore_step(&semaphore);
 *	}
 *	... err == 0: the slot semaphore.number, from 1, is ours until semaphore_drop ...
 *
 * Callers with different N share the slots that both know. The files stay.
 */
#define SEMAPHORE_MOST 256

struct semaphore {
	const char *path;
	int count;
	int turn;	   /* FILE, until a slot is ours; -1 */
	struct lock queue; /* for the turn */
	bool head;	   /* the turn is ours */
	int watch;	   /* epoll(7) over ends, -1: there was no need yet */
	int *ends;	   /* of the FIFOs, to see them hang up; count of them */
	int slot;	   /* the one that is ours; -1 */
	int number;	   /* its number, or that of the one that an error is about; 0: none */
};

#define SEMAPHORE_NONE ((struct semaphore){.turn = -1, .queue = LOCK_NONE, .watch = -1, .slot = -1})

/*
 * Begin to take one of count slots (1 to SEMAPHORE_MOST). path must outlive it. Returns 0: there was
 * one; 1: it is waited for; or -errno: -ENOTSUP when what has a slot's name is no FIFO, -ESPIPE when path is one.
 */
must_check int semaphore_begin(struct semaphore *semaphore, const char *path, int count);

/* What to poll for POLLIN while waiting; another one after each step. */
int semaphore_ready(const struct semaphore *semaphore);

/* It is ready. Returns as semaphore_begin. */
must_check int semaphore_step(struct semaphore *semaphore);

/* Give the slot, or the place in the queue, back; keeps errno. For scoped(). */
void semaphore_drop(struct semaphore *semaphore);

#endif
