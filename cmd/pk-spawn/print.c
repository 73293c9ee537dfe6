/* Bytes on their way to the caller. */
#include "print.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEPT_MOST ((size_t)4 << 20)

static bool same_object(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino && x.st_rdev == y.st_rdev;
}

void print_open(struct print *print)
{
	static const int fds[PRINT_STREAMS] = {STDOUT_FILENO, STDERR_FILENO};

	*print = (struct print){.one = same_object(STDOUT_FILENO, STDERR_FILENO)};
	for (int i = 0; i < PRINT_STREAMS; i++) {
		sink_open(&print->streams[i].sink, fds[i]);
		print->streams[i].bytes.cap = KEPT_MOST;
	}
}

void print_drop(struct print *print)
{
	for (int i = 0; i < PRINT_STREAMS; i++) {
		sink_drop(&print->streams[i].sink);
		buf_drop(&print->streams[i].bytes);
	}
}

void print_add(struct print *print, int number, const char *bytes, size_t len)
{
	struct print_stream *stream = &print->streams[print->one ? PRINT_OUT : number];
	int err;

	if (stream->err < 0 || len == 0)
		return;
	err = buf_add(&stream->bytes, bytes, len);
	if (err < 0)
		stream->err = err;
}

/* Returns true when the stream has nothing left. */
static bool flush(struct print_stream *stream)
{
	while (stream->at < stream->bytes.len && stream->err >= 0) {
		ssize_t n = sink_write(&stream->sink, stream->bytes.bytes + stream->at,
				       stream->bytes.len - stream->at);

		if (n == -EAGAIN)
			return false;
		if (n < 0)
			stream->err = (int)n;
		else
			stream->at += (size_t)n;
	}
	stream->at = stream->bytes.len = 0;
	return true;
}

bool print_flush(struct print *print)
{
	bool done = true;

	for (int i = 0; i < PRINT_STREAMS; i++)
		done &= flush(&print->streams[i]);
	return done;
}

bool print_busy(const struct print *print)
{
	return print->streams[PRINT_OUT].bytes.len > 0 || print->streams[PRINT_ERR].bytes.len > 0;
}

nfds_t print_poll(const struct print *print, struct pollfd polls[static PRINT_STREAMS])
{
	nfds_t count = 0;

	for (int i = 0; i < PRINT_STREAMS; i++)
		if (print->streams[i].bytes.len > 0)
			polls[count++] =
				(struct pollfd){.fd = print->streams[i].sink.fd, .events = POLLOUT};
	return count;
}
