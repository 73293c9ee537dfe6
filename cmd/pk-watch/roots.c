/* PATHs: the way to each is watched as well as what is there. */
#include "roots.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "scan.h"
#include "snapshot.h"
#include "walk.h"
#include "way.h"

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
	return walk_tree(set, dir, report ? VISIT_NEW : VISIT_FIRST);
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
	waypoints_forget(&set->waypoints, (int)number);
	err = way_walk(set, (int)number, &st);
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
	struct waypoint_at at;

	for (const struct waypoint *point = waypoints_first(&set->waypoints, event->wd,
							    event->len > 0 ? event->name : "", &at);
	     point; point = waypoints_next(&set->waypoints, &at)) {
		struct root *root = &set->roots[point->root];

		root->dirty |= (event->mask & (at.len > 0 ? REPLACES : ENDS)) != 0;
		if (point->is_last && (root->is_file || root->gone))
			report_file(set, root, event->mask);
	}
}

void roots_keep(struct watchset *set)
{
	for (size_t i = 0; i < set->root_count; i++) {
		struct root *root = &set->roots[i];

		if (root->dir == DIR_NONE && !root->gone && !root->is_file)
			(void)!find_dir(set, root, false);
	}
}

void roots_refresh(struct watchset *set)
{
	for (size_t i = 0; i < set->root_count; i++)
		if (set->roots[i].dirty && roots_find(set, i, true) < 0)
			find_nothing(set, &set->roots[i], true);
}

/* A PATH without a watch: look for it, and at the file that it may be. */
static void poll_root(struct watchset *set, size_t number)
{
	struct root *root = &set->roots[number];
	const struct shot was = shot_of(&root->last);
	const bool was_gone = root->gone;
	struct shot is;

	if (roots_find(set, number, true) < 0)
		find_nothing(set, root, true);
	is = shot_of(&root->last);
	if (!root->is_file)
		return;
	if (root->gone && !was_gone)
		report_root(set, root, KIND_DELETE, 0);
	else if (!root->gone && was.ino == is.ino && !shot_is_same(&was, &is))
		report_root(set, root, shot_difference(&was, &is), 0);
}

void roots_poll(struct watchset *set)
{
	for (size_t i = 0; i < set->root_count; i++)
		if (set->inotify < 0 || set->roots[i].remote)
			poll_root(set, i);
}
