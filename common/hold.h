#ifndef PK_HOLD_H
#define PK_HOLD_H

#include <stdint.h>

#include "common/base.h"
#include "common/guard.h"
#include "common/semaphore.h"

/*
 * What a tool holds between processes for a whole run (--lock, --slots): flock(2) on a file, as
 * flock(1) takes it, or one of N slots. The guard holds it: it is free when all that the tool has
 * started is gone, or when the guard dies, however it dies.
 *
 * Its events are lock_wait {path} and lock_acquired {path, waited_ms, slot}.
 */
struct hold {
	int fd; /* the lock's, or -1 */
	struct semaphore slots;
	char variable
		[32]; /* PK_SLOT, for the command; must last as long as the environment is used */
};

#define HOLD_NONE ((struct hold){.fd = -1, .slots = SEMAPHORE_NONE})

/*
 * Take it, waiting until that instant (monotonic) at most. slots 0: the lock; else one of so many
 * slots, and PK_SLOT says which. No job runs meanwhile. Returns 0, -EWOULDBLOCK when it was not
 * obtained in time or a signal asks the tool to end, or another -errno (semaphore_begin).
 */
must_check int hold_take(struct hold *hold, const char *path, int slots, struct guard *guard,
			 int64_t until);

/* The descriptor that must stay open (guard_let_go); -1: nothing is held. */
int hold_fd(const struct hold *hold);

/* Give it back, unless a job still runs: then it goes with the guard. */
void hold_drop(struct hold *hold, const struct guard *guard);

/* Say why hold_take failed. */
void hold_explain(const struct hold *hold, const char *path, int err);

#endif
