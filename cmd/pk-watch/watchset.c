/* Kernel events into changes; see watchset.h for the rules. */
#include "watchset.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "above.h"
#include "common/clock.h"
#include "common/fd.h"
#include "mounts.h"
#include "polling.h"
#include "roots.h"
#include "scan.h"
#include "view.h"

#define BUFFER_SIZE ((size_t)64 * 1024)
/* ctime comes from a coarser clock than ours, which lags by some milliseconds. */
#define CLOCK_LAG (10 * NS_PER_MS)
#define REMOTE_INTERVAL (1 * NS_PER_S)
#define LIMIT_INTERVAL (2 * NS_PER_S)

/* What editors and version control write beside the files of interest; --help shows the list too. */
static const char built_in[] = ".git\n.hg\n.svn\n.jj\nnode_modules\n__pycache__\n.DS_Store\n*."
			       "swp\n*.swx\n*~\n.#*\n\\#*#\n4913\n";

static int64_t wall_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* The path without slashes at its end; owned by the root. */
static char *trim_path(const char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	return strndup(path, len);
}

/*
 * How much of a path below the root the patterns of -i, -e and -f do not see: they are relative to
 * the current directory, or to the PATH when it leads elsewhere.
 */
static size_t bytes_unseen(const char *path)
{
	size_t skip = 0;

	if (path[0] == '/' || strcmp(path, "..") == 0 || strncmp(path, "../", 3) == 0 ||
	    strstr(path, "/../"))
		return strlen(path) + (strcmp(path, "/") != 0);
	while (path[skip] == '.' && (path[skip + 1] == '/' || path[skip + 1] == '\0')) {
		skip++;
		skip += strspn(path + skip, "/");
	}
	/* "." alone is followed by the slash of what is below it. */
	return strcmp(path, ".") == 0 ? 2 : skip;
}

static int make_roots(struct watchset *set)
{
	const struct plan *plan = set->plan;

	set->roots = calloc(plan->path_count + 1, sizeof(*set->roots));
	if (!set->roots)
		return -ENOMEM;
	for (size_t i = 0; i < plan->path_count; i++) {
		struct root *root = &set->roots[set->root_count];
		char *path = trim_path(plan->paths[i]);

		if (!path)
			return -ENOMEM;
		*root = (struct root){.path = path, .dir = DIR_NONE, .skip = bytes_unseen(path)};
		set->root_count++;
	}
	return 0;
}

static int parse_lists(struct watchset *set)
{
	const struct plan *plan = set->plan;
	int err = 0;

	if (!plan->no_ignore)
		err = rules_parse(built_in, sizeof(built_in) - 1, &set->built_in);
	if (err >= 0 && plan->ignores.len > 0)
		err = rules_parse(plan->ignores.bytes, plan->ignores.len, &set->ignores);
	if (err >= 0 && plan->selects.len > 0)
		err = rules_parse(plan->selects.bytes, plan->selects.len, &set->selects);
	return err;
}

/* Remember the files behind our own output by inode and, to compare cheaply, by name. */
static void note_own(struct watchset *set, const int fds[static 4])
{
	for (size_t i = 0; i < array_len(set->own); i++) {
		char link[40], path[PATH_MAX];
		const char *slash;
		struct stat st;
		ssize_t n;

		if (fds[i] < 0 || fstat(fds[i], &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fds[i]);
		n = readlink(link, path, sizeof(path) - 1);
		if (n < 0)
			continue;
		path[n] = '\0';
		slash = strrchr(path, '/');
		set->own[i] =
			(struct own_output){st.st_dev, st.st_ino, slash ? strdup(slash + 1) : NULL};
	}
}

/* Is there a mount below a root, and is the root itself on a file system without events? */
static void look_at_mounts(struct watchset *set)
{
	uint64_t all = 0;

	for (size_t i = 0; i < set->root_count && set->plan->poll == 0; i++) {
		const char *path = set->roots[i].path[0] ? set->roots[i].path : ".";
		scoped(fd_drop) int fd = open(path, O_PATH | O_CLOEXEC);
		char real[PATH_MAX];
		uint64_t below = 0;

		if (fd >= 0 && mounts_is_remote(fd))
			set->roots[i].remote = set->remote = true;
		if (set->mounts >= 0 && realpath(path, real) &&
		    mounts_below(set->mounts, real, &below) == 0)
			all += below;
	}
	set->mounted = all;
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
	err = make_roots(set);
	if (err >= 0)
		err = parse_lists(set);
	if (err >= 0)
		err = open_kernel(set);
	if (err < 0)
		return err;
	note_own(set, own_fds);
	look_at_mounts(set);
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
	roots_drop(set);
	rules_drop(&set->built_in);
	rules_drop(&set->ignores);
	rules_drop(&set->selects);
	for (size_t i = 0; i < array_len(set->own); i++)
		free((char *)(uintptr_t)set->own[i].name);
	free(set->buffer);
	fd_drop(&set->inotify);
	fd_drop(&set->mounts);
	(void)pthread_mutex_destroy(&set->lock);
}

/* A directory has been moved away: to elsewhere in the forest, if MOVED_TO follows. */
static void move_away(struct watchset *set, int dir, const char *name)
{
	int child = dirs_find(&set->dirs, dir, name, strlen(name));

	if (child == DIR_NONE)
		return;
	dirs_detach(&set->dirs, child);
	set->dirs.all[child].flags |= DIR_MOVING;
	set->moving++;
}

static void forget_child(struct watchset *set, int dir, const char *name)
{
	int child = dirs_find(&set->dirs, dir, name, strlen(name));

	if (child != DIR_NONE)
		scan_forget(set, child);
}

/* The forest follows what happened to a directory (or a link that may stand for one). */
static void follow_tree(struct watchset *set, int dir, const struct inotify_event *event)
{
	const bool is_dir = (event->mask & IN_ISDIR) != 0;

	if (event->mask & IN_MOVED_FROM)
		move_away(set, dir, event->name);
	else if (event->mask & IN_DELETE)
		forget_child(set, dir, event->name);
	else if ((event->mask & (IN_CREATE | IN_MOVED_TO)) && (is_dir || set->plan->follow))
		scan_adopt(set, dir, event->name, !is_dir);
}

static void report_event(struct watchset *set, struct view *view, const struct inotify_event *event)
{
	const unsigned dir = event->mask & IN_ISDIR ? BATCH_DIR : 0;
	const uint32_t mask = event->mask;

	if (mask & (IN_DELETE | IN_MOVED_FROM))
		scan_report(set, view, event->name, KIND_DELETE, dir);
	else if (mask & IN_CREATE)
		scan_report(set, view, event->name, KIND_CREATE,
			    dir | BATCH_BORN | (dir ? 0 : BATCH_UNFINISHED));
	else if (mask & IN_MOVED_TO)
		scan_report(set, view, event->name, KIND_CREATE, dir);
	else if (mask & IN_CLOSE_WRITE)
		scan_report(set, view, event->name, KIND_MODIFY, 0);
	else if (mask & IN_MODIFY)
		scan_report(set, view, event->name, KIND_MODIFY, BATCH_UNFINISHED);
	else if (mask & IN_ATTRIB)
		scan_report(set, view, event->name, KIND_ATTRIB, dir);
}

static bool changes_rules(const struct watchset *set, const struct inotify_event *event)
{
	return !set->plan->no_ignore &&
	       (event->mask & (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE)) &&
	       (strcmp(event->name, ".gitignore") == 0 || strcmp(event->name, ".ignore") == 0);
}

static void handle(struct watchset *set, struct view *view, int *view_of,
		   const struct inotify_event *event)
{
	int dir;

	set->overflow |= (event->mask & IN_Q_OVERFLOW) != 0;
	if (set->waypoints.count > 0)
		roots_event(set, event);
	dir = dirs_of_wd(&set->dirs, event->wd);
	if (dir == DIR_NONE)
		return;
	if (event->mask & IN_IGNORED) {
		/* Deleted, or its file system unmounted; the kernel has taken the watch away. */
		(void)!dirs_set_wd(&set->dirs, dir, -1);
		return;
	}
	/* What is told without a name was told by the directory above, too. */
	if (event->len == 0 || (set->dirs.all[dir].flags & DIR_MOVING))
		return;
	/* Events come in runs from one directory. */
	if (*view_of != dir && view_at(view, set, dir) < 0)
		return;
	*view_of = dir;
	report_event(set, view, event);
	if (event->mask & (IN_ISDIR | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE)) {
		follow_tree(set, dir, event);
		*view_of = DIR_NONE;
	}
	if (changes_rules(set, event)) {
		(void)!scan_visit(set, dir, VISIT_RULES);
		*view_of = DIR_NONE;
	}
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

		if (root->dir != DIR_NONE && scan_visit(set, root->dir, VISIT_SINCE) < 0)
			root->dirty = true;
		if (roots_find(set, i, true) < 0)
			root->dirty = true;
		if (root->is_file && !root->gone &&
		    (was.st_ctim.tv_sec != root->last.st_ctim.tv_sec ||
		     was.st_ctim.tv_nsec != root->last.st_ctim.tv_nsec))
			batch_add(set->batch, root->path, strlen(root->path), KIND_MODIFY, 0);
	}
	set->news.rescan_ns = now_ns() - began;
}

/* Read what is there now. Returns the number of bytes, 0 when the queue is empty. */
static size_t read_some(struct watchset *set)
{
	struct view view;
	int view_of = DIR_NONE;
	ssize_t n;

	set->sampled = wall_now() - CLOCK_LAG;
	n = read(set->inotify, set->buffer, BUFFER_SIZE);
	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *event = (const void *)(set->buffer + at);

		handle(set, &view, &view_of, event);
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

void watchset_mounts(struct watchset *set)
{
	const uint64_t before = set->mounted;

	look_at_mounts(set);
	if (set->mounted == before)
		return;
	for (size_t i = 0; i < set->root_count; i++) {
		struct root *root = &set->roots[i];

		root->dirty = true;
		/* Directories that are others now get their watches, and are reported. */
		if (root->dir != DIR_NONE)
			(void)!scan_visit(set, root->dir, VISIT_SINCE);
	}
	roots_refresh(set);
	(void)!poll_prime(set);
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
