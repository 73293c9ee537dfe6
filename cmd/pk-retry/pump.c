/* To the caller's stdout and stderr, waiting in the guard. */
#include "pump.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/sink.h"

#define CHUNK 65536
#define SEND_MOST ((size_t)1 << 20)

struct pump {
	struct guard *guard;
	int64_t until;
	struct sink sink;
	bool no_sendfile;
};

static int wait_for_room(const struct pump *pump)
{
	struct pollfd room = {.fd = pump->sink.fd, .events = POLLOUT};
	int event = guard_wait(pump->guard, &room, 1, pump->until);

	if (event < 0)
		return event;
	return event == GUARD_READY ? 0 : -EINTR;
}

/* Write some of the bytes, at least one. Returns how many, or -errno. */
static ssize_t write_some(const struct pump *pump, const char *bytes, size_t len)
{
	for (;;) {
		ssize_t n = sink_write(&pump->sink, bytes, len);

		if (n == -EAGAIN)
			n = wait_for_room(pump);
		if (n != 0)
			return n;
	}
}

static int write_all(const struct pump *pump, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write_some(pump, bytes, len);

		if (n < 0)
			return (int)n;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

int pump_bytes(struct guard *guard, int to, const char *bytes, size_t len, int64_t until)
{
	struct pump pump = {.guard = guard, .until = until};
	int err;

	sink_open(&pump.sink, to);
	err = write_all(&pump, bytes, len);
	sink_drop(&pump.sink);
	return err;
}

static int copy_chunk(const struct pump *pump, int file, off_t *at, off_t len)
{
	unzeroed char chunk[CHUNK];
	size_t want = len - *at < CHUNK ? (size_t)(len - *at) : CHUNK;
	ssize_t n = pread(file, chunk, want, *at);
	int err;

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	/* The file has become shorter: what is missing cannot be sent. */
	if (n == 0)
		return -EIO;
	err = write_all(pump, chunk, (size_t)n);
	*at += n;
	return err;
}

/* Move *at on by sendfile(2). Returns 0, or -errno; no_sendfile is set where the target has none. */
static int send_chunk(struct pump *pump, int file, off_t *at, off_t len)
{
	size_t want = (size_t)(len - *at) < SEND_MOST ? (size_t)(len - *at) : SEND_MOST;
	ssize_t n = sendfile(pump->sink.fd, file, at, want);

	if (n > 0 || (n < 0 && errno == EINTR))
		return 0;
	if (n == 0)
		return -EIO;
	if (errno == EAGAIN)
		return wait_for_room(pump);
	/* A target that is O_APPEND, or a sandbox without the call. What is truly wrong is said by write. */
	pump->no_sendfile = errno != EPIPE && errno != ENOSPC;
	return pump->no_sendfile ? 0 : -errno;
}

int pump_file(struct guard *guard, int to, int file, off_t len, int64_t until)
{
	struct pump pump = {.guard = guard, .until = until};
	off_t at = 0;
	int err = 0;

	sink_open(&pump.sink, to);
	pump.no_sendfile = pump.sink.way == SINK_BY_MESSAGE || pump.sink.way == SINK_SMALL_PIECES;
	while (at < len && err >= 0)
		err = pump.no_sendfile ? copy_chunk(&pump, file, &at, len)
				       : send_chunk(&pump, file, &at, len);
	sink_drop(&pump.sink);
	return err;
}
