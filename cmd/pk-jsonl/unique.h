#ifndef PK_JSONL_UNIQUE_H
#define PK_JSONL_UNIQUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"

/*
 * Is no key twice in one object (RFC 7493 section 2.3)? Keys are compared decoded. A hash table over
 * (object, key) that keeps its memory from one record to the next.
 */
struct unique {
	struct buf table; /* of struct slot; a power of two of them */
	size_t used;
};

#define UNIQUE_EMPTY ((struct unique){.table = {.cap = (size_t)1 << 32}})

void unique_drop(struct unique *unique);

/* Look through one valid record. False with the offset of the second key, and why. */
must_check bool unique_check(struct unique *unique, const char *line, size_t len, size_t *ret_at,
			     const char **ret_reason);

#endif
