/* One event of inotify(7). */
#include "handle.h"

#include <string.h>

#include "roots.h"
#include "scan.h"
#include "walk.h"

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

void handle_event(struct watchset *set, struct handler *handler, const struct inotify_event *event)
{
	struct view *view = &handler->view;
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
	if (handler->dir != dir && view_at(view, set, dir) < 0)
		return;
	handler->dir = dir;
	report_event(set, view, event);
	if (event->mask & (IN_ISDIR | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE)) {
		follow_tree(set, dir, event);
		handler->dir = DIR_NONE;
	}
	if (changes_rules(set, event)) {
		(void)!walk_tree(set, dir, VISIT_RULES);
		roots_keep(set);
		handler->dir = DIR_NONE;
	}
}
