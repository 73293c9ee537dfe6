/* From the command's pipes to the caller's descriptors. */
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"

#define PIECE ((size_t)65536)
#define SPLICE_MOST ((size_t)1 << 20)

/* So many pieces before the guard looks at its orders again. */
#define PIECES_AT_ONCE 16

/* What the caller left closed is held by a placeholder of ours (fd_park_std): the command gets it closed. */
static bool is_closed(int fd)
{
	const int flags = fcntl(fd, F_GETFD);

	return flags < 0 || flags & FD_CLOEXEC;
}

/* Are stdout and stderr one object? */
static bool are_one(void)
{
	struct stat out, err;

	return !is_closed(STDOUT_FILENO) && !is_closed(STDERR_FILENO) &&
	       fstat(STDOUT_FILENO, &out) == 0 && fstat(STDERR_FILENO, &err) == 0 &&
	       out.st_dev == err.st_dev && out.st_ino == err.st_ino;
}

static int open_stream(struct relay_stream *stream, int fd, size_t most)
{
	int ends[2], flags;

	if (is_closed(fd))
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

int relay_open(struct relay *relay)
{
	int err;

	relay->one = are_one();
	for (size_t i = 0; i < array_len(relay->streams); i++)
		relay->streams[i] = (struct relay_stream){.from = -1, .to = -1, .sink = SINK_EMPTY};
	err = open_stream(&relay->streams[0], STDOUT_FILENO, relay->most);
	if (err >= 0 && !relay->one)
		err = open_stream(&relay->streams[1], STDERR_FILENO, relay->most);
	return err;
}

void relay_drop(struct relay *relay)
{
	for (size_t i = 0; i < array_len(relay->streams); i++) {
		struct relay_stream *stream = &relay->streams[i];

		if (!stream->name)
			continue;
		fd_drop(&stream->from);
		fd_drop(&stream->to);
		sink_drop(&stream->sink);
		capture_drop(&stream->capture);
		free(stream->piece);
		stream->piece = NULL;
	}
	fd_drop(&relay->spill);
}

size_t relay_fds(const struct relay *relay, struct child_fd fds[static 2])
{
	const struct relay_stream *out = &relay->streams[0], *err = &relay->streams[1];
	size_t count = 0;

	if (out->name)
		fds[count++] = (struct child_fd){.from = out->to, .to = STDOUT_FILENO};
	if (err->name)
		fds[count++] = (struct child_fd){.from = err->to, .to = STDERR_FILENO};
	else if (relay->one)
		fds[count++] = (struct child_fd){.from = out->to, .to = STDERR_FILENO};
	return count;
}

void relay_started(struct relay *relay, int64_t now)
{
	for (size_t i = 0; i < array_len(relay->streams); i++)
		if (relay->streams[i].name)
			fd_drop(&relay->streams[i].to);
	relay->heard = now;
}

size_t relay_keep(const struct relay *relay, int keep[static RELAY_KEEPS])
{
	size_t count = 0;

	keep[count++] = STDOUT_FILENO;
	keep[count++] = relay->spill;
	for (size_t i = 0; i < array_len(relay->streams); i++) {
		if (!relay->streams[i].name)
			continue;
		keep[count++] = relay->streams[i].from;
		keep[count++] = relay->streams[i].sink.own;
	}
	return count;
}

static size_t waiting(const struct relay_stream *stream)
{
	int len = 0;

	return stream->from >= 0 && ioctl(stream->from, FIONREAD, &len) == 0 && len > 0
		       ? (size_t)len
		       : 0;
}

static bool is_stuck(const struct relay_stream *stream)
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
static void lose_reader(struct relay *relay, struct relay_stream *stream, int err)
{
	const bool loses = is_stuck(stream) || waiting(stream) > 0 || stream->capture.len > 0;

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
static void flush(struct relay *relay, struct relay_stream *stream)
{
	while (stream->pending_len > 0) {
		ssize_t n = sink_write(&stream->sink, stream->pending, stream->pending_len);

		if (n == -EAGAIN)
			return;
		if (n < 0) {
			lose_reader(relay, stream, (int)n);
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
	flush(relay, stream);
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
		stream->full = waiting(stream) > 0;
		return false;
	case EPIPE:
		lose_reader(relay, stream, -EPIPE);
		return false;
	default:
		/* A file with O_APPEND, a terminal, a sandbox. What is truly wrong is said by write(2). */
		stream->splices = false;
		return true;
	}
}

static bool advance(struct relay *relay, struct relay_stream *stream, size_t most)
{
	return may_splice(relay, stream) ? move(relay, stream, most) : take(relay, stream, most);
}

nfds_t relay_poll(const struct relay *relay, struct pollfd polls[static RELAY_POLLS])
{
	nfds_t count = 0;

	for (size_t i = 0; i < array_len(relay->streams); i++) {
		const struct relay_stream *stream = &relay->streams[i];
		const bool stuck = is_stuck(stream);

		polls[count++] = (struct pollfd){.fd = stuck ? -1 : stream->from, .events = POLLIN};
		/* Otherwise only a reader's end is of interest, as long as that can be told to somebody. */
		polls[count++] = (struct pollfd){
			.fd = stuck || (stream->from >= 0 && !stream->gone) ? stream->sink.fd : -1,
			.events = stuck ? POLLOUT : 0,
		};
	}
	return count;
}

static void step(struct relay *relay, struct relay_stream *stream, const struct pollfd polls[2])
{
	const int64_t now = now_ns();

	if (is_stuck(stream)) {
		if (!polls[1].revents)
			return;
		flush(relay, stream);
		stream->full = false;
		/* It was kept from writing until now. */
		relay->heard = now;
	} else if (polls[1].revents) {
		lose_reader(relay, stream, -EPIPE);
	}
	if (polls[0].revents)
		relay->heard = now;
	for (int i = 0; i < PIECES_AT_ONCE; i++)
		if (stream->from < 0 || stream->pending_len > 0 || !advance(relay, stream, PIECE))
			return;
}

void relay_step(struct relay *relay, const struct pollfd polls[static RELAY_POLLS])
{
	for (size_t i = 0; i < array_len(relay->streams); i++)
		if (relay->streams[i].name)
			step(relay, &relay->streams[i], polls + 2 * i);
}

int64_t relay_idle_at(const struct relay *relay, int64_t idle)
{
	for (size_t i = 0; i < array_len(relay->streams); i++)
		if (relay->streams[i].name && is_stuck(&relay->streams[i]))
			return NS_NEVER;
	return ns_add(relay->heard, idle);
}

/* Write all that is in hand, waiting for room. Returns false when nobody takes it. */
static bool flush_all(struct relay *relay, struct relay_stream *stream, struct guard *guard,
		      int64_t until)
{
	for (;;) {
		struct pollfd room = {.fd = stream->sink.fd, .events = POLLOUT};

		flush(relay, stream);
		if (!is_stuck(stream))
			return true;
		if (guard_wait(guard, &room, 1, until) != GUARD_READY) {
			relay->cut = true;
			stream->pending_len = 0;
			stream->full = false;
			fd_drop(&stream->from);
			return false;
		}
		stream->full = false;
	}
}

/* What is in the pipe at this moment; whoever still writes into it does so for nobody. */
static bool drain(struct relay *relay, struct relay_stream *stream, struct guard *guard,
		  int64_t until)
{
	size_t left = waiting(stream);

	while (left > 0 && stream->from >= 0) {
		const uint64_t before = stream->bytes;
		bool goes_on;
		size_t moved;

		if (!flush_all(relay, stream, guard, until))
			return false;
		goes_on = advance(relay, stream, left);
		moved = (size_t)(stream->bytes - before);
		if (!goes_on && moved == 0 && !is_stuck(stream))
			break;
		left -= moved < left ? moved : left;
	}
	return flush_all(relay, stream, guard, until);
}

static void send_rest(struct relay *relay, struct relay_stream *stream, struct guard *guard,
		      int64_t until)
{
	const struct capture_rest *rest = &stream->rest;
	char mark[CAPTURE_MARK_MAX];
	const struct {
		const char *bytes;
		size_t len;
	} parts[] = {
		{mark, rest->omitted_bytes > 0 ? capture_mark(&stream->capture, rest, mark) : 0},
		{rest->first, rest->first_len},
		{rest->second, rest->second_len},
	};

	for (size_t i = 0; i < array_len(parts) && !stream->gone; i++) {
		stream->pending = parts[i].bytes;
		stream->pending_len = parts[i].len;
		if (!flush_all(relay, stream, guard, until))
			return;
	}
}

void relay_end(struct relay *relay, struct guard *guard, int64_t until)
{
	for (size_t i = 0; i < array_len(relay->streams); i++) {
		struct relay_stream *stream = &relay->streams[i];

		if (!stream->name)
			continue;
		if (drain(relay, stream, guard, until) && relay->most > 0) {
			capture_end(&stream->capture, &stream->rest);
			send_rest(relay, stream, guard, until);
		}
		fd_drop(&stream->from);
	}
}
