#ifndef PK_HANDLES_MEMBERS_H
#define PK_HANDLES_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base.h"

/*
 * Reads the JSON objects that record.h writes, one line each, back: top-level members one after another.
 * Nested values are passed over. Any bytes may come; the reader never goes beyond len.
 */
struct members {
	const char *at, *end;
	bool first;
};

struct member {
	const char *key; /* not NUL-terminated; as it stands in the text */
	size_t key_len;
	bool is_text;
	const char *value; /* a text's is decoded into the caller's memory */
	size_t len;
};

/* Begin a line. Returns 0, or -EINVAL when it is not an object. */
must_check int members_begin(struct members *members, const char *line, size_t len);

/*
 * The next member. text has room for the decoded value: as many bytes as the line has suffice. Returns
 * 1, 0 at the end of the object, or -EINVAL.
 */
must_check int members_next(struct members *members, struct member *ret, char *text, size_t size);

/* Is the member's key this one? Its value this text? */
bool member_is(const struct member *member, const char *key);
bool member_says(const struct member *member, const char *value);

#endif
