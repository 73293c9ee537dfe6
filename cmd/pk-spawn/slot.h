#ifndef PK_SPAWN_SLOT_H
#define PK_SPAWN_SLOT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base.h"
#include "common/child.h"
#include "common/crew.h"
#include "common/owner.h"
#include "jobserver.h"
#include "output.h"
#include "plan.h"
#include "template.h"

/*
 * A slot of a pool: the body of one guard. It takes one job after another from the queue that all slots
 * share, owns it to its end, and reports it. One job at a time, so everything that a job leaves behind
 * is found, and is gone before the next job starts.
 *
 * The queue is one SEQPACKET socket (unix(7)): each datagram is a job and reaches exactly one slot. Its
 * end is the end of the work.
 */
struct slot_head {
	int64_t seq;
	uint32_t count; /* of the items that follow, each ended by a NUL */
	uint32_t len;	/* of them all */
	bool in_file;	/* they are in the descriptor that comes along */
};

/* What fits into a datagram with its head; more goes into a file. */
#define SLOT_INLINE ((size_t)64 * 1024)

struct slot {
	const struct plan *plan;
	const struct template *template;
	struct stop_policy policy;
	struct output *output;
	struct jobserver *jobserver;
	int number;	/* from 0 */
	int queue;	/* its end for reading; the front keeps a copy to take jobs back */
	int queue_end;	/* the front's for writing: to be closed in the guard */
	bool announces; /* report SLOT_STARTED too, before a job starts, */
	bool asks;	/* and wait for ORDER_CALL before it does */
};

enum slot_news { SLOT_STARTED, SLOT_ENDED, SLOT_UNSTARTED };

struct slot_report {
	enum slot_news news;
	int64_t seq;
	int err; /* UNSTARTED: -errno, at stage */
	enum child_stage stage;
	struct output_sizes sizes; /* sizes.waits also after UNSTARTED: the front decides */
	struct owner_result result;
};

/* The body for crew_hire; arg is a struct slot, which is read at once. */
struct ending slot_body(struct guard *guard, void *arg);

/*
 * Send a job to the queue, with its file if head says so. Returns 0, -EAGAIN when the queue is full, or
 * -errno.
 */
must_check int slot_send(int queue, const struct slot_head *head, const char *items, int file);

/* Receive one into items, which is made large enough. Returns 1, 0 at the end, -EAGAIN or -errno. */
must_check int slot_receive(int queue, struct slot_head *ret_head, struct buf *items,
			    int *ret_file);

#endif
