#ifndef PK_JSONL_PATH_H
#define PK_JSONL_PATH_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

/*
 * A path into a record: `a.b.0.c`, a dot in front is allowed; `a[0]` and `["k.x"]` too; a backslash
 * takes the next byte as it is. A step that is a number indexes an array or names a key.
 */
#define PATH_STEPS 16

struct path_step {
	const char *key; /* decoded, in path->memory */
	size_t len;
	int64_t index; /* -1: no number */
	/* The last eight bytes of the key behind a quote, as memory holds them, and which count. */
	uint64_t tail, tail_mask;
};

struct path {
	const char *text; /* as it was given, in the argument; not ended by NUL */
	size_t text_len;
	char *memory;
	struct path_step steps[PATH_STEPS];
	size_t count;
};

/*
 * Read a path from *text up to the end or an unescaped byte of stops, where *text then points.
 * Returns 0, -EINVAL (empty, a step missing, more than PATH_STEPS) or -ENOMEM.
 */
must_check int path_parse(struct path *ret, const char **text, const char *stops);

/* A path of one step, the key taken literally. Returns 0 or -ENOMEM. */
must_check int path_literal(struct path *ret, const char *key);

void path_drop(struct path *path);

#endif
