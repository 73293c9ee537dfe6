#ifndef PK_JSONL_PROBE_H
#define PK_JSONL_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base.h"
#include "pred.h"
#include "scan.h"

/*
 * A look at raw bytes that lets most lines be passed over unread ("Filter before you parse", Palkar
 * et al. 2018): where all predicates must hold, a line that has nowhere the last key of one of them
 * before a value that satisfies it cannot match. Nothing that could match is passed over; what is
 * admitted is still to be judged.
 */
struct probe {
	struct pred_set *set;
	const struct pred *pred;
	const struct path_step *step; /* its last: the key */
	char text[SCAN_TEXT]; /* of scan_find: the key in quotes, or the beginning of that */
	size_t len;
};

/* For a set whose paths are in fields, which stay. Returns false when no line can be passed over. */
must_check bool probe_make(struct probe *ret, struct pred_set *set, const struct fields *fields);

/* May the line match because of what is at `at`, a hit of scan_find in bytes that end at `end`? */
must_check bool probe_admits(const struct probe *probe, const char *at, const char *end);

#endif
