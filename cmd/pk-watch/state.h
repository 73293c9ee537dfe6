#ifndef PK_WATCH_STATE_H
#define PK_WATCH_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "batch.h"
#include "common/events.h"
#include "common/guard.h"
#include "debounce.h"
#include "feedback.h"
#include "job.h"
#include "notes.h"
#include "plan.h"
#include "print.h"
#include "ticker.h"
#include "watchset.h"

/* All that the loop knows (loop.c); pending.h and runs.h work on it, too. */
struct loop {
	const struct plan *plan;
	struct events *events;
	struct guard *guard; /* NULL: print mode */
	struct printer printer;
	bool is_init;

	struct watchset set;
	struct batch batch;
	struct debounce debounce;
	struct ticker ticker;
	struct feedback feedback;
	struct job job;

	bool running;
	bool restarting;  /* the command is being stopped for the next run */
	enum reason next; /* of that run */
	bool owed;	  /* it was stopped for a batch: run even if nothing is left of that */
	enum reason reason;
	int64_t runs;
	int64_t ticks, skipped;

	bool batch_own;	    /* all of the batch came while the command ran, or right after */
	bool batch_looked;  /* what only seems unfinished has been sorted out */
	bool batch_late;    /* the loop guard has had its say */
	bool rescanned;	    /* the batch comes from listing everything again */
	int64_t not_before; /* of the next run */
	int64_t read_from;  /* events are left in the queue until then */
	int64_t poll_at;
	int64_t started_at, ended_at;
	int64_t idle_from;

	bool done;
	struct ending ending;
	const char *why;
};

#define OWN_FAILURE ((struct ending){.code = STATUS_OWN})

/* Events are taken in steps of that length, so that a burst does not wake us once per event. */
#define STEP_NS (10 * NS_PER_MS)

/* The loop is to end, and why; the first reason stands. */
void loop_end(struct loop *loop, struct ending ending, const char *why);

#endif
