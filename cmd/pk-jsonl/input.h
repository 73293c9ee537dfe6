#ifndef PK_JSONL_INPUT_H
#define PK_JSONL_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base.h"
#include "common/buf.h"

/*
 * An input as batches of whole lines, in a buffer that grows only for a line that is longer than
 * INPUT_BLOCK, and then to max_line. A longer line is passed over without being kept.
 */
#define INPUT_BLOCK ((size_t)256 * 1024)
#define INPUT_PADDING ((size_t)64) /* readable bytes behind a batch */

struct input {
	int fd;
	size_t max_line;
	struct buf buf;
	size_t start;	/* of what has not been given out */
	size_t whole;	/* the last newline that has been read ends here; 0: there is none */
	int64_t offset; /* of buf.bytes[start] in the input */
	int64_t total;	/* bytes read */
	bool ended;
	bool live;     /* more may come behind the end: a line without newline is not given out */
	bool skipping; /* inside a line that is too long */
};

enum batch_kind {
	BATCH_LINES, /* whole lines, the last byte is a newline; short ones may exceed max_line too */
	BATCH_TORN, /* the last line, which has no newline; one is put behind it, len counts it */
	BATCH_TOO_LONG, /* the first bytes of a line that is too long; no newline */
	BATCH_REST,	/* more of that line, up to and with its newline if it has one */
};

struct batch {
	enum batch_kind kind;
	char *bytes; /* in the buffer, until the next call */
	size_t len;
	int64_t offset; /* of the first byte in the input */
};

/* fd stays the caller's. max_line > 0. */
void input_begin(struct input *input, int fd, int64_t max_line);
void input_drop(struct input *input);

/*
 * The next batch of at most `most` bytes, unless a single line is longer. Returns 1, 0 at the end of
 * the input (for now, when it is live), -ENOMEM, or the -errno of read(2).
 */
must_check int input_next(struct input *input, size_t most, struct batch *ret);

/* The next block as it comes, without regard to lines; not to be mixed with input_next. Returns its
 * length, 0 at the end, or -errno. */
must_check ssize_t input_block(struct input *input, const char **ret_bytes);

/* Would input_next have to read? */
bool input_is_drained(const struct input *input);

#endif
