#ifndef PK_WATCH_NOTES_H
#define PK_WATCH_NOTES_H

#include <stdint.h>

#include "batch.h"
#include "common/base.h"
#include "common/events.h"
#include "common/guard.h"
#include "plan.h"
#include "watchset.h"

/* What pk-watch tells about itself: events, and lines on stderr. */

/* Why a run starts. */
enum reason { REASON_INITIAL, REASON_CHANGE, REASON_EVERY, REASON_RESCAN, REASON_SIGNAL };
const char *reason_name(enum reason reason);

void note_ready(struct events *events, const struct watchset *set, int64_t elapsed_ns);
void note_change(struct events *events, int64_t seq, const struct batch *batch);
void note_run(struct events *events, const struct plan *plan, int64_t seq, enum reason reason,
	      pid_t pid, char *const *argv);
void note_exit(struct events *events, int64_t seq, pid_t pid, const struct owner_result *result);
void note_busy(struct events *events, const struct plan *plan, size_t count);
void note_tick(struct events *events, int64_t tick, int64_t missed);
void note_skip(struct events *events, int64_t tick, int64_t skipped);
void note_loop(struct events *events, const struct plan *plan, const struct batch *batch,
	       int64_t delay_ns);
void note_end(struct events *events, struct ending ending, const char *reason);

/* The inherited deadline ends us while no command runs. */
void note_deadline(struct events *events, const struct plan *plan);

/* One line when a run ended badly, or was ended by us. */
void note_failure(const struct plan *plan, const char *command, const struct owner_result *result);

/* An owner_note_fn; arg is the plan. */
void note_note(void *arg, enum owner_note kind, int signal, int targets);

#endif
