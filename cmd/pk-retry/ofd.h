#ifndef PK_RETRY_OFD_H
#define PK_RETRY_OFD_H

#include <stdint.h>

#include "common/base.h"
#include "common/guard.h"

/*
 * Locks on single bytes of a file, owned by the open file description (fcntl(2)): the kernel frees
 * them when its last descriptor is closed, so with any death.
 */

/* Take the byte if it is free. Returns 0, -EAGAIN, or another -errno. */
must_check int ofd_try(int fd, int byte);

/*
 * Take the byte, waiting up to patience_ns for it, without polling: a helper process blocks on the
 * same description, so that the lock it gets is ours. Returns 0, -ETIMEDOUT, -EINTR when a signal asks
 * the tool to end, or another -errno. No job runs meanwhile.
 */
must_check int ofd_lock(int fd, int byte, struct guard *guard, int64_t patience_ns);

must_check int ofd_unlock(int fd, int byte);

#endif
