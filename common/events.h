#ifndef PK_EVENTS_H
#define PK_EVENTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base.h"
#include "common/json.h"

/*
 * Lifecycle events: one JSON object is one line is one write(2) of at most EVENT_MAX bytes, whole on
 * files and on pipes. A sink is passed down by value or pointer; a forked process may go on with its
 * copy. Nothing here ever waits: what a full pipe cannot take is dropped and counted ("dropped" in
 * the next event), and a failing sink never disturbs the job.
 *
 *	events_open(&events, "pk-spawn", dest);
 *	struct event e;
 *	if (event_begin(&e, &events, "exit")) {
 *		json_int(&e.json, "exit_code", 3);
 *		event_send(&e, &events);
 *	}
 */
#define EVENT_MAX 4096

struct events {
	int fd;		  /* -1: off */
	const char *path; /* reopened when it was rotated; NULL for fd:N */
	dev_t dev;
	ino_t ino;
	bool socket;
	bool torn; /* the last line lost its end: the next begins with a newline */
	int64_t dropped;
	int error;  /* first failure, -errno, until events_error takes it */
	char *line; /* EVENT_MAX bytes, and in front room for a healing newline; NULL while off */
	const char *tool;
	int64_t job;	 /* > 0: the member "job" of the next events */
	pid_t pid;	 /* of the process that opened the sink: the tool, also for its guard */
	char run[17];	 /* this invocation, 16 hex digits */
	char parent[17]; /* the enclosing pk tool's, from PK_RUN; else empty */
	char trace[33];	 /* trace id of TRACEPARENT (W3C trace context); else empty */
};

#define EVENTS_OFF ((struct events){.fd = -1})

/*
 * Open dest: a path (created 0600, appended to) or `fd:N`; NULL means the environment's PK_EVENTS, or
 * off when that is unset or empty. dest and tool must outlive the sink. When the sink is on, PK_RUN
 * is set in the environment, for the command. Returns 0, -EINVAL (bad form, only of dest itself), or
 * another -errno; the sink is then off and usable.
 */
must_check int events_open(struct events *events, const char *tool, const char *dest);

/* Close the sink and leave it off. */
void events_drop(struct events *events);

/*
 * This process starts no command any more: from now on a closed pipe and a file size limit are errors of
 * the write, not deaths by SIGPIPE and SIGXFSZ.
 */
void events_brace(void);

/* The first failure since the last call, as -errno, or 0: for the one line on stderr. */
int events_error(struct events *events);

struct event {
	struct json json;
};

/*
 * Begin an event with the leading members; false when the sink is off. It is written into the sink's own
 * line, so that a tool without events pays nothing for it: one event at a time.
 */
bool event_begin(struct event *event, const struct events *events, const char *name);

/* End the event and write it, at once or not at all. */
void event_send(struct event *event, struct events *events);

#endif
