#ifndef PK_JSONL_PRED_H
#define PK_JSONL_PRED_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/base.h"
#include "common/buf.h"
#include "fields.h"

/*
 * Predicates on the values of paths: `PATH`, `!PATH` or `PATH OP VALUE`. pk-jsonl(1) has the grammar
 * and what each operator compares.
 */
enum pred_op {
	PRED_PRESENT,
	PRED_EQUAL,
	PRED_TYPED, /* := */
	PRED_LESS,
	PRED_AT_MOST,
	PRED_GREATER,
	PRED_AT_LEAST,
	PRED_REGEX,
	PRED_PREFIX,
	PRED_CONTAINS,
};

struct pred {
	enum pred_op op;
	bool negated;
	int field;	   /* index into the fields */
	const char *value; /* in the argument, or decoded */
	size_t len;
	char *decoded; /* the memory of the string of := */
	int typed; /* enum jsonread_token of value where it is a scalar of JSON, else JSONREAD_END */
	bool literal; /* of PRED_REGEX: it has no special character */
	regex_t regex;
};

#define PREDS_MAX 64

struct pred_set {
	struct pred preds[PREDS_MAX];
	size_t count;
	bool any; /* OR */
	bool invert;
	struct buf scratch; /* for regexec(3), which wants a NUL; set its cap */
};

/* Add one from text, its path to fields. Returns NULL, or what was expected. */
const char *pred_add(struct pred_set *set, struct fields *fields, const char *text);

void pred_drop(struct pred_set *set);

/* Does the value satisfy the predicate, its negation aside? Returns 1, 0, or -ENOMEM or -EFBIG. */
must_check int pred_holds(struct pred_set *set, const struct pred *pred, const struct value *value);

/*
 * Does the record whose values are in fields match? Without predicates every record does; a scalar
 * record matches none. Returns 1, 0, or -ENOMEM or -EFBIG.
 */
must_check int pred_match(struct pred_set *set, const struct fields *fields);

#endif
