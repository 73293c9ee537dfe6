#ifndef PK_HANDLES_SESSION_H
#define PK_HANDLES_SESSION_H

#include <stdbool.h>

#include "common/base.h"
#include "common/events.h"
#include "handle.h"
#include "peer.h"
#include "plan.h"
#include "process.h"
#include "record.h"
#include "scan.h"

/* One run of pk-handles over some processes: what it needs, and what it has counted. */
struct session {
	const struct plan *plan;
	struct events *events;
	int proc;
	struct scan scan;
	struct table table; /* of the process that is being looked at */
	struct peers peers; /* of --peers */
	struct tally tally;
	bool grouped; /* for a terminal: the process is a title, not a column */
};

/* Set up. Returns 0, or -errno after a message: /proc cannot be read. */
must_check int session_open(struct session *session, const struct plan *plan,
			    struct events *events);
void session_close(struct session *session);

/*
 * Call visit for each process that the plan names, parents before their children; what is gone or may not
 * be looked at is told and counted. A negative result of visit ends the walk. Returns 0, or -errno after
 * a message.
 */
typedef int session_visit(struct session *session, const struct process *process, void *arg);
must_check int session_each(struct session *session, session_visit *visit, void *arg);

/* Compare the process with the plan's checks; each finding is told and counted. */
void session_check(struct session *session, const struct process *process);

/* Note that a process could not be looked at: told at once if it was named, else counted. */
void session_unreadable(struct session *session, pid_t pid, const char *comm, int err);

/* Say on stderr unless -q. */
printf_like(2, 3) void session_say(const struct session *session, const char *format, ...);

/* Tell what could not be read, and give the status: a finding wins over "cannot tell". */
must_check int session_end(struct session *session);

/* An event about a process: begins it with target_pid and comm. */
bool session_event(struct session *session, struct event *event, const char *name,
		   const struct process *process);

/* Report how pk-handles ends, as the last event. */
void session_event_end(struct events *events, int status);

#endif
