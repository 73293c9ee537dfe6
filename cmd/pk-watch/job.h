#ifndef PK_WATCH_JOB_H
#define PK_WATCH_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "batch.h"
#include "common/base.h"
#include "common/guard.h"
#include "notes.h"
#include "plan.h"

/*
 * One run of COMMAND for one batch: mostly one process, several one after another when `{}` stands
 * for more paths than an argument list may hold (execve(2), E2BIG).
 */
struct job {
	const struct plan *plan;
	struct stop_policy policy;
	struct batch batch; /* what the run is for */
	enum reason reason;
	int64_t seq;

	char **argv; /* for the next process */
	size_t argv_size;
	size_t at; /* first entry of batch that has not been handed over */
	char **envp;
	struct buf env; /* our variables */
	struct deadline_export deadline;
	int input; /* the paths, for --paths-stdin, or -1 */
	pid_t pid;
	struct ending ending; /* the first that is not 0 */
};

/* Prepare; plan must outlive the job. is_init: pk-watch is PID 1. Returns 0 or -ENOMEM. */
must_check int job_open(struct job *job, const struct plan *plan, bool is_init);
void job_drop(struct job *job);

/*
 * Start a run for what is in batch, which is empty then. Returns 0, or -1 with *ret_ending saying
 * how pk-watch would end for it; the failure has been told.
 */
must_check int job_start(struct job *job, struct guard *guard, struct batch *batch,
			 enum reason reason, int64_t seq, struct ending *ret_ending);

/*
 * A process of the run has ended. Returns 1 when another one was started, 0 when the run is over with
 * job->ending, or -1 as job_start.
 */
must_check int job_next(struct job *job, struct guard *guard, struct ending *ret_ending);

#endif
