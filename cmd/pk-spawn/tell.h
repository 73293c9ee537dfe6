#ifndef PK_SPAWN_TELL_H
#define PK_SPAWN_TELL_H

#include <sys/types.h>

#include "common/base.h"
#include "common/child.h"
#include "common/clock.h"
#include "common/events.h"
#include "common/guard.h"
#include "common/status.h"
#include "plan.h"
#include "record.h"
#include "relay.h"
#include "tally.h"
#include "work.h"

/* What pk-spawn says about a command: events for programs, a line on stderr for people. */

/* How pk-spawn ends; the last event. */
void tell_end(struct events *events, struct ending ending);

/* The same of a pool, with its sums. */
void tell_pool_end(struct events *events, struct ending ending, const struct tally *tally);

/* -v: say each signal that the guard sends; without /proc always, since less is promised then. */
void tell_notes(struct guard *guard, const struct plan *plan);

/* The command runs. */
void tell_start(struct events *events, const struct work *work, pid_t pid);

/* It is ready, so long after its start. */
void tell_ready(struct events *events, const struct work *work, pid_t pid, int64_t elapsed_ns);

/* It has ended. streams is what was kept of its output, or NULL. */
struct tell_streams {
	const char *keys[2];
	struct record_stream streams[2];
	int count;
};
void tell_exit(struct events *events, const struct work *work, const struct owner_result *result,
	       pid_t pid, const struct tell_streams *streams);

/* What became of its output. */
void tell_output(struct events *events, const struct relay *relay);

/* The deadline in force: "300ms (deadline)", "225ms (inherited deadline)". Returns text. */
#define TELL_LIMIT_MAX (NS_TEXT_MAX + 32)
const char *tell_deadline(const struct plan *plan, bool inherited,
			  char text[static TELL_LIMIT_MAX]);

/* The limit within which something had to be ready; "1m" for --ready-timeout. Returns text. */
const char *tell_ready_limit(const struct plan *plan, enum stop_cause cause,
			     char text[static TELL_LIMIT_MAX]);

/* Why the command could not be started; returns the status for it. */
struct ending tell_unstarted(struct events *events, const struct plan *plan, const char *name,
			     enum child_stage stage, int err);

/* One line when the end was our doing, or a service's that was not asked to: stop_signal is the guard's.
 * Silence is success. */
void tell_why(const struct work *work, const struct owner_result *result, int stop_signal);

/* A failing sink is told once, at the end. */
void tell_sink(struct events *events);

#endif
