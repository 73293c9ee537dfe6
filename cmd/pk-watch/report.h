#ifndef PK_WATCH_REPORT_H
#define PK_WATCH_REPORT_H

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

void report_ready(struct events *events, const struct watchset *set, int64_t elapsed_ns);
void report_change(struct events *events, int64_t seq, const struct batch *batch);
void report_run(struct events *events, const struct plan *plan, int64_t seq, enum reason reason, pid_t pid,
		char *const *argv);
void report_exit(struct events *events, int64_t seq, pid_t pid, const struct guard_result *result);
void report_busy(struct events *events, const struct plan *plan, size_t count);
void report_tick(struct events *events, int64_t tick, int64_t missed);
void report_skip(struct events *events, int64_t tick, int64_t skipped);
void report_loop(struct events *events, const struct plan *plan, const struct batch *batch, int64_t delay_ns);
void report_error(struct events *events, const char *class, int err);
void report_end(struct events *events, struct ending ending, const char *reason);

/* Tell what the set has met since the last time, and clear it. */
void report_news(struct events *events, const struct plan *plan, struct watchset *set);

/* One line when a run ended badly, or was ended by us. */
void report_failure(const struct plan *plan, const char *command, const struct guard_result *result);

/* A guard_note_fn; arg is the plan. */
void report_note(void *arg, enum guard_note kind, int signal, int targets);

#endif
