#ifndef PK_SPAWN_VERDICT_H
#define PK_SPAWN_VERDICT_H

#include <stdint.h>

#include "common/base.h"
#include "common/guard.h"
#include "common/status.h"
#include "work.h"

/* What the end of a command means, once its tree is gone. */

/*
 * Until when a reader may take what is left of the output. A limit, or a signal
 * that ended the command, is not put off for a reader who does not read.
 */
int64_t verdict_patience(const struct work *work, struct guard *guard);

/*
 * How the body is to end: for COMMAND, how pk-spawn is; for a service, what
 * that means for the run. What was lost of the output is told here.
 */
must_check struct ending verdict(const struct work *work, struct guard *guard);

#endif
