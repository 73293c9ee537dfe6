/* One directory and the kernel: a watch, or comparison from time to time. */
#include "watchdir.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "scan.h"

static bool is_limit(int err)
{
	return err == -ENOSPC || err == -ENOMEM || err == -EMFILE;
}

/*
 * The kernel says that the directory at dir's path is one that we know at another: it was renamed, and
 * the event is on its way; or there are two ways to it. Returns the index to go on with, or DIR_NONE
 * when there is nothing to do. The lock is held.
 */
static int meet(struct watchset *set, int dir, int other)
{
	struct dirs *dirs = &set->dirs;
	struct dir *d = &dirs->all[dir], *o = &dirs->all[other];
	char name[NAME_MAX + 1];
	size_t len = d->name_len;
	int parent = d->parent;

	if (parent == DIR_NONE || o->parent == DIR_NONE || (d->flags & DIR_LINKED) ||
	    len > NAME_MAX || dirs_is_above(dirs, other, dir)) {
		if (!(o->flags & DIR_MOVING)) {
			scan_forget(set, dir);
			return DIR_NONE;
		}
	}
	memcpy(name, dirs->names.bytes + d->name, len);
	scan_forget(set, dir);
	if (dirs->all[other].flags & DIR_MOVING)
		set->moving--;
	else
		dirs_detach(dirs, other);
	dirs->all[other].flags &= (uint16_t)~DIR_MOVING;
	return dirs_attach(dirs, other, parent, name, len) < 0 ? DIR_NONE : other;
}

void watchdir_poll(struct watchset *set, int dir, int limit)
{
	struct dir *d = &set->dirs.all[dir];

	if (limit && !set->news.limited) {
		set->news.limited = true;
		set->news.limit_errno = limit;
	}
	if (!(d->flags & DIR_POLLED))
		set->polled++;
	d->flags |= DIR_POLLED;
}

/* Is the directory one of those that its path leads through? */
static bool leads_back(const char *path)
{
	char above[PATH_MAX];
	struct stat st, other;
	char *slash;

	if (stat(path, &st) < 0)
		return false;
	(void)snprintf(above, sizeof(above), "%s", path);
	while ((slash = strrchr(above, '/')) != NULL) {
		slash[slash == above] = '\0';
		if (stat(above, &other) == 0 && other.st_dev == st.st_dev &&
		    other.st_ino == st.st_ino)
			return true;
		if (slash == above)
			return false;
	}
	return stat(".", &other) == 0 && other.st_dev == st.st_dev && other.st_ino == st.st_ino;
}

int watchdir_begin(struct watchset *set, int dir, const char *path)
{
	const struct dir *d = &set->dirs.all[dir];
	unsigned mask =
		SCAN_MASK | (d->parent == DIR_NONE || (d->flags & DIR_LINKED) ? 0 : IN_DONT_FOLLOW);
	int wd, other;

	if (set->inotify < 0 || (d->flags & DIR_POLLED)) {
		/* Without watch descriptors nobody else tells that a link leads back. */
		if ((d->flags & DIR_LINKED) && leads_back(path)) {
			scan_forget(set, dir);
			return DIR_NONE;
		}
		watchdir_poll(set, dir, set->inotify < 0 && set->plan->poll == 0 ? EMFILE : 0);
		return dir;
	}
	(void)pthread_mutex_unlock(&set->lock);
	wd = inotify_add_watch(set->inotify, path, mask);
	if (wd < 0)
		wd = -errno;
	(void)pthread_mutex_lock(&set->lock);
	if (is_limit(wd)) {
		watchdir_poll(set, dir, -wd);
		return dir;
	}
	if (wd < 0)
		return dir; /* the listing will tell why */
	other = dirs_of_wd(&set->dirs, wd);
	if (other != DIR_NONE && other != dir)
		return meet(set, dir, other);
	if (set->dirs.all[dir].wd >= 0 && set->dirs.all[dir].wd != wd) {
		/* Another directory has taken its place; what was below it is elsewhere, or gone. */
		while (set->dirs.all[dir].child != DIR_NONE)
			scan_forget(set, set->dirs.all[dir].child);
		(void)inotify_rm_watch(set->inotify, set->dirs.all[dir].wd);
	}
	return dirs_set_wd(&set->dirs, dir, wd) < 0 ? DIR_NONE : dir;
}
