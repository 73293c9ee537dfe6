/* Writing to somebody else's descriptor. */
#include "common/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"

void sink_open(struct sink *sink, int fd)
{
	char path[32];
	struct stat st;

	*sink = (struct sink){.fd = fd, .own = -1, .way = SINK_SMALL_PIECES};
	if (fstat(fd, &st) < 0)
		return;
	if (S_ISSOCK(st.st_mode))
		sink->way = SINK_BY_MESSAGE;
	else if (!S_ISFIFO(st.st_mode) && !isatty(fd))
		sink->way = SINK_AT_ONCE;
	if (!S_ISFIFO(st.st_mode) && !isatty(fd))
		return;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	sink->own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (sink->own < 0)
		return;
	sink->fd = sink->own;
	sink->way = SINK_OWN_DESCRIPTION;
}

void sink_drop(struct sink *sink)
{
	fd_drop(&sink->own);
	*sink = SINK_EMPTY;
}

static bool has_room(const struct sink *sink)
{
	struct pollfd room = {.fd = sink->fd, .events = POLLOUT};

	return poll(&room, 1, 0) > 0;
}

ssize_t sink_write(const struct sink *sink, const void *bytes, size_t len)
{
	if (sink->way == SINK_SMALL_PIECES) {
		len = len < PIPE_BUF ? len : PIPE_BUF;
		if (!has_room(sink))
			return -EAGAIN;
	}
	for (;;) {
		ssize_t n = sink->way == SINK_BY_MESSAGE
				    ? send(sink->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL)
				    : write(sink->fd, bytes, len);

		if (n > 0)
			return n;
		if (n == 0)
			return -EIO;
		if (errno != EINTR)
			return -errno;
	}
}
