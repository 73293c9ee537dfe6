/* From a started command to a ready one. */
#include "ready.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "listener.h"

/* Looking costs little beside a start, and adds so little to it: a part of the time that it has taken. */
#define PAUSE_PART 256
#define PAUSE_LEAST NS_PER_MS
#define PAUSE_MOST (20 * NS_PER_MS)

/* A listener may be seen before the process that holds it is: so long it is not called foreign. */
#define FOREIGN_NS (100 * NS_PER_MS)

static int open_lines(struct ready *ready)
{
	int err;

	if (regcomp(&ready->regex, ready->spec->rest, REG_EXTENDED | REG_NOSUB) != 0)
		return -EINVAL;
	ready->has_regex = true;
	err = match_open(&ready->lines[0]);
	if (err >= 0)
		err = match_open(&ready->lines[1]);
	if (err < 0)
		return err;
	match_start(&ready->lines[0], &ready->regex);
	match_start(&ready->lines[1], &ready->regex);
	return 0;
}

static int open_pipe(struct ready *ready)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	ready->from = ends[0];
	ready->to = ends[1];
	return 0;
}

/* What may make the file ready, and what ends the watch's use: its folder is another's by then. */
#define WATCH_NEWS (IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_MODIFY | IN_CLOSE_WRITE)
#define WATCH_ENDS (IN_DELETE_SELF | IN_MOVE_SELF)
/* Or it has lost what may have been that. */
#define WATCH_OVER (WATCH_ENDS | IN_IGNORED | IN_UNMOUNT | IN_Q_OVERFLOW)

/* What is written through a link happens in another folder. */
static bool is_link(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

/*
 * Watch the folder. Where that is impossible (it does not exist yet), or does not tell (a link), the file
 * is looked for.
 */
static void open_watch(struct ready *ready)
{
	const char *path = ready->spec->rest, *slash = strrchr(path, '/');
	char folder[PATH_MAX] = ".";

	ready->existed = stat(path, &ready->before) == 0;
	if (is_link(path) || (slash && (size_t)(slash - path) + 2 > sizeof(folder)))
		return;
	if (slash) {
		memcpy(folder, path, (size_t)(slash - path) + 1);
		folder[slash - path + 1] = '\0';
	}
	ready->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (ready->watch >= 0 &&
	    inotify_add_watch(ready->watch, folder, WATCH_NEWS | WATCH_ENDS | IN_ONLYDIR) < 0)
		fd_drop(&ready->watch);
}

int ready_open(struct ready *ready, const struct spec *spec)
{
	*ready = READY_OFF;
	ready->spec = spec;
	ready->foreign_since = NS_NEVER;
	if (!spec)
		return 0;
	switch (spec->kind) {
	case SPEC_LINE:
		return open_lines(ready);
	case SPEC_FD:
		return open_pipe(ready);
	case SPEC_NOTIFY:
		ready->notify = notify_listen(ready->notify_name);
		return ready->notify < 0 ? ready->notify : 0;
	case SPEC_FILE:
		open_watch(ready);
		return 0;
	case SPEC_TCP:
	case SPEC_UNIX:
	case SPEC_HTTP:
	case SPEC_EXEC:
		return 0;
	}
	return 0;
}

void ready_drop(struct ready *ready)
{
	if (ready->has_regex)
		regfree(&ready->regex);
	match_drop(&ready->lines[0]);
	match_drop(&ready->lines[1]);
	fd_drop(&ready->from);
	fd_drop(&ready->to);
	fd_drop(&ready->notify);
	fd_drop(&ready->watch);
	probe_drop(&ready->probe);
	*ready = READY_OFF;
}

bool ready_reads(const struct ready *ready)
{
	return ready->has_regex && !ready->yes;
}

bool ready_look(void *arg, int stream, const char *bytes, size_t len)
{
	struct ready *ready = arg;

	if (!ready_reads(ready))
		return false;
	match_add(&ready->lines[stream], bytes, len);
	ready->yes = ready->lines[stream].found;
	return !ready->yes;
}

size_t ready_fds(const struct ready *ready, struct child_fd fds[static 1])
{
	if (ready->to < 0)
		return 0;
	fds[0] = (struct child_fd){.from = ready->to, .to = ready->spec->fd};
	return 1;
}

void ready_started(struct ready *ready, int64_t now)
{
	fd_drop(&ready->to);
	ready->started = now;
	ready->next = now;
}

size_t ready_keep(const struct ready *ready, int keep[static READY_KEEPS])
{
	keep[0] = ready->from;
	keep[1] = ready->notify;
	keep[2] = ready->watch;
	return READY_KEEPS;
}

nfds_t ready_poll(const struct ready *ready, struct pollfd polls[static READY_POLLS])
{
	polls[0] = (struct pollfd){.fd = ready->notify, .events = POLLIN};
	if (ready->notify >= 0 || ready->yes)
		return READY_POLLS;
	if (ready->probe.fd >= 0)
		polls[0] = probe_poll(&ready->probe);
	else if (ready->from >= 0)
		polls[0].fd = ready->from;
	else
		polls[0].fd = ready->watch;
	return READY_POLLS;
}

static bool has_event(const struct ready *ready)
{
	switch (ready->spec->kind) {
	case SPEC_TCP:
	case SPEC_UNIX:
	case SPEC_HTTP:
		return false;
	case SPEC_FILE:
		return ready->watch >= 0;
	case SPEC_LINE:
	case SPEC_FD:
	case SPEC_NOTIFY:
	case SPEC_EXEC:
		break;
	}
	return true;
}

int64_t ready_due(const struct ready *ready)
{
	if (!ready->spec || ready->yes)
		return NS_NEVER;
	if (ready->probe.fd >= 0)
		return ready->probe.until;
	/* A file may have come before the watch was looked at. */
	return has_event(ready) && ready->next != ready->started ? NS_NEVER : ready->next;
}

/* A newline on the descriptor (s6); its end without one says nothing. */
static bool read_newline(struct ready *ready)
{
	char bytes[256];
	struct pollfd pfd = {.fd = ready->from, .events = POLLIN};
	ssize_t n;

	if (ready->from < 0 || poll(&pfd, 1, 0) <= 0)
		return false;
	n = read(ready->from, bytes, sizeof(bytes));
	if (n == 0)
		fd_drop(&ready->from);
	return n > 0 && memchr(bytes, '\n', (size_t)n);
}

/* Take what the watch says: that suffices to look. Returns whether it goes on to say something. */
static bool read_watch(int watch)
{
	_Alignas(struct inotify_event) char bytes[4096];
	bool lasts = true;
	ssize_t n;

	while ((n = read(watch, bytes, sizeof(bytes))) > 0)
		for (const char *at = bytes; at < bytes + n;) {
			const struct inotify_event *event = (const void *)at;

			lasts = lasts && !(event->mask & WATCH_OVER);
			at += sizeof(*event) + event->len;
		}
	return lasts;
}

/* The file is there, and it is not the one from before: that was another's, or an earlier run's. */
static bool has_file(struct ready *ready)
{
	struct stat st;

	if (ready->watch >= 0 && (!read_watch(ready->watch) || is_link(ready->spec->rest)))
		fd_drop(&ready->watch);
	if (stat(ready->spec->rest, &st) < 0)
		return false;
	return !ready->existed || st.st_ino != ready->before.st_ino ||
	       st.st_dev != ready->before.st_dev ||
	       st.st_ctim.tv_sec != ready->before.st_ctim.tv_sec ||
	       st.st_ctim.tv_nsec != ready->before.st_ctim.tv_nsec;
}

/* Does our tree listen? Takes note of others who do. */
static bool listens(struct ready *ready, int64_t now)
{
	struct listeners listeners;

	if (listeners_find(ready->spec, &listeners) < 0 || listeners.count == 0) {
		ready->foreign = false;
		ready->foreign_since = NS_NEVER;
		return false;
	}
	if (listeners_are_ours(&listeners)) {
		ready->foreign = false;
		return true;
	}
	if (ready->foreign_since == NS_NEVER)
		ready->foreign_since = now;
	ready->foreign = now - ready->foreign_since >= FOREIGN_NS;
	return false;
}

/* Ask our server; where HOST is localhost, in one family after the other. */
static bool answers(struct ready *ready, int64_t now)
{
	struct sockaddr_storage address;
	socklen_t len;

	if (ready->probe.fd >= 0)
		return probe_step(&ready->probe, now) == PROBE_YES;
	if (!listens(ready, now))
		return false;
	ready->family = ready->family == AF_INET ? AF_INET6 : AF_INET;
	len = probe_address(ready->spec->host, ready->spec->port, ready->family, &address);
	return len > 0 && probe_start(&ready->probe, ready->spec, (struct sockaddr *)&address, len,
				      now) == PROBE_YES;
}

static bool look(struct ready *ready, int64_t now)
{
	switch (ready->spec->kind) {
	case SPEC_TCP:
	case SPEC_UNIX:
		return listens(ready, now);
	case SPEC_HTTP:
		return answers(ready, now);
	case SPEC_FD:
		return read_newline(ready);
	case SPEC_FILE:
		return has_file(ready);
	case SPEC_NOTIFY:
		return notify_take(ready->notify);
	case SPEC_LINE: /* ready_look has seen it */
	case SPEC_EXEC: /* somebody else asks */
		break;
	}
	return false;
}

void ready_step(struct ready *ready, int64_t now)
{
	int64_t pause;

	if (!ready->spec)
		return;
	if (ready->yes) {
		if (ready->notify >= 0)
			(void)!notify_take(ready->notify);
		return;
	}
	ready->yes = look(ready, now);
	if (ready->yes || ready->probe.fd >= 0)
		return;
	pause = ns_min((now - ready->started) / PAUSE_PART, PAUSE_MOST);
	ready->next = ns_add(now, pause > PAUSE_LEAST ? pause : PAUSE_LEAST);
}

bool ready_lasts(const struct ready *ready)
{
	struct listeners listeners;

	if (!ready->spec || (ready->spec->kind != SPEC_TCP && ready->spec->kind != SPEC_UNIX &&
			     ready->spec->kind != SPEC_HTTP))
		return true;
	return listeners_find(ready->spec, &listeners) < 0 || listeners_are_ours(&listeners);
}
