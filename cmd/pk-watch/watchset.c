/* Kernel events into changes; see watchset.h for the rules. */
#include "watchset.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "above.h"
#include "common/clock.h"
#include "common/fd.h"
#include "handle.h"
#include "mounted.h"
#include "polling.h"
#include "roots.h"
#include "scan.h"
#include "setup.h"
#include "walk.h"

#define BUFFER_SIZE ((size_t)64 * 1024)
/* ctime comes from a coarser clock than ours, which lags by some milliseconds. */
#define CLOCK_LAG (10 * NS_PER_MS)
#define REMOTE_INTERVAL (1 * NS_PER_S)
#define LIMIT_INTERVAL (2 * NS_PER_S)

static int64_t wall_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static int open_kernel(struct watchset *set)
{
	if (set->plan->poll > 0)
		return 0;
	set->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (set->inotify < 0 && errno != EMFILE && errno != ENOMEM && errno != ENOSYS)
		return -errno;
	set->mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	set->buffer = malloc(BUFFER_SIZE);
	return set->buffer ? 0 : -ENOMEM;
}

static int find_roots(struct watchset *set, const char **ret_path)
{
	for (size_t i = 0; i < set->root_count; i++) {
		const char *path = set->roots[i].path;
		struct stat st;
		int err = 0;

		if (!set->plan->no_ignore && stat(path[0] ? path : ".", &st) == 0 &&
		    S_ISDIR(st.st_mode))
			err = above_read(set, &set->roots[i]);

		if (err >= 0)
			err = roots_find(set, i, false);
		if (err >= 0 && set->roots[i].gone)
			err = -ENOENT;
		if (err < 0) {
			*ret_path = path[0] ? path : ".";
			return err;
		}
	}
	return 0;
}

int watchset_open(struct watchset *set, const struct plan *plan, struct batch *batch,
		  const int own_fds[static 4], const char **ret_path)
{
	int err;

	*set = (struct watchset){
		.plan = plan,
		.batch = batch,
		.dirs = DIRS_EMPTY,
		.inotify = -1,
		.mounts = -1,
	};
	*ret_path = NULL;
	(void)pthread_mutex_init(&set->lock, NULL);
	set->watermark = set->sampled = wall_now() - CLOCK_LAG;
	err = setup_plan(set);
	if (err >= 0)
		err = open_kernel(set);
	if (err < 0)
		return err;
	setup_own(set, own_fds);
	mounted_look(set);
	err = find_roots(set, ret_path);
	return err < 0 ? err : poll_prime(set);
}

void watchset_drop(struct watchset *set)
{
	for (size_t i = 0; i < set->snapshot_count; i++)
		if (set->snapshots[i])
			poll_forget(set, (int)i);
	free(set->snapshots);
	dirs_drop(&set->dirs);
	above_drop(set);
	waypoints_drop(&set->waypoints);
	setup_drop(set);
	free(set->buffer);
	fd_drop(&set->inotify);
	fd_drop(&set->mounts);
	(void)pthread_mutex_destroy(&set->lock);
}

/* List everything again and report what has changed since the queue was last seen empty. */
static void rescan(struct watchset *set)
{
	int64_t began = now_ns();

	set->overflow = false;
	set->news.overflowed = true;
	set->news.found = 0;
	for (size_t i = 0; i < set->root_count; i++) {
		struct root *root = &set->roots[i];
		struct stat was = root->last;

		if (root->dir != DIR_NONE && walk_tree(set, root->dir, VISIT_SINCE) < 0)
			root->dirty = true;
		if (roots_find(set, i, true) < 0)
			root->dirty = true;
		if (root->is_file && !root->gone &&
		    (was.st_ctim.tv_sec != root->last.st_ctim.tv_sec ||
		     was.st_ctim.tv_nsec != root->last.st_ctim.tv_nsec))
			batch_add(set->batch, root->path, strlen(root->path), KIND_MODIFY,
				  BATCH_GUESSED);
	}
	set->news.rescan_ns = now_ns() - began;
}

/* Read what is there now. Returns the number of bytes, 0 when the queue is empty. */
static size_t read_some(struct watchset *set)
{
	struct handler handler;
	ssize_t n;

	handler.dir = DIR_NONE;

	set->sampled = wall_now() - CLOCK_LAG;
	n = read(set->inotify, set->buffer, BUFFER_SIZE);
	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *event = (const void *)(set->buffer + at);

		handle_event(set, &handler, event);
		at += (ssize_t)sizeof(*event) + event->len;
	}
	return n > 0 ? (size_t)n : 0;
}

bool watchset_read(struct watchset *set)
{
	size_t n, total = 0;

	if (set->inotify < 0)
		return false;
	/* A buffer that was not full has emptied the queue, nearly: an event needs at most 272 bytes. */
	do {
		n = read_some(set);
		total += n;
	} while (n > BUFFER_SIZE - 512);
	roots_refresh(set);
	if (set->overflow)
		rescan(set);
	set->watermark = set->sampled;
	if (set->polled > set->snapshot_count)
		(void)!poll_prime(set);
	if (set->batch->count == 0)
		watchset_settle(set);
	return total > 0;
}

void watchset_poll(struct watchset *set)
{
	roots_poll(set);
	poll_compare(set);
	roots_refresh(set);
}

int64_t watchset_interval(const struct watchset *set)
{
	if (set->plan->poll > 0)
		return set->plan->poll;
	if (set->remote)
		return REMOTE_INTERVAL;
	for (size_t i = 0; i < set->root_count; i++)
		if (set->roots[i].remote)
			return LIMIT_INTERVAL;
	return set->polled > 0 || (set->inotify < 0 && set->root_count > 0) ? LIMIT_INTERVAL
									    : NS_NEVER;
}

void watchset_settle(struct watchset *set)
{
	for (int dir = 0; dir < set->dirs.count && set->moving > 0; dir++)
		if (!(set->dirs.all[dir].flags & DIR_FREE) &&
		    (set->dirs.all[dir].flags & DIR_MOVING))
			scan_forget(set, dir);
}

void watchset_finish(struct watchset *set)
{
	struct batch *batch = set->batch;
	struct stat st;

	for (size_t i = 0; i < batch->used && batch->unfinished > 0; i++) {
		struct batch_entry *entry = &batch->entries[i];

		if (!entry->unfinished || (entry->kinds & KIND_MODIFY))
			continue;
		if (lstat(batch_path(batch, entry), &st) < 0 || !S_ISREG(st.st_mode) ||
		    st.st_nlink > 1)
			batch_finish(batch, entry);
	}
}

size_t watchset_watches(const struct watchset *set)
{
	return set->dirs.by_wd.used;
}
