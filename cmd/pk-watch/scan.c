/* Names in watched directories: reporting, forgetting and adopting them. */
#include "scan.h"

#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "polling.h"
#include "walk.h"

static bool is_own_output(const struct watchset *set, const char *path, const char *name)
{
	struct stat st;

	for (size_t i = 0; i < array_len(set->own); i++) {
		const struct own_output *own = &set->own[i];

		if (own->name && strcmp(own->name, name) == 0 && lstat(path, &st) == 0 &&
		    st.st_dev == own->dev && st.st_ino == own->ino)
			return true;
	}
	return false;
}

void scan_report(struct watchset *set, struct view *view, const char *name, enum kind kind,
		 unsigned flags)
{
	const bool is_dir = (flags & BATCH_DIR) != 0;
	int len = view_name(view, name);

	if (len < 0 || view_ignores(view, is_dir) || !view_selects(view, is_dir) ||
	    is_own_output(set, view->path, name))
		return;
	batch_add(set->batch, view->path, (size_t)len, kind, flags);
}

static void forget_one(struct watchset *set, int dir)
{
	struct dir *d = &set->dirs.all[dir];

	/* A watch that a PATH needs for itself stays; its events here are no longer of interest. */
	if (d->wd >= 0 && !waypoints_use(&set->waypoints, d->wd))
		(void)inotify_rm_watch(set->inotify, d->wd);
	if (d->flags & DIR_POLLED)
		poll_forget(set, dir);
	if (d->flags & DIR_MOVING)
		set->moving--;
	if (d->parent == DIR_NONE && !(d->flags & DIR_MOVING))
		set->roots[d->root].dir = DIR_NONE;
	dirs_remove(&set->dirs, dir);
}

void scan_forget(struct watchset *set, int dir)
{
	const struct dirs *dirs = &set->dirs;
	int at = dir;

	/* Deepest first, without recursion. */
	for (;;) {
		int above;

		while (dirs->all[at].child != DIR_NONE)
			at = dirs->all[at].child;
		above = dirs->all[at].parent;
		forget_one(set, at);
		if (at == dir)
			return;
		at = above;
	}
}

void scan_adopt(struct watchset *set, int dir, const char *name, bool is_link)
{
	struct dirs *dirs = &set->dirs;
	size_t len = strlen(name);
	struct view view;
	struct stat st;
	int child;

	if (set->plan->no_recursive || view_at(&view, set, dir) < 0 || view_name(&view, name) < 0 ||
	    view_ignores(&view, true))
		return;
	if (is_link && (stat(view.path, &st) < 0 || !S_ISDIR(st.st_mode)))
		return;
	child = dirs_find(dirs, dir, name, len);
	if (child == DIR_NONE) {
		child = dirs_add(dirs, dir, name, len);
		if (child < 0)
			return;
		dirs->all[child].flags =
			(uint16_t)((dirs->all[dir].flags & (DIR_GIT | DIR_POLLED)) |
				   (is_link ? DIR_LINKED : 0));
		set->polled += (dirs->all[child].flags & DIR_POLLED) != 0;
	}
	/* It may have gone already: its event is on the way. */
	(void)!walk_tree(set, child, VISIT_NEW);
}
