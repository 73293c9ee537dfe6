#ifndef PK_JSONL_PLAN_H
#define PK_JSONL_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base.h"
#include "common/deadline.h"
#include "common/opt.h"
#include "fields.h"
#include "pred.h"

enum verb {
	VERB_APPEND,
	VERB_FILTER,
	VERB_COUNT,
	VERB_FOLLOW,
	VERB_VALIDATE,
	VERB_REPAIR,
	VERB_ROTATE,
	VERBS
};

enum format { FORMAT_JSONL, FORMAT_RAW, FORMAT_TSV };
enum sync { SYNC_NONE, SYNC_BATCH, SYNC_RECORD };

/* What the command line asks for. Numbers that are not given are -1 where 0 means something. */
struct plan {
	enum verb verb;
	char **operands;
	int operand_count;
	const char *events;
	bool quiet;
	bool no_inherit;
	struct deadline inherited; /* what an enclosing tool allows; clamps timeout and wait */

	/* readers */
	struct fields fields;
	struct pred_set where;
	int select[FIELDS_MAX]; /* indexes into fields, in order */
	size_t select_count;
	int output; /* enum format; -1: not given */
	bool number, filename, exit_status, strict, unchecked, missing_ok;
	int64_t max_count; /* -1: none */
	int64_t max_line;

	/* count */
	int by, stats; /* indexes into fields, -1: none */
	bool lines_only;
	int64_t max_groups;

	/* validate */
	bool report, unique_keys, document;

	/* follow */
	int64_t tail;	/* last lines to begin with */
	bool from_line; /* tail is a line number to begin at */
	struct pred_set until;
	int64_t timeout;
	const char *cursor;

	/* append, repair, rotate */
	int sync;
	bool no_stamp, print_id, dry_run;
	const char *ts_key, *id_key, *rejects;
	int64_t max_size, keep, wait;
	int mode; /* -1: default */
};

/* The option table of each verb, and of pk-jsonl itself, with their helps. */
extern const struct opt_program plan_programs[VERBS];
extern const struct opt_program plan_top;

/*
 * Read the command line. Returns true, or false with *ret_status set: help was printed or a mistake
 * was told. Options and operands may be mixed, as grep(1) has it. Drop the plan in either case.
 */
must_check bool plan_parse(struct plan *plan, int argc, char **argv, int *ret_status);

void plan_drop(struct plan *plan);

#endif
