#ifndef PK_ATOMIC_WRITE_TRACE_H
#define PK_ATOMIC_WRITE_TRACE_H

#include <stdint.h>
#include <sys/types.h>

#include "common/base.h"
#include "common/keep.h"
#include "work.h"

/* The events between the first and the last of a run; tests/events.schema has their members. */
void trace_start(const struct work *work);
void trace_lock(const struct work *work, int64_t waited_ns);

/* The new content is complete; hash may be NULL. */
void trace_staged(const struct work *work, const uint8_t *hash);

/* Some of FILE's metadata could not be kept. */
void trace_metadata(const struct work *work, const struct keep_lost *lost);

/* COMMAND or --check, by the event's name `exit` or `check`, has ended. */
void trace_exit(const struct work *work, const char *name, pid_t pid);

/* The inherited deadline has passed while we wait for stdin. */
void trace_deadline(const struct work *work);

/* Leftovers of interrupted runs were removed, if there were any; -v says so too. */
void trace_swept(const struct work *work);

#endif
