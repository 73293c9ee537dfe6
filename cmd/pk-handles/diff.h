#ifndef PK_HANDLES_DIFF_H
#define PK_HANDLES_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base.h"
#include "common/buf.h"

/*
 * Compares two snapshots by group: handles of one kind with the same target, where a target is a name
 * with each run of digits as `N`, or addresses without ephemeral ports, and the state.
 */
enum diff_side { DIFF_OLD, DIFF_NEW };

struct diff {
	uint32_t kinds;		 /* 1 << kind of those compared */
	struct buf entries;	 /* of struct diff_entry */
	struct buf scratch;	 /* decoded fields of one record */
	struct buf text;	 /* their groups: KIND NUL TARGET NUL */
	struct buf processes[2]; /* of struct diff_process */
	bool complete[2];	 /* the snapshot has its end record */
};

/* A process of a snapshot: start tells whether a pid is the same process. */
struct diff_process {
	pid_t pid;
	unsigned long long start;
};

void diff_init(struct diff *diff, uint32_t kinds);
void diff_drop(struct diff *diff);

/*
 * Add a line of a snapshot (record.h). Returns 0, -EINVAL when it is not one of our records, or -ENOMEM.
 * Records of other types than handle are passed over.
 */
must_check int diff_add(struct diff *diff, enum diff_side side, const char *line, size_t len);

struct diff_group {
	const char *kind, *target;
	int64_t old_count, new_count;
};

/* Call visit for each group that has changed, the largest growth first. Sorts the entries. Returns 0 or
 * -ENOMEM. */
typedef void diff_visit(void *arg, const struct diff_group *group);
must_check int diff_compare(struct diff *diff, diff_visit *visit, void *arg);

#endif
