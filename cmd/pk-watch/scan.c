/*
 * Visiting directories: watch, list, go on below. The first walk uses a few threads, since most of
 * its time is spent in the kernel; later visits are made by the caller alone.
 */
#include "scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "lists.h"
#include "mounts.h"
#include "polling.h"
#include "roots.h"

#define THREADS_MAX 4
#define THREADS_WORTH 32 /* so many directories waiting are worth a thread */
#define LISTING_SIZE 32768
#define STACK_SIZE ((size_t)128 * 1024)

/* A directory that waits for its visit. */
struct task {
	int dir;
	enum visit visit;
};

struct walk {
	struct watchset *set;
	pthread_cond_t more;
	struct task *tasks;
	size_t count, size;
	size_t busy; /* workers that are visiting */
	size_t waiting;
	size_t threads, threads_max;
	pthread_t thread[THREADS_MAX];
	int err;       /* -ENOMEM */
	int first_err; /* of the directory that the walk began with */
	int first;
	int64_t since; /* for VISIT_SINCE */
};

/* What one thread works with. */
struct worker {
	struct walk *walk;
	struct view view;
	struct buf
		names; /* of the directories (and, where they are looked at, files): type, name, NUL */
	struct lists_present present;
	_Alignas(struct dirent64) char listing[LISTING_SIZE];
};

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
	if (d->wd >= 0 && !roots_need(set, d->wd))
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

/* Put a directory on the list of tasks; the lock is held. */
static void push(struct walk *walk, int dir, enum visit visit)
{
	if (walk->count == walk->size) {
		size_t size = walk->size ? walk->size * 2 : 64;
		struct task *tasks = realloc(walk->tasks, size * sizeof(*tasks));

		if (!tasks) {
			walk->err = -ENOMEM;
			return;
		}
		walk->tasks = tasks;
		walk->size = size;
	}
	walk->tasks[walk->count++] = (struct task){.dir = dir, .visit = visit};
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

static bool is_limit(int err)
{
	return err == -ENOSPC || err == -ENOMEM || err == -EMFILE;
}

/* Compare it from time to time instead. */
static void make_polled(struct watchset *set, int dir, int limit)
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

/* Watch the directory at path. Returns its index (another one after a rename), or DIR_NONE when there
 * is nothing more to do. The lock is held, but for the call itself. */
static int watch_dir(struct watchset *set, int dir, const char *path)
{
	const struct dir *d = &set->dirs.all[dir];
	unsigned mask =
		SCAN_MASK | (d->parent == DIR_NONE || (d->flags & DIR_LINKED) ? 0 : IN_DONT_FOLLOW);
	int wd, other;

	if (set->inotify < 0 || (d->flags & DIR_POLLED)) {
		make_polled(set, dir, set->inotify < 0 && set->plan->poll == 0 ? EMFILE : 0);
		return dir;
	}
	(void)pthread_mutex_unlock(&set->lock);
	wd = inotify_add_watch(set->inotify, path, mask);
	if (wd < 0)
		wd = -errno;
	(void)pthread_mutex_lock(&set->lock);
	if (is_limit(wd)) {
		make_polled(set, dir, -wd);
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

/* The type of an entry that the listing does not tell, or that a link stands for. */
static unsigned char look_at(int fd, const char *name, int flags)
{
	struct stat st;

	if (fstatat(fd, name, &st, flags) < 0)
		return DT_REG;
	return S_ISDIR(st.st_mode) ? DT_DIR : S_ISLNK(st.st_mode) ? DT_LNK : DT_REG;
}

static bool changed_since(int fd, const char *name, int64_t since)
{
	struct stat st;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return true;
	return (int64_t)st.st_ctim.tv_sec * NS_PER_S + st.st_ctim.tv_nsec >= since;
}

/* Note what matters of one entry. */
static int take_entry(struct worker *worker, int fd, const char *name, unsigned char type,
		      enum visit visit)
{
	const struct watchset *set = worker->walk->set;
	int err;

	if (name[0] == '.') {
		if (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'))
			return 0;
		worker->present.git |= strcmp(name, ".git") == 0;
		worker->present.gitignore |= strcmp(name, ".gitignore") == 0;
		worker->present.ignore |= strcmp(name, ".ignore") == 0;
	}
	if (type == DT_UNKNOWN)
		type = look_at(fd, name, AT_SYMLINK_NOFOLLOW);
	if (type == DT_LNK && set->plan->follow && look_at(fd, name, 0) == DT_DIR)
		type = DT_LNK;
	else if (type != DT_DIR)
		type = DT_REG;
	if (type == DT_REG && visit != VISIT_NEW && visit != VISIT_MOVED &&
	    (visit != VISIT_SINCE || !changed_since(fd, name, worker->walk->since)))
		return 0;
	err = buf_add(&worker->names, &type, 1);
	return err < 0 ? err : buf_add(&worker->names, name, strlen(name) + 1);
}

static int list(struct worker *worker, int fd, enum visit visit)
{
	worker->names.len = 0;
	worker->present = (struct lists_present){0};
	for (;;) {
		/* Through void: musl declares an array of struct dirent here. */
		ssize_t n = getdents64(fd, (void *)worker->listing, sizeof(worker->listing));

		if (n <= 0)
			return n < 0 ? -errno : 0;
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *entry = (const void *)(worker->listing + at);
			int err = take_entry(worker, fd, entry->d_name, entry->d_type, visit);

			if (err < 0)
				return err;
			at += entry->d_reclen;
		}
	}
}

/* The ignore lists of the directory; the lock is not held. */
static int read_lists(struct worker *worker, int dir, int fd, uint16_t flags)
{
	struct watchset *set = worker->walk->set;
	struct rules *rules = NULL;
	int err = 0;

	if (!set->plan->no_ignore)
		err = lists_read(fd, worker->present, (flags & DIR_GIT) != 0, &rules);
	(void)pthread_mutex_lock(&set->lock);
	rules_drop(&set->dirs.all[dir].rules);
	set->dirs.all[dir].rules = rules;
	if (worker->present.git)
		set->dirs.all[dir].flags |= DIR_GIT;
	/* Again, with its own lists. */
	if (err >= 0)
		err = view_at(&worker->view, set, dir);
	(void)pthread_mutex_unlock(&set->lock);
	return err;
}

/* One directory in the listing of dir: shall it be visited? The lock is held. */
static int take_subdir(struct worker *worker, int dir, const char *name, unsigned char type,
		       enum visit visit)
{
	struct walk *walk = worker->walk;
	struct watchset *set = walk->set;
	struct dirs *dirs = &set->dirs;
	int child = dirs_find(dirs, dir, name, strlen(name));

	if (view_name(&worker->view, name) < 0)
		return 0;
	if (view_ignores(&worker->view, true)) {
		if (child != DIR_NONE)
			scan_forget(set, child);
		return 0;
	}
	if (child != DIR_NONE) {
		dirs->all[child].flags |= DIR_SEEN;
		if (visit == VISIT_SINCE || visit == VISIT_RULES || visit == VISIT_MOVED)
			push(walk, child, visit);
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
	push(walk, child, visit == VISIT_SINCE || visit == VISIT_MOVED ? VISIT_NEW : visit);
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
static int take_listing(struct worker *worker, int dir, enum visit visit)
{
	struct watchset *set = worker->walk->set;
	const bool all = visit == VISIT_NEW || visit == VISIT_MOVED;
	const bool reports = all || visit == VISIT_SINCE;
	int err = 0;

	for (const char *at = worker->names.bytes, *end = at + worker->names.len;
	     at < end && err >= 0; at += strlen(at) + 1) {
		unsigned char type = (unsigned char)*at++;

		if (reports && (type != DT_DIR || all)) {
			scan_report(set, &worker->view, at, all ? KIND_CREATE : KIND_MODIFY,
				    type == DT_DIR ? BATCH_DIR : 0);
			set->news.found++;
		}
		if (type != DT_REG && !set->plan->no_recursive)
			err = take_subdir(worker, dir, at, type, visit);
	}
	forget_unseen(set, dir);
	return err;
}

/* After an overflow a directory whose ctime has moved has lost or got entries. */
static void report_self(struct worker *worker, int fd)
{
	struct view *view = &worker->view;
	char path[PATH_MAX];
	struct stat st;

	if (fstat(fd, &st) < 0 ||
	    (int64_t)st.st_ctim.tv_sec * NS_PER_S + st.st_ctim.tv_nsec < worker->walk->since ||
	    view->len <= view->within)
		return;
	memcpy(path, view->path, view->len - 1);
	path[view->len - 1] = '\0';
	if (!view->set->selects)
		batch_add(view->set->batch, path, view->len - 1, KIND_MODIFY, BATCH_DIR);
}

/* Open and list the directory; dir is watched, or polled. */
static int open_and_list(struct worker *worker, int dir, enum visit visit, uint16_t flags)
{
	struct watchset *set = worker->walk->set;
	scoped(fd_drop) int fd = -1;
	int err;

	fd = open(worker->view.len > 0 ? worker->view.path : ".",
		  O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (set->mounted != 0 && !(flags & DIR_POLLED) && set->plan->poll == 0 &&
	    mounts_is_remote(fd)) {
		(void)pthread_mutex_lock(&set->lock);
		make_polled(set, dir, 0);
		set->remote = true;
		(void)pthread_mutex_unlock(&set->lock);
	}
	err = list(worker, fd, visit);
	if (err >= 0 && (worker->present.git || worker->present.gitignore ||
			 worker->present.ignore || visit == VISIT_RULES))
		err = read_lists(worker, dir, fd, flags);
	if (err >= 0 && visit == VISIT_SINCE)
		report_self(worker, fd);
	return err;
}

/* Returns 0, or the -errno that made us forget the directory. */
static int visit_one(struct worker *worker, struct task task)
{
	struct watchset *set = worker->walk->set;
	char path[PATH_MAX];
	uint16_t flags = 0;
	int dir = DIR_NONE, err;

	(void)pthread_mutex_lock(&set->lock);
	err = dirs_path(&set->dirs, task.dir, NULL, path);
	if (err >= 0)
		dir = watch_dir(set, task.dir, path[0] ? path : ".");
	if (dir != task.dir && task.visit == VISIT_NEW)
		task.visit = VISIT_MOVED;
	if (dir != DIR_NONE) {
		err = view_at(&worker->view, set, dir);
		flags = set->dirs.all[dir].flags;
	}
	(void)pthread_mutex_unlock(&set->lock);
	if (err >= 0 && dir == DIR_NONE)
		return 0;
	if (err >= 0)
		err = open_and_list(worker, dir, task.visit, flags);
	(void)pthread_mutex_lock(&set->lock);
	if (err >= 0)
		err = take_listing(worker, dir, task.visit);
	set->news.denied |= err == -EACCES;
	/* A directory that may not be listed may still be watched: it stays. */
	if (err < 0 && (err != -EACCES || set->dirs.all[dir].parent == DIR_NONE))
		scan_forget(set, dir != DIR_NONE ? dir : task.dir);
	(void)pthread_mutex_unlock(&set->lock);
	return err;
}

static void *work(void *arg);

/* More hands, while there is enough to do. The lock is held. */
static void hire(struct walk *walk)
{
	pthread_attr_t attr;

	if (walk->threads >= walk->threads_max || walk->count < THREADS_WORTH ||
	    pthread_attr_init(&attr) != 0)
		return;
	if (pthread_attr_setstacksize(&attr, STACK_SIZE) != 0 ||
	    pthread_create(&walk->thread[walk->threads], &attr, work, walk) != 0)
		walk->threads_max = walk->threads; /* then without */
	else
		walk->threads++;
	(void)pthread_attr_destroy(&attr);
}

/* Take the newest task; wait for one while others may still find some. The lock is held. */
static bool next_task(struct walk *walk, struct task *ret)
{
	pthread_mutex_t *lock = &walk->set->lock;

	walk->waiting++;
	while (walk->count == 0 && walk->busy > 0)
		(void)pthread_cond_wait(&walk->more, lock);
	walk->waiting--;
	if (walk->count == 0)
		return false;
	*ret = walk->tasks[--walk->count];
	walk->busy++;
	return true;
}

static void do_tasks(struct walk *walk, struct worker *worker)
{
	pthread_mutex_t *lock = &walk->set->lock;
	struct task task;

	(void)pthread_mutex_lock(lock);
	while (next_task(walk, &task)) {
		int err;

		(void)pthread_mutex_unlock(lock);
		err = visit_one(worker, task);
		(void)pthread_mutex_lock(lock);
		walk->busy--;
		if (err == -ENOMEM)
			walk->err = err;
		if (task.dir == walk->first)
			walk->first_err = err;
		hire(walk);
		if (walk->waiting > 0 && (walk->count > 0 || walk->busy == 0))
			(void)pthread_cond_broadcast(&walk->more);
	}
	(void)pthread_mutex_unlock(lock);
}

static void *work(void *arg)
{
	struct walk *walk = arg;
	struct worker *worker = malloc(sizeof(*worker));

	if (!worker)
		return NULL;
	worker->walk = walk;
	worker->names = (struct buf){.cap = (size_t)1 << 30};
	do_tasks(walk, worker);
	buf_drop(&worker->names);
	free(worker);
	return NULL;
}

/* How many threads beside this one. */
static size_t helpers(void)
{
	cpu_set_t set;
	int cpus = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

	return (size_t)(cpus < 1 ? 1 : cpus > THREADS_MAX ? THREADS_MAX : cpus) - 1;
}

int scan_visit(struct watchset *set, int dir, enum visit visit)
{
	struct walk walk = {
		.set = set,
		.threads_max = visit == VISIT_FIRST ? helpers() : 0,
		.first = dir,
		.since = set->watermark,
	};
	(void)pthread_cond_init(&walk.more, NULL);
	push(&walk, dir, visit);
	if (walk.err >= 0)
		(void)work(&walk);
	for (size_t i = 0; i < walk.threads; i++)
		(void)pthread_join(walk.thread[i], NULL);
	/* No task may be left: the first worker had no memory. */
	if (walk.count > 0)
		walk.err = -ENOMEM;
	(void)pthread_cond_destroy(&walk.more);
	free(walk.tasks);
	return walk.err < 0 ? walk.err : walk.first_err;
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
	(void)!scan_visit(set, child, VISIT_NEW);
}
