/* Waiting for a file to change. */
#include "wake.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"

#define LOOK_EVERY NS_PER_S

/* The name comes, goes or is given to another file. */
static int watch_directory(struct wake *wake)
{
	const char *slash = strrchr(wake->path, '/');
	char directory[4096];
	int len = slash ? (int)(slash - wake->path) + (slash == wake->path) : 1;

	if (len >= (int)sizeof(directory))
		return -ENAMETOOLONG;
	(void)snprintf(directory, sizeof(directory), "%.*s", len, slash ? wake->path : ".");
	return inotify_add_watch(wake->fd, directory,
				 IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_ONLYDIR) < 0
		       ? -errno
		       : 0;
}

int wake_begin(struct wake *wake, const char *path)
{
	int err;

	*wake = (struct wake){.path = path,
			      .fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK),
			      .file_watch = -1,
			      .watched = -1};
	if (wake->fd < 0)
		return 0;
	err = watch_directory(wake);
	if (err == -ENOSPC)
		wake_drop(wake);
	return err == -ENOSPC ? 0 : err;
}

/*
 * Watch the file through its descriptor: its name may be another one's by now. True: the watch is
 * new, so that what happened before it has to be looked for.
 */
static bool watch_file(struct wake *wake, int file)
{
	char path[32];
	int watch;

	if (wake->fd < 0 || file < 0 || file == wake->watched)
		return false;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	watch = inotify_add_watch(wake->fd, path,
				  IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF);
	if (watch < 0)
		watch = inotify_add_watch(wake->fd, wake->path,
					  IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF);
	if (watch < 0) {
		fd_drop(&wake->fd);
		return true;
	}
	wake->file_watch = watch;
	wake->watched = file;
	return true;
}

static void read_events(struct wake *wake)
{
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

	/* Only that there was something matters. */
	while (read(wake->fd, events, sizeof(events)) > 0)
		;
}

int wake_wait(struct wake *wake, int file, int64_t deadline)
{
	struct pollfd fds[] = {{.fd = wake->fd, .events = POLLIN}, {.fd = STDOUT_FILENO}};
	struct timespec left;

	if (watch_file(wake, file))
		return WAKE_CHANGE;
	fds[0].fd = wake->fd;
	if (wake->fd < 0)
		deadline = ns_min(deadline, ns_add(now_ns(), LOOK_EVERY));
	if (ppoll(fds, 2, ns_until(deadline, &left), NULL) < 0 && errno != EINTR)
		return -errno;
	if (fds[1].revents & (POLLERR | POLLHUP | POLLNVAL))
		return WAKE_READER_GONE;
	if (fds[0].revents)
		read_events(wake);
	return WAKE_CHANGE;
}

void wake_drop(struct wake *wake)
{
	fd_drop(&wake->fd);
}
