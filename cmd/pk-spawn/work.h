#ifndef PK_SPAWN_WORK_H
#define PK_SPAWN_WORK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base.h"
#include "common/child.h"
#include "common/events.h"
#include "common/guard.h"
#include "common/hold.h"
#include "common/status.h"
#include "plan.h"
#include "ready.h"
#include "relay.h"

/*
 * One command in a guard of its own, from its start to its report: COMMAND itself, or a service that
 * COMMAND needs.
 */
struct work {
	const struct plan *plan;
	char *const *argv;
	const char *service; /* what --service says; NULL: COMMAND */
	int number;	     /* of the service, from 1 */
	const struct spec *spec;
	struct stop_policy policy;
	int input;	  /* the command's stdin, -1: the caller's */
	struct hold hold; /* of --lock; COMMAND's */
	int64_t begun;	  /* when the run began */
	bool told;	  /* a front listens to reports (enum news_of_work) */

	struct child_fd fds[4];
	bool relays;
	struct relay relay;
	struct ready ready;
	struct stop_policy limits; /* its deadline is one for being ready, too */
	struct plan_ready_by ready_by;
	int64_t look_again; /* whether it still is */
	bool begins;	    /* the lock, if there is one, is ours */
	bool stopping;	    /* the command has been asked to end, or will be in this moment */
	bool unready;	    /* because it was not ready in time */
	bool lost;	    /* because its port is another's, or nobody's */
	bool mute;	    /* because the front cannot be told about it */
	bool warned;	    /* about a foreign listener */
};

/* What the body reports to a front, one byte each. */
enum news_of_work { WORK_STARTED = 's', WORK_READY = 'r', WORK_STOPPING = 'e' };

/* An order of a front that is about the body: what is asked by exec: has said yes. */
#define WORK_IS_READY SIGURG

/*
 * Run it; arg is a struct work. For COMMAND the ending is that of pk-spawn. For a service it is success when
 * it was stopped by order, else what its end means for the run.
 */
struct ending work_body(struct guard *guard, void *arg);

/* For an own failure of the front: told as an event, the last ones. */
struct ending work_fail(struct events *events, const char *class, int err);

#endif
