/* The event sink: whole lines, never waited for. */
#include "common/events.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/num.h"

static bool is_hex(const char *text, size_t len)
{
	return strspn(text, "0123456789abcdef") >= len;
}

/* Opened non-blocking, so that a FIFO without a reader fails instead of stopping us. */
static int open_path(struct events *events)
{
	struct stat st;
	int fd = open(events->path,
		      O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0) {
		int err = -errno;

		fd_drop(&fd);
		return err;
	}
	fd_drop(&events->fd);
	events->fd = fd;
	/* Only a file is rotated; /dev/stdout may even name something else by the next event. */
	if (!S_ISREG(st.st_mode))
		events->path = NULL;
	events->dev = st.st_dev;
	events->ino = st.st_ino;
	return 0;
}

/*
 * A descriptor of the caller's may be blocking and must stay so. A pipe is opened anew for an open
 * file description of our own; a socket is written with MSG_DONTWAIT.
 */
static int open_fd(struct events *events, const char *number)
{
	char path[32];
	struct stat st;
	int64_t fd;

	if (num_parse(number, 0, INT32_MAX, &fd) < 0)
		return -EINVAL;
	if (fstat((int)fd, &st) < 0)
		return -errno;
	if (S_ISFIFO(st.st_mode)) {
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", (int)fd);
		events->fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	}
	if (events->fd < 0)
		events->fd = fcntl((int)fd, F_DUPFD_CLOEXEC, 3);
	if (events->fd < 0)
		return -errno;
	events->socket = S_ISSOCK(st.st_mode);
	return 0;
}

static int name_run(struct events *events)
{
	const char *parent = getenv("PK_RUN"), *trace = getenv("TRACEPARENT");
	uint64_t id;
	int err = num_random(&id, sizeof(id));

	if (err < 0)
		return err;
	(void)snprintf(events->run, sizeof(events->run), "%016llx", (unsigned long long)id);
	if (parent && strlen(parent) == 16 && is_hex(parent, 16))
		memcpy(events->parent, parent, 17);
	/* version "-" 32 hex digits "-" parent id "-" flags */
	if (trace && strlen(trace) >= 55 && trace[2] == '-' && is_hex(trace + 3, 32) &&
	    trace[35] == '-')
		memcpy(events->trace, trace + 3, 32);
	return setenv("PK_RUN", events->run, 1) < 0 ? -errno : 0;
}

int events_open(struct events *events, const char *tool, const char *dest)
{
	int err;

	*events = EVENTS_OFF;
	events->tool = tool;
	events->pid = getpid();
	if (!dest)
		dest = getenv("PK_EVENTS");
	if (!dest || dest[0] == '\0')
		return 0;
	if (strncmp(dest, "fd:", 3) == 0) {
		err = open_fd(events, dest + 3);
	} else {
		events->path = dest;
		err = open_path(events);
	}
	if (err >= 0)
		err = name_run(events);
	if (err >= 0) {
		events->line = malloc(EVENT_MAX + 1);
		err = events->line ? 0 : -ENOMEM;
	}
	if (err < 0)
		events_drop(events);
	return err;
}

void events_drop(struct events *events)
{
	fd_drop(&events->fd);
	free(events->line);
	events->line = NULL;
}

void events_brace(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
}

int events_error(struct events *events)
{
	int err = events->error;

	events->error = 0;
	return err;
}

bool event_begin(struct event *event, const struct events *events, const char *name)
{
	char stamp[CLOCK_STAMP_MAX];
	struct json *json = &event->json;

	if (events->fd < 0)
		return false;
	clock_stamp(stamp);
	json_begin(json, events->line + 1, EVENT_MAX);
	json_text(json, "ts", stamp);
	json_text(json, "tool", events->tool);
	json_text(json, "event", name);
	json_text(json, "run", events->run);
	if (events->parent[0])
		json_text(json, "parent", events->parent);
	json_int(json, "pid", events->pid);
	if (events->trace[0])
		json_text(json, "trace_id", events->trace);
	if (events->job > 0)
		json_int(json, "job", events->job);
	if (events->dropped > 0)
		json_int(json, "dropped", events->dropped);
	return true;
}

/*
 * Follow a rotation: the path may name another file by now, or none. Where it cannot be opened
 * (/dev/stdout, closed since), the file that is open goes on serving.
 */
static void follow_path(struct events *events)
{
	struct stat st;

	if (!events->path)
		return;
	if (stat(events->path, &st) != 0 || st.st_dev != events->dev || st.st_ino != events->ino)
		(void)open_path(events);
}

static ssize_t write_now(const struct events *events, const char *line, size_t len)
{
	struct pollfd pfd = {.fd = events->fd, .events = POLLOUT};
	ssize_t n;

	if (events->socket)
		return send(events->fd, line, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	/* For a descriptor that could not be made non-blocking; a file is always ready. */
	if (!events->path && poll(&pfd, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	do
		n = write(events->fd, line, len);
	while (n < 0 && errno == EINTR);
	return n;
}

void event_send(struct event *event, struct events *events)
{
	size_t len = json_end(&event->json);
	const char *line = events->line + 1;
	int err = 0;
	ssize_t n;

	follow_path(events);
	if (events->torn) {
		events->line[0] = '\n';
		line--;
		len++;
	}
	n = write_now(events, line, len);
	if (n < 0 && errno == EAGAIN) {
		events->dropped++;
		return;
	}
	events->torn = n >= 0 ? (size_t)n < len : events->torn;
	if ((size_t)n == len)
		events->dropped = 0;
	else
		err = n < 0 ? -errno : -ENOSPC;
	if (err < 0 && events->error == 0)
		events->error = err;
}
