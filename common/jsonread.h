#ifndef PK_JSONREAD_H
#define PK_JSONREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

/*
 * Reads one JSON text (RFC 8259) token by token out of bytes that the caller holds. Everything is
 * validated on the way, UTF-8 too (a lone surrogate written as an escape is grammatical, RFC 8259
 * section 8.2); memory is this struct, whatever the input. Tokens point into the bytes;
 * jsontext.h decodes them.
 *
 *	jsonread_begin(&json, bytes, len);
 *	while ((token = jsonread_next(&json)) > JSONREAD_END)
 *		if (token == JSONREAD_KEY && jsontext_is(json.token, json.token_len, "state", 5))
 *			...
 *	if (token < 0)
 *		say("%zu: %s", json.at + 1, json.reason);
 */
#define JSONREAD_DEPTH 1024 /* containers deeper than this are refused */

enum jsonread_token {
	JSONREAD_END = 0, /* the text was one whole value */
	JSONREAD_OBJECT,
	JSONREAD_OBJECT_END,
	JSONREAD_ARRAY,
	JSONREAD_ARRAY_END,
	JSONREAD_KEY, /* its colon has been read */
	JSONREAD_STRING,
	JSONREAD_NUMBER,
	JSONREAD_TRUE,
	JSONREAD_FALSE,
	JSONREAD_NULL,
};

struct jsonread {
	const char *bytes;
	size_t len;
	size_t at;	   /* the next byte; after a failure the byte that is wrong */
	const char *token; /* text of the last token; of a string and key without its quotes */
	size_t token_len;
	bool escaped;	    /* the string or key holds a backslash */
	int depth;	    /* containers that are open */
	const char *reason; /* why jsonread_next failed: a few words, static */
	int want;
	uint64_t objects[JSONREAD_DEPTH / 64]; /* for each depth: is it an object? */
};

/* Read the len bytes, which must stay while the reader is in use. */
void jsonread_begin(struct jsonread *json, const char *bytes, size_t len);

/* The next enum jsonread_token, or -EINVAL with at and reason set; once failed it stays so. */
must_check int jsonread_next(struct jsonread *json);

/*
 * After JSONREAD_OBJECT or JSONREAD_ARRAY: go behind the end of that container; token is then its
 * whole text. Returns its END token or -EINVAL.
 */
must_check int jsonread_skip(struct jsonread *json);

/*
 * Is the text one JSON value and nothing else? True, or false with the offset of the wrong byte and
 * the reason.
 */
must_check bool jsonread_check(const char *bytes, size_t len, size_t *ret_at,
			       const char **ret_reason);

#endif
