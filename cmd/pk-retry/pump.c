/* To the caller's stdout and stderr, waiting in the guard. */
#include "pump.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"

#define CHUNK 65536
#define SEND_MOST ((size_t)1 << 20)

/* How a write to this kind of descriptor is kept from blocking. */
enum way { AT_ONCE, OWN_DESCRIPTION, BY_MESSAGE, SMALL_PIECES };

struct sink {
	struct guard *guard;
	int64_t until;
	int fd;
	int own; /* fd when it was opened anew, else -1 */
	enum way way;
	bool no_sendfile;
};

static void sink_open(struct sink *sink, struct guard *guard, int to, int64_t until)
{
	char path[32];
	struct stat st;

	*sink = (struct sink){
		.guard = guard, .until = until, .fd = to, .own = -1, .way = SMALL_PIECES};
	if (fstat(to, &st) < 0)
		return;
	if (S_ISSOCK(st.st_mode))
		sink->way = BY_MESSAGE;
	else if (!S_ISFIFO(st.st_mode) && !isatty(to))
		sink->way = AT_ONCE; /* files, /dev/null and its kind */
	if (!S_ISFIFO(st.st_mode) && !isatty(to))
		return;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", to);
	sink->own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (sink->own < 0)
		return;
	sink->fd = sink->own;
	sink->way = OWN_DESCRIPTION;
}

static int wait_for_room(const struct sink *sink)
{
	struct pollfd room = {.fd = sink->fd, .events = POLLOUT};
	int event = guard_wait(sink->guard, &room, 1, sink->until);

	if (event < 0)
		return event;
	return event == GUARD_READY ? 0 : -EINTR;
}

/* Write some of the bytes, at least one. Returns how many, or -errno. */
static ssize_t write_some(const struct sink *sink, const char *bytes, size_t len)
{
	for (;;) {
		ssize_t n;
		int err = 0;

		if (sink->way == SMALL_PIECES) {
			len = len < PIPE_BUF ? len : PIPE_BUF;
			err = wait_for_room(sink);
		}
		if (err < 0)
			return err;
		n = sink->way == BY_MESSAGE
			    ? send(sink->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL)
			    : write(sink->fd, bytes, len);
		if (n > 0)
			return n;
		if (n == 0)
			return -EIO;
		if (errno == EAGAIN)
			err = wait_for_room(sink);
		else if (errno != EINTR)
			err = -errno;
		if (err < 0)
			return err;
	}
}

static int write_all(const struct sink *sink, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write_some(sink, bytes, len);

		if (n < 0)
			return (int)n;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

int pump_bytes(struct guard *guard, int to, const char *bytes, size_t len, int64_t until)
{
	struct sink sink;
	int err;

	sink_open(&sink, guard, to, until);
	err = write_all(&sink, bytes, len);
	fd_drop(&sink.own);
	return err;
}

static int copy_chunk(const struct sink *sink, int file, off_t *at, off_t len)
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
	err = write_all(sink, chunk, (size_t)n);
	*at += n;
	return err;
}

/* Move *at on by sendfile(2). Returns 0, or -errno; no_sendfile is set where the target has none. */
static int send_chunk(struct sink *sink, int file, off_t *at, off_t len)
{
	size_t want = (size_t)(len - *at) < SEND_MOST ? (size_t)(len - *at) : SEND_MOST;
	ssize_t n = sendfile(sink->fd, file, at, want);

	if (n > 0 || (n < 0 && errno == EINTR))
		return 0;
	if (n == 0)
		return -EIO;
	if (errno == EAGAIN)
		return wait_for_room(sink);
	/* A target that is O_APPEND, or a sandbox without the call. What is truly wrong is said by write. */
	sink->no_sendfile = errno != EPIPE && errno != ENOSPC;
	return sink->no_sendfile ? 0 : -errno;
}

int pump_file(struct guard *guard, int to, int file, off_t len, int64_t until)
{
	struct sink sink;
	off_t at = 0;
	int err = 0;

	sink_open(&sink, guard, to, until);
	sink.no_sendfile = sink.way == BY_MESSAGE || sink.way == SMALL_PIECES;
	while (at < len && err >= 0)
		err = sink.no_sendfile ? copy_chunk(&sink, file, &at, len)
				       : send_chunk(&sink, file, &at, len);
	fd_drop(&sink.own);
	return err;
}
