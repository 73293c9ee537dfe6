#ifndef PK_FRONT_H
#define PK_FRONT_H

#include <stdbool.h>

#include "common/base.h"
#include "common/crew.h"
#include "common/events.h"
#include "common/guard.h"
#include "common/status.h"

/*
 * The front of a tool that owns one tree at a time: a crew (crew.h) of one guard. The front passes
 * signals on as orders, and when the guard is killed it ends what the guard owned. It holds no timer
 * and does no work: the tool's work is body, which runs inside the guard.
 */
struct front_config {
	struct events *events;
	/* The front needs none of the caller's descriptors but stderr: somebody may wait for their end
	 * of file. */
	bool lets_go;
};

/* The tool's work; arg is front_run's. Returns how the tool shall end. */
typedef crew_body front_body;

enum front_end {
	FRONT_DONE = 0,	  /* body has returned */
	FRONT_BEREFT = 1, /* the guard was killed from outside; the tree has been ended */
	FRONT_LOST = 2,	  /* the same, but without /proc not all of the tree was within reach */
};

/*
 * Run body in a guard and wait for it. Returns FRONT_DONE with *ret_ending set, FRONT_BEREFT, FRONT_LOST, or
 * -errno when the pair could not be set up: nothing was started then.
 */
must_check int front_run(const struct front_config *config, front_body *body, void *arg,
			 struct ending *ret_ending);

#endif
