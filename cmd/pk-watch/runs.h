#ifndef PK_WATCH_RUNS_H
#define PK_WATCH_RUNS_H

#include "notes.h"
#include "state.h"

/* Runs: how they start, what asks for one while another is under way, and what their end means. */

/* Start one for the batch as it is, or print it. */
void runs_start(struct loop *loop, enum reason reason);

/* Something asks for a run while the command runs: what --on-busy says. */
void runs_be_busy(struct loop *loop, enum reason reason);

/* A process of the run has ended. */
void runs_take_end(struct loop *loop);

#endif
