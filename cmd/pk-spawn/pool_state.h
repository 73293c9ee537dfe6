#ifndef PK_SPAWN_POOL_STATE_H
#define PK_SPAWN_POOL_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/crew.h"
#include "feed.h"
#include "flights.h"
#include "jobserver.h"
#include "output.h"
#include "plan.h"
#include "progress.h"
#include "results.h"
#include "slot.h"
#include "tally.h"
#include "template.h"

/*
 * A pool at work, shared by the three files of the coordinator: pool.c waits and listens, pool_start.c
 * starts jobs, pool_end.c deals with those that are over.
 */

/* A report that waits until the output of the one before has found its place. */
struct outcome_due {
	int member;
	struct slot_report report;
};

struct pool {
	const struct plan *plan;
	struct events *events;
	struct crew crew;
	struct slot slot; /* what the next one hired gets */
	int hired, gone;
	int queue[2]; /* the end that slots read, ours */
	struct template template;
	struct feed feed;
	struct flights flights;
	struct outcome_due *due;
	size_t due_first, due_count;
	struct output output;
	struct results results;
	struct jobserver jobserver;
	struct progress progress;
	struct tally_rules rules;
	struct tally tally;

	bool closed;	 /* no more jobs are sent */
	bool wants_read; /* the next job has not been read yet */
	bool wants_token;
	bool waits_for_queue;
	bool prints;	  /* the output of a job is on its way */
	int64_t patience; /* when a reader has had its time, after the end of all jobs */
	int64_t next_start;
	int64_t deadline;
	int64_t drained; /* when draining turns into stopping */
	int64_t total;
	struct feed_job next; /* taken, and not sent yet */
	bool has_next;
	bool stopping; /* the running jobs have been asked to end */
	int signal;    /* that asked us to end, */
	int64_t asked; /* and when */
	bool fatal;    /* we have failed ourselves: 125 */
	bool expired;  /* the deadline */
	bool unread;   /* and output was dropped, because it was not read in time */
	bool told_unstarted;
};

/* pool_start.c */

/* How many jobs may be with the slots. Some in the queue keep a slot from waiting for us between two. */
int pool_window(const struct plan *plan, const struct jobserver *jobserver);

/* Start what can be started now. */
void pool_start_jobs(struct pool *pool);

/* Start no more jobs: those in the queue come back. */
void pool_close_queue(struct pool *pool);

/* Start no more, and end those that run. */
void pool_stop_all(struct pool *pool);

/* Take a token of make's; give back those that no job needs. */
void pool_take_token(struct pool *pool);
void pool_give_tokens(struct pool *pool);

/* pool_end.c */

/* We have failed ourselves; told already. */
void pool_fail(struct pool *pool, const char *class, int err);

/* A slot that waits for the front may go on. */
void pool_call(struct pool *pool, int member);

/* A job that never reached a slot fails alone. */
void pool_unstartable(struct pool *pool, const struct feed_job *job);

/*
 * Go on with the output, and with the reports behind it. Returns true while something can be done
 * without waiting.
 */
bool pool_settle(struct pool *pool);

/* What stands before the lines of a job. Returns tag. */
const char *pool_tag(const char *items, size_t len, char tag[static OUTPUT_TAG_MAX]);

#endif
