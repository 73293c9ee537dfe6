/* Whole lines out of a descriptor. */
#include "input.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

void input_begin(struct input *input, int fd, int64_t max_line)
{
	*input = (struct input){.fd = fd, .max_line = (size_t)max_line};
	input->buf.cap = input->max_line + 2 * INPUT_BLOCK + INPUT_PADDING;
}

void input_drop(struct input *input)
{
	buf_drop(&input->buf);
}

static size_t unread(const struct input *input)
{
	return input->buf.len - input->start;
}

/* The caller's descriptor may be non-blocking: wait then. */
static ssize_t read_some(int fd, char *bytes, size_t len)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};

	for (;;) {
		ssize_t n = read(fd, bytes, len);

		if (n >= 0)
			return n;
		if (errno == EAGAIN)
			(void)poll(&pfd, 1, -1);
		else if (errno != EINTR)
			return -errno;
	}
}

/* Read one block behind what is unread, which moves to the front. */
static int fill(struct input *input)
{
	struct buf *buf = &input->buf;
	const char *newline;
	ssize_t n;
	int err;

	if (input->start > 0) {
		memmove(buf->bytes, buf->bytes + input->start, unread(input));
		buf->len = unread(input);
		input->whole -= input->whole < input->start ? input->whole : input->start;
		input->start = 0;
	}
	err = buf_reserve(buf, INPUT_BLOCK + INPUT_PADDING);
	if (err < 0)
		return err;
	n = read_some(input->fd, buf->bytes + buf->len, INPUT_BLOCK);
	if (n < 0)
		return (int)n;
	newline = memrchr(buf->bytes + buf->len, '\n', (size_t)n);
	if (newline)
		input->whole = (size_t)(newline + 1 - buf->bytes);
	buf->len += (size_t)n;
	input->total += n;
	input->ended = n == 0;
	memset(buf->bytes + buf->len, ' ', INPUT_PADDING);
	return 0;
}

ssize_t input_block(struct input *input, const char **ret_bytes)
{
	int err;

	input->start = input->buf.len;
	err = fill(input);
	*ret_bytes = input->buf.bytes;
	return err < 0 ? err : (ssize_t)input->buf.len;
}

static int give(struct input *input, enum batch_kind kind, size_t len, struct batch *ret)
{
	*ret = (struct batch){.kind = kind,
			      .bytes = input->buf.bytes + input->start,
			      .len = len,
			      .offset = input->offset};
	input->start += len;
	input->offset += (int64_t)len;
	return 1;
}

/* All of a line that is too long, piece by piece. */
static int give_rest(struct input *input, struct batch *ret)
{
	const char *bytes = input->buf.bytes + input->start;
	const char *newline = memchr(bytes, '\n', unread(input));

	input->skipping = !newline;
	return give(input, BATCH_REST, newline ? (size_t)(newline + 1 - bytes) : unread(input),
		    ret);
}

static int give_torn(struct input *input, struct batch *ret)
{
	/* fill has left room for it. */
	input->buf.bytes[input->buf.len++] = '\n';
	return give(input, BATCH_TORN, unread(input), ret);
}

bool input_is_drained(const struct input *input)
{
	return input->whole <= input->start;
}

/* Length of the next whole lines, of which there is one: at most `most` unless it is longer. */
static size_t lines_len(const struct input *input, size_t most)
{
	const char *bytes = input->buf.bytes + input->start, *newline;
	const size_t len = input->whole - input->start;

	if (len <= most)
		return len;
	newline = memrchr(bytes, '\n', most);
	if (!newline)
		newline = memchr(bytes + most, '\n', len - most);
	return (size_t)(newline + 1 - bytes);
}

int input_next(struct input *input, size_t most, struct batch *ret)
{
	for (;;) {
		const size_t len = unread(input);
		const bool whole = !input_is_drained(input);
		const size_t lines = whole ? lines_len(input, most) : len + 1;

		if (input->skipping && len > 0)
			return give_rest(input, ret);
		if (whole && (lines <= most || lines - 1 <= input->max_line))
			return give(input, BATCH_LINES, lines, ret);
		if (lines - 1 > input->max_line) {
			input->skipping = true;
			return give(input, BATCH_TOO_LONG, input->max_line, ret);
		}
		if (input->ended && input->live) {
			input->ended = false;
			return 0;
		}
		if (input->ended)
			return len > 0 ? give_torn(input, ret) : 0;
		int err = fill(input);
		if (err < 0)
			return err;
	}
}
