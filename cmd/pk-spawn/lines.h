#ifndef PK_SPAWN_LINES_H
#define PK_SPAWN_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base.h"
#include "common/buf.h"
#include "print.h"

/*
 * One stream of a job on its way to print: whole lines only, each behind the job's tag. A line longer
 * than LINES_MOST goes on in pieces; the last one gets a newline if it lacks one.
 *
 * Without lines.whole, bytes are passed on as they are.
 */
#define LINES_MOST ((size_t)64 * 1024)

struct lines {
	bool whole;	 /* hold a line back until it is complete */
	const char *tag; /* NULL: none */
	size_t tag_len;
	struct buf held; /* the beginning of a line */
	bool inside;	 /* a line has been begun */
};

#define LINES_EMPTY ((struct lines){.held = {.cap = LINES_MOST}})

/* The next bytes. */
void lines_add(struct lines *lines, struct print *print, int stream, const char *bytes, size_t len);

/* The stream is over: what is held goes out. */
void lines_end(struct lines *lines, struct print *print, int stream);

void lines_drop(struct lines *lines);

#endif
