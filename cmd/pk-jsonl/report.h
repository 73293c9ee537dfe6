#ifndef PK_JSONL_REPORT_H
#define PK_JSONL_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/events.h"

/*
 * What is wrong with lines, told once each: on stderr (the first REPORT_LINES, then their number), as
 * events, and with --report as JSON Lines on stdout. All verbs that read share it.
 */
#define REPORT_LINES 10

struct output;
struct progress;

struct fault {
	const char *file;
	int64_t line;	/* from 1 */
	int64_t column; /* from 1, in bytes */
	int64_t offset; /* of the line's first byte */
	int64_t bytes;	/* of the line, without its newline */
	const char *reason;
};

struct report {
	struct events *events;
	struct output *output;	   /* of --report, or NULL */
	const char *event;	   /* "malformed" or "reject" */
	struct progress *progress; /* to be hidden before a line, or NULL */
	bool quiet;
	int64_t faults;
};

/* Tell one. */
void report_fault(struct report *report, const struct fault *fault);

/* The number of those that were not told one by one. */
void report_end(const struct report *report);

#endif
