#ifndef PK_WATCH_POLLING_H
#define PK_WATCH_POLLING_H

#include "common/base.h"
#include "watchset.h"

/*
 * Directories without a kernel watch: each has a snapshot of its entries (name, inode, size, times,
 * mode), which is compared from time to time. Where nothing tells of changes there is no other way.
 */

/* Take the first snapshot of those that have none. Returns 0 or -ENOMEM. */
must_check int poll_prime(struct watchset *set);

/* Compare all with their snapshots, report the differences, take new ones. */
void poll_compare(struct watchset *set);

/* The directory is polled no longer. */
void poll_forget(struct watchset *set, int dir);

#endif
