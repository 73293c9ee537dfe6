#ifndef PK_JSONL_STREAM_H
#define PK_JSONL_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "fields.h"
#include "input.h"
#include "probe.h"
#include "progress.h"
#include "report.h"
#include "scan.h"

/*
 * Records out of inputs: lines are validated, blank ones passed over, malformed ones reported, and
 * what is left goes to a function of the verb. Small inputs are read by the scalar reader, large ones
 * through the bit-parallel scanner; the result is the same.
 */
struct record {
	const char *line; /* without its newline; a carriage return belongs to it */
	size_t len;
	int64_t number; /* of the line, from 1 */
	int64_t offset;
	bool valid; /* false in an unchecked stream: see stream_check */
};

/* Called for each record; a negative result ends the stream and becomes its result, as does 1. */
typedef int stream_call(void *arg, const struct record *record);

/* Called before the stream waits for more input; results as above. */
typedef int stream_pause(void *arg);

struct stream {
	struct fields *fields;
	struct report *report;
	stream_call *call;   /* NULL: only count */
	stream_pause *pause; /* or NULL */
	/* Instead of all that: called with the bytes as they are read. */
	int (*raw)(void *arg, const char *bytes, size_t len);
	void *arg;
	bool unchecked; /* call validates what it uses, with stream_check */
	/* Or NULL: call is not needed for lines that it does not admit. They count as records, unread
	 * when unchecked. */
	const struct probe *probe;
	/* More rules for a valid line, or NULL: false with its place and reason. */
	bool (*rule)(void *arg, const char *line, size_t len, size_t *ret_at,
		     const char **ret_reason);
	struct progress *progress; /* to be told of bytes read, or NULL */
	int64_t max_line;
	int64_t records; /* valid lines */
	int64_t bytes;	 /* read */
	/* Of the input in work: */
	const char *name;
	int64_t line;		/* lines read */
	struct record too_long; /* a line that is too long, while it is passed over */
	int64_t long_bytes;
	bool wide; /* the input has proved to be large */
	const struct scanner *scanner;
	struct scan_maps *maps; /* allocated with the first large input */
	struct scan_hits *hits; /* as well, for the probe */
};

#define STREAM_STOP 1

/*
 * Read all of fd, from its current offset, which counts as 0.
 * Returns 0, STREAM_STOP, or the -errno of read(2) or memory, or what a call returned.
 */
must_check int stream_read(struct stream *stream, int fd, const char *name);

/*
 * For an input of the caller's: go on with it until it ends (for now). Returns as stream_read;
 * stream->name and line are the caller's to set.
 */
must_check int stream_pump(struct stream *stream, struct input *input);

/* Validate the record if it is not yet known to be valid; report it when it is malformed. */
must_check bool stream_check(struct stream *stream, const struct record *record);

void stream_drop(struct stream *stream);

#endif
