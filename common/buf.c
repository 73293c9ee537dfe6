/* Growable bytes with a cap. */
#include "common/buf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void buf_drop(struct buf *buf)
{
	int saved = errno;

	free(buf->bytes);
	*buf = (struct buf){.cap = buf->cap};
	errno = saved;
}

int buf_reserve(struct buf *buf, size_t more)
{
	size_t size = buf->size < 128 ? 128 : buf->size;
	char *bytes;

	if (more > buf->cap - buf->len)
		return -EFBIG;
	if (more <= buf->size - buf->len)
		return 0;
	while (size < buf->len + more)
		size = size > buf->cap / 2 ? buf->cap : size * 2;
	bytes = realloc(buf->bytes, size);
	if (!bytes)
		return -ENOMEM;
	buf->bytes = bytes;
	buf->size = size;
	return 0;
}

int buf_add(struct buf *buf, const void *bytes, size_t len)
{
	int err = buf_reserve(buf, len);

	if (err < 0)
		return err;
	if (len > 0)
		memcpy(buf->bytes + buf->len, bytes, len);
	buf->len += len;
	return 0;
}
