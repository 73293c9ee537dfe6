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
	int proc;	/* of /proc */
	uint32_t kinds; /* 1 << kind of those wanted; facts of others are left out */
	struct slow slow;
	struct sock_table socks; /* by inode, filled by dumps */
	bool whole_system;	 /* one dump serves every process: --all */
	bool dumped;
	uint64_t netns;	 /* our own, which dumps are about */
	struct buf text; /* of fdinfo */
};

void scan_init(struct scan *scan, int proc, uint32_t kinds, int64_t timeout);
void scan_drop(struct scan *scan);

/*
 * Read the handles of process into table, in ascending order; what vanishes meanwhile is left out.
 * Returns 0 (table->unreadable tells that nothing could be seen), or -ENOMEM, -EMFILE and the like:
 * failures of ours.
 */
must_check int scan_process(struct scan *scan, const struct process *process, struct table *table);

#endif
