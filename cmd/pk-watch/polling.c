/* Directories without a watch are compared with what they were. */
#include "polling.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scan.h"
#include "snapshot.h"
#include "view.h"
#include "walk.h"

static int make_room(struct watchset *set)
{
	size_t count = (size_t)set->dirs.count;
	struct snapshot **all;

	if (count <= set->snapshot_count)
		return 0;
	all = realloc(set->snapshots, count * sizeof(struct snapshot *));
	if (!all)
		return -ENOMEM;
	memset(all + set->snapshot_count, 0,
	       (count - set->snapshot_count) * sizeof(struct snapshot *));
	set->snapshots = all;
	set->snapshot_count = count;
	return 0;
}

static bool is_polled(const struct watchset *set, int dir)
{
	const uint16_t flags = set->dirs.all[dir].flags;

	return (flags & DIR_POLLED) && !(flags & (DIR_FREE | DIR_MOVING));
}

int poll_prime(struct watchset *set)
{
	char path[PATH_MAX];
	int err = set->polled > 0 ? make_room(set) : 0;

	for (int dir = 0; dir < set->dirs.count && set->polled > 0 && err != -ENOMEM; dir++)
		if (is_polled(set, dir) && !set->snapshots[dir] &&
		    dirs_path(&set->dirs, dir, NULL, path) >= 0)
			err = snapshot_take(path, &set->snapshots[dir]);
	return err == -ENOMEM ? err : 0;
}

void poll_forget(struct watchset *set, int dir)
{
	set->polled--;
	if ((size_t)dir < set->snapshot_count)
		snapshot_drop(&set->snapshots[dir]);
}

/* An entry has appeared, changed or gone; a directory that did is to be visited, or forgotten. */
static void report(struct watchset *set, struct view *view, int dir, const char *name, mode_t mode,
		   enum kind kind)
{
	bool is_dir = S_ISDIR(mode) || (S_ISLNK(mode) && set->plan->follow);
	int child = is_dir ? dirs_find(&set->dirs, dir, name, strlen(name)) : DIR_NONE;

	scan_report(set, view, name, kind,
		    (S_ISDIR(mode) ? BATCH_DIR : 0) | (kind == KIND_CREATE ? BATCH_BORN : 0));
	if (child != DIR_NONE && kind != KIND_ATTRIB)
		scan_forget(set, child);
	if (is_dir && kind == KIND_CREATE)
		scan_adopt(set, dir, name, S_ISLNK(mode));
}

static bool is_list(const char *name)
{
	return strcmp(name, ".gitignore") == 0 || strcmp(name, ".ignore") == 0;
}

/* Walk through both sorted lists at once. Returns whether an ignore list is among the differences. */
static bool compare(struct watchset *set, struct view *view, int dir, const struct snapshot *old,
		    const struct snapshot *new)
{
	const size_t old_count = snapshot_count(old), new_count = snapshot_count(new);
	bool lists = false;

	for (size_t i = 0, j = 0; i < old_count || j < new_count;) {
		const struct shot *was = i < old_count ? snapshot_shot(old, i) : NULL;
		const struct shot *is = j < new_count ? snapshot_shot(new, j) : NULL;
		const int order = !was ? 1 : !is ? -1 : strcmp(was->name, is->name);
		const struct shot *shot = order < 0 ? was : is;

		assert(shot);
		if (order != 0 || !shot_is_same(was, is)) {
			report(set, view, dir, shot->name, shot->mode,
			       order < 0   ? KIND_DELETE
			       : order > 0 ? KIND_CREATE
					   : shot_difference(was, is));
			lists |= is_list(shot->name);
		}
		i += order <= 0;
		j += order >= 0;
	}
	return lists;
}

static void compare_dir(struct watchset *set, struct view *view, int dir)
{
	struct snapshot *old = set->snapshots[dir], *new = NULL;
	char path[PATH_MAX];

	/* A directory that cannot be listed is reported by the one above it. */
	if (!old || dirs_path(&set->dirs, dir, NULL, path) < 0 || snapshot_take(path, &new) < 0 ||
	    view_at(view, set, dir) < 0) {
		snapshot_drop(&new);
		return;
	}
	set->snapshots[dir] = new;
	if (compare(set, view, dir, old, new) && !set->plan->no_ignore)
		(void)!walk_tree(set, dir, VISIT_RULES);
	snapshot_drop(&old);
}

void poll_compare(struct watchset *set)
{
	struct view view;

	if (make_room(set) < 0)
		return;
	/* Those that appear meanwhile have no snapshot yet. */
	for (int dir = 0; dir < set->dirs.count && (size_t)dir < set->snapshot_count; dir++)
		if (is_polled(set, dir))
			compare_dir(set, &view, dir);
	(void)!poll_prime(set);
}
