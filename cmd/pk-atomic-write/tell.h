#ifndef PK_ATOMIC_WRITE_TELL_H
#define PK_ATOMIC_WRITE_TELL_H

#include <stdbool.h>

#include "common/base.h"
#include "work.h"

/*
 * What people and event readers are told. Exactly one last event a run: committed, unchanged,
 * conflict, rejected or failed; the functions that write one set work->ending and return false.
 */

/* Step failed because of err (-errno; 0: the message says it all). Status 125. */
printf_like(4, 5) bool tell_failed(struct work *work, const char *step, int err, const char *format,
				   ...);

/* The command line asks for what cannot be. Status 125. */
printf_like(2, 3) bool tell_mistake(struct work *work, const char *format, ...);

/* A signal ends us. */
bool tell_stopped(struct work *work, const char *step);

/* The current content is not what was asked for. Status 123. */
bool tell_conflict(struct work *work, const char *wanted, const char *found);

/* The new content is refused: why is verify, non-empty or check (status 123), or command: then the
 * ending is the command's own. */
bool tell_rejected(struct work *work, const char *why, struct ending ending);

/* COMMAND cannot be executed: status 126 or 127. */
bool tell_not_run(struct work *work, int err);

/* The lock was not got in time. Status 75. */
bool tell_late(struct work *work);

/* The content is the same (-u). */
bool tell_unchanged(struct work *work);

/* The last event of success; work->ending has been set. */
void tell_committed(const struct work *work);

/* -v: one line. */
printf_like(2, 3) void tell_detail(const struct work *work, const char *format, ...);

/* Unless -q: one line. */
printf_like(2, 3) void tell_warning(const struct work *work, const char *format, ...);

#endif
