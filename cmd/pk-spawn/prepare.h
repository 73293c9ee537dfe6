#ifndef PK_SPAWN_PREPARE_H
#define PK_SPAWN_PREPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base.h"
#include "common/child.h"
#include "common/guard.h"
#include "common/status.h"
#include "plan.h"
#include "work.h"

/*
 * All that a command needs before it starts. First, where a failure leaves
 * nothing behind, what the command line names; then, in the guard that will own
 * the command, what it is served through.
 */

/*
 * COMMAND: open stdin and the spill file. Returns 0 or -errno, told;
 * prepare_drop is called all the same. now is when the run began.
 */
must_check int prepare_command(struct work *work, const struct plan *plan, int64_t now);

/* A service, by number from 1. */
void prepare_service(struct work *work, const struct plan *plan, int number, int64_t now);

/* In the guard: take the lock of --lock, for COMMAND. Returns false when it was not to be had, with *ret_ending
 * set. */
must_check bool prepare_hold(struct work *work, struct guard *guard, struct ending *ret_ending);

/*
 * In the guard, when the lock and all that is waited for have been obtained: empty the spill file. A run
 * that does not come to that leaves the output of an earlier one alone. Returns 0 or -errno, told.
 */
must_check int prepare_spill(struct work *work);

/* In the guard: the pipes of the relay and of readiness, and NOTIFY_SOCKET.
 * Returns 0 or -errno. */
must_check int prepare_streams(struct work *work);

/* What to start, with all that in its place. It points into work. */
struct child_job prepare_job(struct work *work);

/* Close all of it. */
void prepare_drop(struct work *work);

#endif
