#ifndef PK_MATCH_H
#define PK_MATCH_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/base.h"

/*
 * Does a line of a stream match an extended regular expression (POSIX, in the C locale)? Constant
 * memory: a line longer than MATCH_LINE_MAX is looked at in pieces of that size. A NUL byte ends a
 * line as a newline does, since regexec(3) could not see beyond it.
 */
#define MATCH_LINE_MAX 65536

struct match {
	const regex_t *regex;
	bool found;
	size_t len; /* of the line so far */
	char *line; /* MATCH_LINE_MAX + 1 bytes */
};

#define MATCH_EMPTY ((struct match){.found = true})

/* Get the memory. Returns 0 or -ENOMEM. */
must_check int match_open(struct match *match);
void match_drop(struct match *match);

/* Begin a stream. */
void match_start(struct match *match, const regex_t *regex);

/* The next bytes of the stream. */
void match_add(struct match *match, const char *bytes, size_t len);

/* The stream is over; its last line may lack a newline. Returns whether a line has matched. */
bool match_end(struct match *match);

/* Add what the file holds from its beginning, by pread(2). Returns 0 or -errno. */
must_check int match_add_file(struct match *match, int fd);

#endif
