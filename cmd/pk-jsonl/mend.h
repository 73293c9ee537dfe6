#ifndef PK_JSONL_MEND_H
#define PK_JSONL_MEND_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base.h"

/*
 * What can be saved of a line; pure. A valid line is one piece; several objects or arrays behind one
 * another are one piece each; NUL bytes in front (the hole that a crash leaves) are passed over.
 *
 *	if (mend_begin(&mend, line, len))
 *		while (mend_next(&mend, &from, &len))
 *			... line[from .. from + len) is a record ...
 */
struct mend {
	const char *line;
	size_t len;
	size_t next;
	bool blank; /* the line is white space: one piece, no record */
	bool whole; /* one piece */
	size_t at;  /* of what is wrong */
	const char *reason;
};

/* Returns false when the line holds anything that is no record: at and reason say what. */
must_check bool mend_begin(struct mend *mend, const char *line, size_t len);

/* The next piece; false when there is none. */
must_check bool mend_next(struct mend *mend, size_t *ret_from, size_t *ret_len);

#endif
