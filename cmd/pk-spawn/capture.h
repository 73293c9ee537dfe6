#ifndef PK_SPAWN_CAPTURE_H
#define PK_SPAWN_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

/*
 * The beginning and the end of a stream in bounded memory: of `size` bytes about the first half are
 * the head, and the last bytes that still fit are the tail, kept in a ring. A stream of at most
 * `size` bytes is kept whole. Pure: no descriptor, no clock.
 *
 *	capture_start(&capture, size);
 *	n = capture_head(&capture, bytes, len);		the first n go into the head, as they come
 *	err = capture_tail(&capture, bytes + n, len - n);
 *	...
 *	capture_end(&capture, &rest);			the tail, and what is missing before it
 *
 * Nothing is cut inside a UTF-8 sequence. The head ends behind a newline when one comes shortly before
 * its limit, the tail begins behind one when there is one near its beginning; so nothing is held
 * back, and a reader sees whole lines where lines are short.
 */
struct capture {
	size_t size;
	size_t head;	 /* bytes of it so far */
	bool headed;	 /* it has its end */
	bool head_lines; /* it ends with a newline, or is empty */
	char *ring;	 /* size - head bytes; NULL until one is needed */
	size_t room;
	size_t at, len; /* of the ring: its oldest byte, how many there are */
	char before;	/* the byte before the oldest */
	uint64_t total; /* bytes behind the head */
	uint64_t lines; /* newlines among them */
};

/* Begin a stream; the memory of the one before is freed. {0} is a capture before its first. */
void capture_start(struct capture *capture, size_t size);

/* Free the memory; the rest stays as it is. */
void capture_drop(struct capture *capture);

/* How many of the next bytes of the stream belong to the head; 0 once it has its end. */
must_check size_t capture_head(struct capture *capture, const char *bytes, size_t len);

/* The next bytes behind the head. Returns 0 or -ENOMEM: they count as omitted. */
must_check int capture_tail(struct capture *capture, const char *bytes, size_t len);

struct capture_rest {
	uint64_t omitted_bytes;	    /* 0: the tail follows the head directly */
	uint64_t omitted_lines;	    /* newlines among them */
	const char *first, *second; /* the tail, in two pieces, inside the capture */
	size_t first_len, second_len;
};

/* The stream is over. */
void capture_end(const struct capture *capture, struct capture_rest *ret);

/*
 * The line that stands for what is missing, beginning with a newline when the head does not end with
 * one. Returns its length.
 */
#define CAPTURE_MARK_MAX 96
size_t capture_mark(const struct capture *capture, const struct capture_rest *rest,
		    char text[static CAPTURE_MARK_MAX]);

#endif
