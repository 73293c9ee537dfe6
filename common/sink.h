#ifndef PK_SINK_H
#define PK_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/base.h"

/*
 * A descriptor of the caller's that is written to without blocking. It is never made non-blocking (the
 * flag is shared): a pipe or a terminal is opened anew for a description of our own; where that
 * fails, PIPE_BUF bytes are written each time that poll(2) says there is room.
 */
enum sink_way {
	SINK_AT_ONCE, /* files, /dev/null and its kind: they do not block */
	SINK_OWN_DESCRIPTION,
	SINK_BY_MESSAGE, /* sockets: MSG_DONTWAIT */
	SINK_SMALL_PIECES,
};

struct sink {
	int fd;	 /* to write to and to poll for POLLOUT */
	int own; /* fd when it was opened anew, else -1 */
	enum sink_way way;
};

#define SINK_EMPTY ((struct sink){.fd = -1, .own = -1})

/* Find the way to write to fd, which stays the caller's. */
void sink_open(struct sink *sink, int fd);

/* Close what sink_open has opened; keeps errno. */
void sink_drop(struct sink *sink);

/* Write some of len > 0 bytes. Returns how many, or -errno: -EAGAIN, wait for POLLOUT on sink->fd. */
must_check ssize_t sink_write(const struct sink *sink, const void *bytes, size_t len);

#endif
