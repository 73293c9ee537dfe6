#ifndef PK_RETRY_PUMP_H
#define PK_RETRY_PUMP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base.h"
#include "common/guard.h"

/*
 * Write to a descriptor of the caller's from inside the guard, which must go on to obey: wait for
 * room with guard_wait, so that a slow reader delays no signal. No job runs meanwhile.
 *
 * Both return 0, -EINTR when a signal asks the tool to end or the instant until has come, -EPIPE, or
 * another -errno.
 */
must_check int pump_bytes(struct guard *guard, int to, const char *bytes, size_t len,
			  int64_t until);

/* Send len bytes of a regular file, from its beginning, without copying where the kernel can. */
must_check int pump_file(struct guard *guard, int to, int file, off_t len, int64_t until);

#endif
