#ifndef PK_REPORT_H
#define PK_REPORT_H

#include <sys/types.h>

#include "common/base.h"
#include "common/events.h"

/*
 * The events that more than one tool writes in the same form. Each is a no-op when the sink is off.
 */

/*
 * error: an own failure. class is usage, io, resource or exec (pk(7)); err is the -errno behind it, or
 * 0 where there is none.
 */
void report_error(struct events *events, const char *class, int err);

/* signal (from >= 0: passed on from that pid, 0 is the kernel), stop or kill: what was sent. */
void report_signal(struct events *events, const char *name, pid_t command, int signal, int targets,
		   pid_t from);

/* timeout: which limit has passed; from: the run that enforces it, empty when not known or our own. */
void report_limit(struct events *events, pid_t command, const char *kind, const char *from);

/* orphans or survivor: processes by pid and name. */
void report_processes(struct events *events, const char *name, const pid_t *pids, int count);

#endif
