/* PATHs: the way to each is watched as well as what is there. */
#include "roots.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "mounts.h"
#include "polling.h"
#include "scan.h"

#define LINKS_MAX 40 /* as the kernel's own limit, path_resolution(7) */
#define SELF_MASK (IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR | IN_MASK_ADD)
#define NAME_MASK (SELF_MASK | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)
#define FILE_MASK (NAME_MASK | IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB)

static uint32_t hash_step(int wd, const char *name, size_t len)
{
	uint32_t hash = UINT32_C(2166136261) ^ (uint32_t)wd;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)name[i]) * UINT32_C(16777619);
	return hash ^ hash >> 15;
}

static void link_slot(struct waypoints *points, size_t i)
{
	int *slot = &points->slots[points->all[i].hash & (points->slot_count - 1)];

	points->all[i].next = *slot;
	*slot = (int)i + 1;
}

static void fill_slots(struct waypoints *points)
{
	memset(points->slots, 0, points->slot_count * sizeof(*points->slots));
	for (size_t i = 0; i < points->count; i++)
		link_slot(points, i);
}

static int make_room(struct waypoints *points)
{
	size_t size = points->size ? points->size * 2 : 16;
	struct waypoint *all;
	int *slots;

	if (points->count < points->size)
		return 0;
	all = realloc(points->all, size * sizeof(*all));
	if (!all)
		return -ENOMEM;
	points->all = all;
	slots = realloc(points->slots, size * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	points->slots = slots;
	points->size = points->slot_count = size;
	fill_slots(points);
	return 0;
}

static int add_waypoint(struct watchset *set, struct waypoint point, const char *name)
{
	int err = make_room(&set->waypoints);

	if (err < 0)
		return err;
	if (name) {
		point.name = strndup(name, point.len);
		if (!point.name)
			return -ENOMEM;
	}
	point.hash = hash_step(point.wd, name ? name : "", point.len);
	set->waypoints.all[set->waypoints.count] = point;
	link_slot(&set->waypoints, set->waypoints.count++);
	return 0;
}

bool roots_need(const struct watchset *set, int wd)
{
	for (size_t i = 0; i < set->waypoints.count; i++)
		if (set->waypoints.all[i].wd == wd)
			return true;
	return false;
}

/* Forget the way to a root. Its watches stay until nothing uses them; there are few. */
static void forget_way(struct watchset *set, int root)
{
	struct waypoints *points = &set->waypoints;
	size_t kept = 0;

	for (size_t i = 0; i < points->count; i++) {
		if (points->all[i].root == root)
			free((char *)(uintptr_t)points->all[i].name);
		else
			points->all[kept++] = points->all[i];
	}
	points->count = kept;
	if (points->slot_count > 0)
		fill_slots(points);
}

/* Watch one step: the directory `at`, and (unless NULL) a name in it. */
static int watch_step(struct watchset *set, int root, const char *at, const char *name, size_t len,
		      bool is_last)
{
	struct waypoint point = {.root = root, .len = len, .is_last = is_last};

	if (set->inotify < 0 || set->roots[root].remote)
		return 0;
	point.wd = inotify_add_watch(set->inotify, at,
				     is_last ? FILE_MASK
				     : name  ? NAME_MASK
					     : SELF_MASK);
	/* A directory on the way may be unreadable, or the limit be reached: then the PATH is only less
	 * well guarded against being replaced. The PATH's own errors show up elsewhere. */
	if (point.wd < 0) {
		if (is_last && (errno == ENOSPC || errno == ENOMEM)) {
			set->roots[root].remote = true;
			set->news.limited = true;
			set->news.limit_errno = ENOSPC;
		}
		return 0;
	}
	return add_waypoint(set, point, name);
}

/* What is left to walk: rest is the unread part of the path, at the directory reached. */
struct way {
	char at[PATH_MAX];
	char rest[PATH_MAX];
	int links;
};

/* The next step of the way into name (at most NAME_MAX bytes); false at the end. */
static bool next_step(struct way *way, char name[static NAME_MAX + 2])
{
	const char *step = way->rest + strspn(way->rest, "/");
	size_t len = strcspn(step, "/");

	if (len == 0)
		return false;
	len = len > NAME_MAX + 1 ? NAME_MAX + 1 : len;
	memcpy(name, step, len);
	name[len] = '\0';
	memmove(way->rest, step + len, strlen(step + len) + 1);
	return true;
}

static int append(char path[static PATH_MAX], const char *name)
{
	size_t at = strlen(path), len = strlen(name);
	bool slash = at > 0 && path[at - 1] != '/';

	if (at + slash + len >= PATH_MAX)
		return -ENAMETOOLONG;
	if (slash)
		path[at++] = '/';
	memcpy(path + at, name, len + 1);
	return 0;
}

/* Put the text of the link `path` in front of what is left. */
static int follow_link(struct way *way, const char *path)
{
	char text[PATH_MAX];
	ssize_t n = readlink(path, text, sizeof(text) - 1);
	size_t rest = strlen(way->rest);

	if (n < 0)
		return -errno;
	if (++way->links > LINKS_MAX)
		return -ELOOP;
	if ((size_t)n + rest + 2 > PATH_MAX)
		return -ENAMETOOLONG;
	memmove(way->rest + n + 1, way->rest, rest + 1);
	memcpy(way->rest, text, (size_t)n);
	way->rest[n] = '/';
	if (text[0] == '/')
		memcpy(way->at, "/", 2);
	return 0;
}

static const char *here(const struct way *way)
{
	return way->at[0] ? way->at : ".";
}

/*
 * Take one step, watched before it is looked at. Returns 1 to go on, 0 at the end with *ret the
 * status of what is there (st_nlink 0: nothing), or -errno.
 */
static int take_step(struct watchset *set, int root, struct way *way, struct stat *ret)
{
	char name[NAME_MAX + 2], path[PATH_MAX];
	bool is_last;
	int err;

	if (!next_step(way, name)) {
		err = watch_step(set, root, here(way), NULL, 0, false);
		return err < 0 ? err : stat(here(way), ret) < 0 ? -errno : 0;
	}
	if (strcmp(name, ".") == 0)
		return 1;
	memcpy(path, way->at, sizeof(path));
	err = append(path, name);
	if (err >= 0)
		err = watch_step(set, root, here(way), NULL, 0, false);
	if (err < 0)
		return err;
	/* Most steps are directories, and those speak for themselves when they are moved. */
	if (lstat(path, ret) == 0 && S_ISDIR(ret->st_mode)) {
		memcpy(way->at, path, sizeof(path));
		return 1;
	}
	is_last = way->rest[strspn(way->rest, "/")] == '\0';
	err = watch_step(set, root, here(way), name, strlen(name), is_last);
	if (err < 0)
		return err;
	if (lstat(path, ret) < 0) {
		*ret = (struct stat){0};
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	}
	if (S_ISLNK(ret->st_mode)) {
		err = follow_link(way, path);
		return err < 0 ? err : 1;
	}
	memcpy(way->at, path, sizeof(path));
	if (S_ISDIR(ret->st_mode))
		return 1;
	if (is_last)
		return 0;
	*ret = (struct stat){0};
	return 0;
}

/* Walk the whole way. */
static int walk_way(struct watchset *set, int root, struct stat *ret)
{
	const char *path = set->roots[root].path;
	const size_t len = strlen(path);
	struct way way = {.links = 0};
	int more;

	if (len >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(way.rest, path, len + 1);
	/* A relative way begins nowhere: the current directory may move. */
	way.at[0] = path[0] == '/' ? '/' : '\0';
	do
		more = take_step(set, root, &way, ret);
	while (more > 0);
	if (more == -ENOENT || more == -ENOTDIR) {
		*ret = (struct stat){0};
		more = 0;
	}
	return more;
}

static void report_root(struct watchset *set, const struct root *root, enum kind kind,
			unsigned flags)
{
	const char *path = root->path[0] ? root->path : ".";

	batch_add(set->batch, path, strlen(path), kind, flags);
}

/* The PATH is a directory: visit it, unless it is the one that we know. */
static int find_dir(struct watchset *set, struct root *root, bool report)
{
	struct dirs *dirs = &set->dirs;
	int known = root->dir, wd = known != DIR_NONE ? dirs->all[known].wd : -1, dir;

	if (known != DIR_NONE && wd >= 0 &&
	    inotify_add_watch(set->inotify, root->path[0] ? root->path : ".", SCAN_MASK) == wd)
		return 0;
	if (known != DIR_NONE && wd < 0)
		return 0; /* polled: what is there is compared */
	if (known != DIR_NONE)
		scan_forget(set, known);
	dir = dirs_add(dirs, DIR_NONE, root->path, strlen(root->path));
	if (dir < 0)
		return dir;
	root->dir = dir;
	dirs->all[dir].root = (int)(root - set->roots);
	dirs->all[dir].flags =
		(uint16_t)((root->in_git ? DIR_GIT : 0) | (root->remote ? DIR_POLLED : 0));
	set->polled += root->remote;
	if (report)
		report_root(set, root, KIND_CREATE, BATCH_DIR);
	return scan_visit(set, dir, report ? VISIT_NEW : VISIT_FIRST);
}

static void find_nothing(struct watchset *set, struct root *root, bool report)
{
	if (root->dir != DIR_NONE)
		scan_forget(set, root->dir);
	/* A file's own event has been reported. */
	if (report && !root->gone && !root->is_file)
		report_root(set, root, KIND_DELETE, BATCH_DIR);
	root->gone = true;
}

int roots_find(struct watchset *set, size_t number, bool report)
{
	struct root *root = &set->roots[number];
	struct stat st;
	int err;

	root->dirty = false;
	forget_way(set, (int)number);
	err = walk_way(set, (int)number, &st);
	if (err < 0)
		return err;
	if (st.st_nlink == 0) {
		find_nothing(set, root, report);
		return 0;
	}
	root->gone = false;
	root->is_file = !S_ISDIR(st.st_mode);
	if (!root->is_file)
		return find_dir(set, root, report);
	if (root->dir != DIR_NONE)
		scan_forget(set, root->dir);
	if (report && (st.st_ino != root->last.st_ino || st.st_dev != root->last.st_dev))
		report_root(set, root, KIND_CREATE, 0);
	root->last = st;
	return 0;
}

/* A PATH's file has changed. */
static void report_file(struct watchset *set, const struct root *root, uint32_t mask)
{
	if (mask & IN_ISDIR)
		return;
	if (mask & (IN_DELETE | IN_MOVED_FROM))
		report_root(set, root, KIND_DELETE, 0);
	else if (mask & IN_CREATE)
		report_root(set, root, KIND_CREATE, BATCH_BORN | BATCH_UNFINISHED);
	else if (mask & IN_MOVED_TO)
		report_root(set, root, KIND_CREATE, 0);
	else if (mask & (IN_MODIFY | IN_CLOSE_WRITE))
		report_root(set, root, KIND_MODIFY, mask & IN_CLOSE_WRITE ? 0 : BATCH_UNFINISHED);
	else if (mask & IN_ATTRIB)
		report_root(set, root, KIND_ATTRIB, 0);
}

#define REPLACES (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)
#define ENDS (IN_MOVE_SELF | IN_DELETE_SELF | IN_IGNORED | IN_UNMOUNT)

void roots_event(struct watchset *set, const struct inotify_event *event)
{
	const struct waypoints *points = &set->waypoints;
	const char *name = event->len > 0 ? event->name : "";
	size_t len = strlen(name);
	uint32_t hash = hash_step(event->wd, name, len);
	int i = points->slot_count > 0 ? points->slots[hash & (points->slot_count - 1)] : 0;

	for (; i != 0; i = points->all[i - 1].next) {
		const struct waypoint *point = &points->all[i - 1];
		struct root *root = &set->roots[point->root];

		if (point->wd != event->wd || point->len != len ||
		    (len > 0 && memcmp(point->name, name, len) != 0))
			continue;
		if (len > 0 ? (event->mask & REPLACES) : (event->mask & ENDS))
			root->dirty = true;
		if (len > 0 && point->is_last && (root->is_file || root->gone))
			report_file(set, root, event->mask);
	}
}

void roots_refresh(struct watchset *set)
{
	for (size_t i = 0; i < set->root_count; i++)
		if (set->roots[i].dirty && roots_find(set, i, true) < 0)
			find_nothing(set, &set->roots[i], true);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mode == b->st_mode &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

void roots_poll(struct watchset *set)
{
	for (size_t i = 0; i < set->root_count; i++) {
		struct root *root = &set->roots[i];
		struct stat was = root->last;
		bool was_gone = root->gone;

		if (set->inotify >= 0 && !root->remote)
			continue;
		if (roots_find(set, i, true) < 0)
			find_nothing(set, root, true);
		if (root->is_file && root->gone && !was_gone)
			report_root(set, root, KIND_DELETE, 0);
		else if (root->is_file && !root->gone && was.st_ino == root->last.st_ino &&
			 !is_same(&was, &root->last))
			report_root(set, root,
				    was.st_mtim.tv_nsec != root->last.st_mtim.tv_nsec ||
						    was.st_size != root->last.st_size ||
						    was.st_mtim.tv_sec != root->last.st_mtim.tv_sec
					    ? KIND_MODIFY
					    : KIND_ATTRIB,
				    0);
	}
}

void roots_drop(struct watchset *set)
{
	for (size_t i = 0; i < set->waypoints.count; i++)
		free((char *)(uintptr_t)set->waypoints.all[i].name);
	free(set->waypoints.all);
	free(set->waypoints.slots);
	for (size_t i = 0; i < set->root_count; i++)
		free((char *)(uintptr_t)set->roots[i].path);
	free(set->roots);
}
