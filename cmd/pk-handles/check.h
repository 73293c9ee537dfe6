#ifndef PK_HANDLES_CHECK_H
#define PK_HANDLES_CHECK_H

#include <stdint.h>

#include "common/base.h"
#include "handle.h"
#include "process.h"

/* What a process may not exceed; -1 is no limit. */
enum check {
	CHECK_FDS,
	CHECK_PERCENT,
	CHECK_CLOSE_WAIT,
	CHECK_THREADS,
	CHECK_CHILDREN,
	CHECK_RSS, /* bytes */
	CHECK_COUNT,
};

struct checks {
	int64_t most[CHECK_COUNT];
	uint64_t handlers; /* signals that must not be left at their default: 1 << (signal - 1) */
};

/* "fds", "percent", "close_wait", ... */
const char *check_name(enum check check);

/*
 * The value that is compared: > most is a finding. -1 when it is not known. table is only looked at for
 * CHECK_CLOSE_WAIT.
 */
int64_t check_value(enum check check, const struct process *process, const struct table *table);

/* The next signal behind `after` (0: the first) of checks->handlers that is at its default, or 0. */
int check_handler(const struct checks *checks, const struct process *process, int after);

#endif
