#ifndef PK_BUF_H
#define PK_BUF_H

#include <stddef.h>

#include "common/base.h"

/*
 * Growable bytes with a cap: the only place where memory grows with the input. {.cap = N} is an
 * empty buffer that may hold N bytes. A failed call leaves the contents as they were.
 */
struct buf {
	char *bytes;
	size_t len;
	size_t size; /* allocated */
	size_t cap;  /* never more than this */
};

/* Free the memory and leave the buffer empty with its cap; keeps errno. For scoped(). */
void buf_drop(struct buf *buf);

/* Make room for more bytes behind len. Returns 0, -ENOMEM, or -EFBIG beyond the cap. */
must_check int buf_reserve(struct buf *buf, size_t more);

/* Append len bytes. Returns 0, -ENOMEM or -EFBIG. */
must_check int buf_add(struct buf *buf, const void *bytes, size_t len);

#endif
