#ifndef PK_RETRY_HOLD_H
#define PK_RETRY_HOLD_H

#include <stdint.h>

#include "common/base.h"
#include "common/guard.h"
#include "notice.h"

/*
 * --lock: take flock(2) on the file, as flock(1) does, waiting until that instant (monotonic) at most;
 * events tell of it. The lock is held by *ret_fd and free when that is closed: with the guard, when
 * all that the attempts have started is gone. Returns 0, -EWOULDBLOCK when it was not obtained in
 * time or a signal asks the tool to end, or another -errno.
 */
must_check int hold_take(int *ret_fd, const char *path, struct guard *guard,
			 const struct notice *notice, int64_t until);

#endif
