/* Whole lines with a tag. */
#include "lines.h"

#include <string.h>

void lines_drop(struct lines *lines)
{
	buf_drop(&lines->held);
}

/* A piece of one line; with its newline when it ends. */
static void put(struct lines *lines, struct print *print, int stream, const char *bytes, size_t len)
{
	if (len == 0)
		return;
	if (!lines->inside && lines->tag)
		print_add(print, stream, lines->tag, lines->tag_len);
	print_add(print, stream, bytes, len);
	lines->inside = bytes[len - 1] != '\n';
}

static void release(struct lines *lines, struct print *print, int stream)
{
	put(lines, print, stream, lines->held.bytes, lines->held.len);
	lines->held.len = 0;
}

/* Bytes of a line whose end is not there yet. */
static void hold(struct lines *lines, struct print *print, int stream, const char *bytes,
		 size_t len)
{
	if (lines->whole && buf_add(&lines->held, bytes, len) == 0)
		return;
	release(lines, print, stream);
	if (!lines->whole || buf_add(&lines->held, bytes, len) < 0)
		put(lines, print, stream, bytes, len);
}

/* Without a tag, lines that are complete need not be looked at one by one. */
static size_t ready_len(const struct lines *lines, const char *bytes, size_t len)
{
	const char *newline = lines->tag || lines->held.len > 0 ? memchr(bytes, '\n', len)
								: memrchr(bytes, '\n', len);

	return newline ? (size_t)(newline - bytes) + 1 : 0;
}

void lines_add(struct lines *lines, struct print *print, int stream, const char *bytes, size_t len)
{
	while (len > 0) {
		size_t part = ready_len(lines, bytes, len);

		if (part == 0) {
			hold(lines, print, stream, bytes, len);
			return;
		}
		release(lines, print, stream);
		put(lines, print, stream, bytes, part);
		bytes += part;
		len -= part;
	}
}

void lines_end(struct lines *lines, struct print *print, int stream)
{
	release(lines, print, stream);
	if (lines->inside && (lines->whole || lines->tag))
		print_add(print, stream, "\n", 1);
	lines->inside = false;
}
