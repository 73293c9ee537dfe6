/* Visiting one directory: watch it, list it, report it, and find what is below. */
#include "visit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>

#include "common/fd.h"
#include "lists.h"
#include "mounts.h"
#include "scan.h"
#include "watchdir.h"

/* The ignore lists of the directory; the lock is not held. */
static int read_lists(struct visitor *visitor, int dir, int fd, unsigned flags)
{
	struct watchset *set = visitor->set;
	struct rules *rules = NULL;
	int err = 0;

	if (!set->plan->no_ignore)
		err = lists_read(fd, visitor->listing.present, (flags & DIR_GIT) != 0, &rules);
	(void)pthread_mutex_lock(&set->lock);
	rules_drop(&set->dirs.all[dir].rules);
	set->dirs.all[dir].rules = rules;
	if (visitor->listing.present.git)
		set->dirs.all[dir].flags |= DIR_GIT;
	/* Again, with its own lists. */
	if (err >= 0)
		err = view_at(&visitor->view, set, dir);
	(void)pthread_mutex_unlock(&set->lock);
	return err;
}

/* One directory in the listing of dir: shall it be visited? The lock is held. */
static int take_subdir(struct visitor *visitor, int dir, const char *name, unsigned char type,
		       enum visit visit)
{
	struct watchset *set = visitor->set;
	struct dirs *dirs = &set->dirs;
	int child = dirs_find(dirs, dir, name, strlen(name));

	if (view_name(&visitor->view, name) < 0)
		return 0;
	if (view_ignores(&visitor->view, true)) {
		if (child != DIR_NONE)
			scan_forget(set, child);
		return 0;
	}
	if (child != DIR_NONE) {
		dirs->all[child].flags |= DIR_SEEN;
		if (visit == VISIT_SINCE || visit == VISIT_RULES || visit == VISIT_MOVED)
			walk_push(visitor->walk, child, visit);
		return 0;
	}
	child = dirs_add(dirs, dir, name, strlen(name));
	if (child < 0)
		return child;
	dirs->all[child].flags =
		(uint16_t)((dirs->all[dir].flags & (DIR_GIT | DIR_POLLED)) | DIR_SEEN);
	if (dirs->all[child].flags & DIR_POLLED)
		set->polled++;
	if (type == DT_LNK)
		dirs->all[child].flags |= DIR_LINKED;
	walk_push(visitor->walk, child,
		  visit == VISIT_SINCE || visit == VISIT_MOVED ? VISIT_NEW : visit);
	return 0;
}

/* Children that the listing did not show have gone. */
static void forget_unseen(struct watchset *set, int dir)
{
	for (int next, child = set->dirs.all[dir].child; child != DIR_NONE; child = next) {
		next = set->dirs.all[child].next;
		if (!(set->dirs.all[child].flags & DIR_SEEN))
			scan_forget(set, child);
		else
			set->dirs.all[child].flags &= (uint16_t)~DIR_SEEN;
	}
}

/* The listing stands in names: report, and go on below. */
static int take_listing(struct visitor *visitor, int dir, enum visit visit)
{
	struct watchset *set = visitor->set;
	const bool all = visit == VISIT_NEW || visit == VISIT_MOVED;
	const struct buf *names = &visitor->listing.names;
	const bool reports = all || visit == VISIT_SINCE;
	int err = 0;

	for (const char *at = names->bytes, *end = at + names->len; at < end && err >= 0;
	     at += strlen(at) + 1) {
		unsigned char type = (unsigned char)*at++;

		if (reports && (type != DT_DIR || all)) {
			scan_report(set, &visitor->view, at, all ? KIND_CREATE : KIND_MODIFY,
				    (type == DT_DIR ? BATCH_DIR : 0) | (all ? 0 : BATCH_GUESSED));
			set->news.found++;
		}
		if (type != DT_REG && !set->plan->no_recursive)
			err = take_subdir(visitor, dir, at, type, visit);
	}
	forget_unseen(set, dir);
	return err;
}

/*
 * After an overflow a directory whose ctime has moved has lost or got entries. Which, nobody knows: it
 * is reported whatever -e and -f ask for.
 */
static void report_self(struct visitor *visitor, int fd)
{
	struct view *view = &visitor->view;
	char path[PATH_MAX];

	if (view->len <= view->within || !listing_is_since(fd, "", visitor->since))
		return;
	memcpy(path, view->path, view->len - 1);
	path[view->len - 1] = '\0';
	batch_add(view->set->batch, path, view->len - 1, KIND_MODIFY, BATCH_DIR | BATCH_GUESSED);
}

static struct listing_wish wish_of(const struct visitor *visitor, enum visit visit)
{
	return (struct listing_wish){
		.follow = visitor->set->plan->follow,
		.files = visit == VISIT_NEW || visit == VISIT_MOVED ? FILES_ALL
			 : visit == VISIT_SINCE			    ? FILES_SINCE
								    : FILES_NONE,
		.since = visitor->since,
	};
}

/* A mounted directory may be on a file system without events. */
static void look_at_system(struct visitor *visitor, int dir, int fd)
{
	struct watchset *set = visitor->set;

	if (set->mounted == 0 || set->plan->poll > 0 || !mounts_is_remote(fd))
		return;
	(void)pthread_mutex_lock(&set->lock);
	watchdir_poll(set, dir, 0);
	set->remote = true;
	(void)pthread_mutex_unlock(&set->lock);
}

/* Open and list the directory; dir is watched, or polled. */
static int open_and_list(struct visitor *visitor, int dir, enum visit visit, bool had_rules,
			 unsigned flags)
{
	const struct lists_present *present = &visitor->listing.present;
	/* openat: musl's open adds a call of its own for O_CLOEXEC. */
	scoped(fd_drop) int fd = openat(AT_FDCWD, visitor->view.len > 0 ? visitor->view.path : ".",
					O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
	int err;

	if (fd < 0)
		return -errno;
	if (!(flags & DIR_POLLED))
		look_at_system(visitor, dir, fd);
	err = listing_read(&visitor->listing, fd, wish_of(visitor, visit));
	if (err >= 0 && (present->git || present->gitignore || present->ignore || had_rules))
		err = read_lists(visitor, dir, fd, flags);
	if (err >= 0 && visit == VISIT_SINCE)
		report_self(visitor, fd);
	return err;
}

int visit_dir(struct visitor *visitor, int known, enum visit visit)
{
	struct watchset *set = visitor->set;
	bool had_rules = false;
	char path[PATH_MAX];
	unsigned flags = 0;
	int dir = DIR_NONE, err;

	(void)pthread_mutex_lock(&set->lock);
	err = dirs_path(&set->dirs, known, NULL, path);
	/* It may have been forgotten since it was found. */
	if (err >= 0 && !(set->dirs.all[known].flags & DIR_FREE))
		dir = watchdir_begin(set, known, path[0] ? path : ".");
	if (dir != known && visit == VISIT_NEW)
		visit = VISIT_MOVED;
	if (dir != DIR_NONE) {
		err = view_at(&visitor->view, set, dir);
		flags = set->dirs.all[dir].flags;
		had_rules = set->dirs.all[dir].rules != NULL;
	}
	(void)pthread_mutex_unlock(&set->lock);
	if (err >= 0 && dir == DIR_NONE)
		return 0;
	if (err >= 0)
		err = open_and_list(visitor, dir, visit, had_rules, flags);
	(void)pthread_mutex_lock(&set->lock);
	if (err >= 0)
		err = take_listing(visitor, dir, visit);
	set->news.denied |= err == -EACCES || err == -ENAMETOOLONG;
	/* A directory that may not be listed may still be watched: it stays. */
	if (err < 0 && (err != -EACCES || set->dirs.all[dir].parent == DIR_NONE))
		scan_forget(set, dir != DIR_NONE ? dir : known);
	(void)pthread_mutex_unlock(&set->lock);
	return err;
}
