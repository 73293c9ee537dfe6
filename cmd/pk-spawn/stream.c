/* One stream: from the command's pipe to the caller's descriptor. */
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/fd.h"

#define PIECE ((size_t)65536)
#define SPLICE_MOST ((size_t)1 << 20)

/* What the caller left closed is held by a placeholder of ours (fd_park_std): the command gets it closed. */
bool stream_is_closed(int fd)
{
	const int flags = fcntl(fd, F_GETFD);

	return flags < 0 || flags & FD_CLOEXEC;
}

int stream_open(struct relay_stream *stream, int fd, size_t most)
{
	int ends[2], flags;

	if (stream_is_closed(fd))
		return 0;
	stream->name = fd == STDOUT_FILENO ? "stdout" : "stderr";
	stream->splices = true;
	stream->piece = malloc(PIECE);
	if (!stream->piece)
		return -ENOMEM;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	stream->from = ends[0];
	stream->to = ends[1];
	flags = fcntl(stream->from, F_GETFL);
	if (flags < 0 || fcntl(stream->from, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	sink_open(&stream->sink, fd);
	capture_start(&stream->capture, most);
	return 0;
}

size_t stream_waiting(const struct relay_stream *stream)
{
	int len = 0;

	return stream->from >= 0 && ioctl(stream->from, FIONREAD, &len) == 0 && len > 0
		       ? (size_t)len
		       : 0;
}

bool stream_is_stuck(const struct relay_stream *stream)
{
	return stream->pending_len > 0 || stream->full;
}

/* The first failure is what is told. */
static void fail(struct relay *relay, const char *what, int err)
{
	if (relay->failed)
		return;
	relay->failed = what;
	relay->err = err;
}

/*
 * Nobody reads what we would write to the sink. Without a copy to fill the command is to know: our end
 * is closed.
 */
void stream_lose_reader(struct relay *relay, struct relay_stream *stream, int err)
{
	const bool loses =
		stream_is_stuck(stream) || stream_waiting(stream) > 0 || stream->capture.len > 0;

	if (stream->gone)
		return;
	stream->gone = true;
	stream->full = false;
	stream->pending_len = 0;
	if (err != -EPIPE)
		fail(relay, stream->name, err);
	if (relay->spill >= 0)
		return;
	relay->broken |= loses;
	fd_drop(&stream->from);
}

/* Write what is in hand, as far as there is room. */
void stream_flush(struct relay *relay, struct relay_stream *stream)
{
	while (stream->pending_len > 0) {
		ssize_t n = sink_write(&stream->sink, stream->pending, stream->pending_len);

		if (n == -EAGAIN)
			return;
		if (n < 0) {
			stream_lose_reader(relay, stream, (int)n);
			return;
		}
		stream->pending += n;
		stream->pending_len -= (size_t)n;
	}
}

static void keep_copy(struct relay *relay, const char *bytes, size_t len)
{
	int err = relay->spill >= 0 ? fd_write_full(relay->spill, bytes, len) : 0;

	if (err >= 0)
		return;
	fail(relay, "the spill file", err);
	fd_drop(&relay->spill);
}

/* A piece has been read. */
static void handle(struct relay *relay, struct relay_stream *stream, size_t len)
{
	const char *bytes = stream->piece;
	size_t head = len;

	stream->bytes += len;
	if (relay->look &&
	    !relay->look(relay->look_arg, (int)(stream - relay->streams), bytes, len))
		relay->look = NULL;
	keep_copy(relay, bytes, len);
	if (relay->most > 0) {
		int err;

		head = capture_head(&stream->capture, bytes, len);
		err = capture_tail(&stream->capture, bytes + head, len - head);
		if (err < 0)
			fail(relay, "the memory of --max-output", err);
	}
	if (stream->gone) {
		/* The copy has failed as well: nobody is left. */
		if (relay->spill < 0)
			fd_drop(&stream->from);
		return;
	}
	stream->pending = bytes;
	stream->pending_len = head;
	stream_flush(relay, stream);
}

/* Read a piece of at most `most` bytes and pass it on. Returns false when there is no more for now. */
static bool take(struct relay *relay, struct relay_stream *stream, size_t most)
{
	ssize_t n = read(stream->from, stream->piece, most < PIECE ? most : PIECE);

	if (n < 0)
		return errno == EINTR;
	if (n == 0) {
		fd_drop(&stream->from);
		return false;
	}
	handle(relay, stream, (size_t)n);
	return stream->from >= 0 && stream->pending_len == 0;
}

/* Are the bytes of no interest to us? A socket might block, whatever the flags say. */
static bool may_splice(const struct relay *relay, const struct relay_stream *stream)
{
	return stream->splices && !stream->gone && relay->most == 0 && relay->spill < 0 &&
	       !relay->look && stream->sink.way != SINK_BY_MESSAGE;
}

/* As take, without looking. */
static bool move(struct relay *relay, struct relay_stream *stream, size_t most)
{
	ssize_t n =
		splice(stream->from, NULL, stream->sink.fd, NULL,
		       most < SPLICE_MOST ? most : SPLICE_MOST, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	stream->full = false;
	if (n > 0) {
		stream->bytes += (size_t)n;
		return true;
	}
	if (n == 0) {
		fd_drop(&stream->from);
		return false;
	}
	switch (errno) {
	case EINTR:
		return true;
	case EAGAIN:
		/* Of the two ends, which one? */
		stream->full = stream_waiting(stream) > 0;
		return false;
	case EPIPE:
		stream_lose_reader(relay, stream, -EPIPE);
		return false;
	default:
		/* A file with O_APPEND, a terminal, a sandbox. What is truly wrong is said by write(2). */
		stream->splices = false;
		return true;
	}
}

bool stream_advance(struct relay *relay, struct relay_stream *stream, size_t most)
{
	return may_splice(relay, stream) ? move(relay, stream, most) : take(relay, stream, most);
}
