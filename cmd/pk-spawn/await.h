#ifndef PK_SPAWN_AWAIT_H
#define PK_SPAWN_AWAIT_H

#include <stdint.h>

#include "common/base.h"
#include "common/guard.h"
#include "common/status.h"
#include "plan.h"
#include "spec.h"

/*
 * Looking for what is not ours, again and again, less often as time goes by. These are bodies of guards of
 * their own, so that a probe that hangs, or a look-up of a name, holds up nobody.
 */

/* --wait-for. */
struct await {
	const struct plan *plan;
	struct plan_ready_by until;
};

/* Wait for all that the plan waits for, in turn; arg is a struct await. The ending is success, STATUS_LATER
 * after a message, or the signal that asked for an end. */
struct ending await_body(struct guard *guard, void *arg);

/* --ready exec:CMD, about somebody in another guard; arg is the struct spec. The ending is success once
 * CMD has succeeded. */
struct ending await_exec_body(struct guard *guard, void *arg);

#endif
