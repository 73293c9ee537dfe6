/* From the command's pipes to the caller's descriptors. */
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "stream.h"

#define ALL SIZE_MAX

/* So many pieces before the guard looks at its orders again. */
#define PIECES_AT_ONCE 16

/* Are stdout and stderr one object? */
static bool are_one(void)
{
	struct stat out, err;

	return !stream_is_closed(STDOUT_FILENO) && !stream_is_closed(STDERR_FILENO) &&
	       fstat(STDOUT_FILENO, &out) == 0 && fstat(STDERR_FILENO, &err) == 0 &&
	       out.st_dev == err.st_dev && out.st_ino == err.st_ino;
}

int relay_open(struct relay *relay)
{
	int err;

	relay->one = are_one();
	for (size_t i = 0; i < array_len(relay->streams); i++)
		relay->streams[i] = (struct relay_stream){.from = -1, .to = -1, .sink = SINK_EMPTY};
	err = stream_open(&relay->streams[0], STDOUT_FILENO, relay->most);
	if (err >= 0 && !relay->one)
		err = stream_open(&relay->streams[1], STDERR_FILENO, relay->most);
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

nfds_t relay_poll(const struct relay *relay, struct pollfd polls[static RELAY_POLLS])
{
	nfds_t count = 0;

	for (size_t i = 0; i < array_len(relay->streams); i++) {
		const struct relay_stream *stream = &relay->streams[i];
		const bool stuck = stream_is_stuck(stream);

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

	if (stream_is_stuck(stream)) {
		if (!polls[1].revents)
			return;
		stream_flush(relay, stream);
		stream->full = false;
		/* It was kept from writing until now. */
		relay->heard = now;
	} else if (polls[1].revents) {
		stream_lose_reader(relay, stream, -EPIPE);
	}
	if (polls[0].revents)
		relay->heard = now;
	for (int i = 0; i < PIECES_AT_ONCE; i++)
		if (stream->from < 0 || stream->pending_len > 0 ||
		    !stream_advance(relay, stream, ALL))
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
		if (relay->streams[i].name && stream_is_stuck(&relay->streams[i]))
			return NS_NEVER;
	return ns_add(relay->heard, idle);
}

/* Write all that is in hand, waiting for room. Returns false when nobody takes it. */
static bool flush_all(struct relay *relay, struct relay_stream *stream, struct guard *guard,
		      int64_t until)
{
	for (;;) {
		struct pollfd room = {.fd = stream->sink.fd, .events = POLLOUT};

		stream_flush(relay, stream);
		if (!stream_is_stuck(stream))
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
	size_t left = stream_waiting(stream);

	while (left > 0 && stream->from >= 0) {
		const uint64_t before = stream->bytes;
		bool goes_on;
		size_t moved;

		if (!flush_all(relay, stream, guard, until))
			return false;
		goes_on = stream_advance(relay, stream, left);
		moved = (size_t)(stream->bytes - before);
		if (!goes_on && moved == 0 && !stream_is_stuck(stream))
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
