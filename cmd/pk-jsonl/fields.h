#ifndef PK_JSONL_FIELDS_H
#define PK_JSONL_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/jsonread.h"
#include "path.h"
#include "scan.h"

/*
 * The values of a set of paths in one record. Two readers fill the same array: fields_read goes
 * through the tokens, validates the line and is the reference; fields_walk (walk.c) follows the
 * bitmaps of a line that scan has seen. Of a duplicate key the last one counts.
 */
#define FIELDS_MAX 64

struct value {
	int token;	  /* enum jsonread_token; JSONREAD_END: absent */
	const char *text; /* raw, strings without their quotes; into the line */
	size_t len;
	bool escaped;
};

struct fields {
	struct path paths[FIELDS_MAX];
	struct value values[FIELDS_MAX];
	size_t count;
	bool indexed;	 /* a path has a number as a step */
	bool scalar_top; /* the record is neither an object nor an array */
};

/* Add a path (moved), or find an equal one. Returns its index, or -E2BIG when there are too many. */
must_check int fields_add(struct fields *fields, struct path *path);

/* The enum jsonread_token of a value by its first byte. */
static inline int fields_token(char first)
{
	switch (first) {
	case '"':
		return JSONREAD_STRING;
	case '{':
		return JSONREAD_OBJECT;
	case '[':
		return JSONREAD_ARRAY;
	case 't':
		return JSONREAD_TRUE;
	case 'f':
		return JSONREAD_FALSE;
	case 'n':
		return JSONREAD_NULL;
	default:
		return JSONREAD_NUMBER;
	}
}

/* Does this byte come behind a number, true, false or null? */
static inline bool fields_ends_scalar(char c)
{
	return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A set of all paths: bit i is paths[i]. */
uint64_t fields_all(const struct fields *fields);

void fields_drop(struct fields *fields);

/* Read and validate one line. Returns true, or false with the offset of the wrong byte and why. */
must_check bool fields_read(struct fields *fields, const char *line, size_t len, size_t *ret_at,
			    const char **ret_reason);

/*
 * Find the values of the line at bytes [from, to) of what maps was made of. On a line that is no
 * valid JSON the values are arbitrary. Returns false when the line has to be read by fields_read (an
 * escape in a key).
 */
must_check bool fields_walk(struct fields *fields, const struct scan_maps *maps, const char *bytes,
			    size_t from, size_t to);

#endif
