#ifndef PK_RETRY_HOLDERS_H
#define PK_RETRY_HOLDERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base.h"
#include "common/guard.h"

/*
 * End the descendants of a command that has succeeded which still hold the file (dev, ino): the spool
 * of its stdout, whose writers would write to nobody. The others stay as they are. Each gets signal,
 * then SIGKILL after grace ns. Returns 0; -EINTR when a signal asks the tool to end; -ENOSYS where
 * processes cannot be addressed safely (no pidfd, no /proc): the caller ends the whole tree then;
 * -EBUSY when one survives SIGKILL.
 */
must_check int holders_stop(struct guard *guard, dev_t dev, ino_t ino, int signal, int64_t grace);

#endif
