#ifndef PK_HANDLES_SCAN_H
#define PK_HANDLES_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base.h"
#include "handle.h"
#include "process.h"
#include "slow.h"
#include "sock.h"

/*
 * Reads what a process holds open. Nothing is done to the process: no stop, no signal, no ptrace(2) (but
 * the access check of ptrace decides whether /proc may be read).
 */
struct scan {
	int proc; /* of /proc */
	struct slow slow;
	bool whole_system;	  /* one dump serves every process: --all */
	bool dumped;		  /* it has been taken: */
	struct sock_table system; /* every socket of our network namespace */
	uint64_t netns;		  /* that namespace */
	int pipes, sockets;	  /* the ids of their mounts once they are known, else -1 */
	struct buf text;	  /* of fdinfo */
};

/* Failures that are ours; any other means that the process or the descriptor is gone or closed to us. */
bool scan_is_own(int err);

void scan_init(struct scan *scan, int proc, int64_t timeout);
void scan_drop(struct scan *scan);

/*
 * Read the handles of process into table, in ascending order; what vanishes meanwhile is left out.
 * Returns 0 (table->unreadable tells that nothing could be seen), or -ENOMEM, -EMFILE and the like:
 * failures of ours.
 */
must_check int scan_process(struct scan *scan, const struct process *process, struct table *table);

#endif
