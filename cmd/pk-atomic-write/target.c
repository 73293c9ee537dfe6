/* FILE: found, looked at, locked. */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/lock.h"
#include "parents.h"
#include "tell.h"
#include "trace.h"

void target_drop(struct target *target)
{
	fd_drop(&target->fd);
	place_drop(&target->place);
}

static const char *kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "a directory";
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	case S_IFCHR:
	case S_IFBLK:
		return "a device";
	default:
		return "not a regular file";
	}
}

bool target_is_events(const struct work *work)
{
	struct stat sink, st;

	return work->events->fd >= 0 && fstat(work->events->fd, &sink) == 0 &&
	       stat(work->plan->file, &st) == 0 && sink.st_dev == st.st_dev &&
	       sink.st_ino == st.st_ino;
}

static int open_target(struct target *target)
{
	const int flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	const struct place *place = &target->place;

	fd_drop(&target->fd);
	target->locked = false;
	target->fd = openat(place->dir, place->name, O_RDONLY | flags);
	target->readable = target->fd >= 0;
	/* A file that may be written but not read (0200) can be replaced and locked all the same. */
	if (target->fd < 0 && errno == EACCES)
		target->fd = openat(place->dir, place->name, O_WRONLY | flags);
	return target->fd < 0 || fstat(target->fd, &target->st) < 0 ? -errno : 0;
}

/* Look at what has the name, before it is opened: opening a device can do something. */
bool target_look(struct work *work)
{
	struct target *target = &work->target;
	const struct place *place = &target->place;
	const char *file = work->plan->file;
	struct stat st;
	int err;

	target->exists = fstatat(place->dir, place->name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (!target->exists)
		return errno == ENOENT ||
		       tell_failed(work, "find", -errno, "cannot look at '%s'", file);
	target->link = S_ISLNK(st.st_mode);
	if (target->link && work->plan->no_dereference && !work->plan->edit)
		return true;
	if (!S_ISREG(st.st_mode))
		return tell_mistake(work, "cannot replace '%s': it is %s", file,
				    target->link ? "a symlink" : kind_of(st.st_mode));
	err = place_writable(place);
	if (err < 0)
		return tell_failed(work, "find", err, "cannot write '%s'", file);
	err = open_target(target);
	if (err == -ENOENT || err == -ELOOP)
		return target_look(work);
	return err == 0 || tell_failed(work, "find", err, "cannot open '%s'", file);
}

static int find_place(struct work *work)
{
	const struct plan *plan = work->plan;
	int err = place_open(&work->target.place, plan->file, !plan->no_dereference);

	if (err != -ENOENT || !plan->parents)
		return err;
	err = parents_make(plan->file, plan->sync == REPLACE_DURABLE);
	return err < 0 ? err : place_open(&work->target.place, plan->file, !plan->no_dereference);
}

bool target_find(struct work *work)
{
	const char *file = work->plan->file;
	int err;

	if (strcmp(file, "-") == 0)
		return tell_mistake(
			work, "cannot replace '-': that is no file (for one of this name say ./-)");
	err = find_place(work);
	if (err == -EISDIR)
		return tell_mistake(work, "cannot replace '%s': it names a directory", file);
	if (err == -EBADF)
		return tell_mistake(
			work, "cannot replace '%s': it is an open descriptor, not a name", file);
	if (err < 0)
		return tell_failed(work, "find", err, "cannot find the directory of '%s'", file);
	return target_look(work);
}

bool target_is_current(const struct target *target)
{
	struct stat now;

	return fstatat(target->place.dir, target->place.name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	       now.st_dev == target->st.st_dev && now.st_ino == target->st.st_ino;
}

bool target_is_unwritten(const struct target *target)
{
	const struct stat *then = &target->st;
	struct stat now;

	return fstat(target->fd, &now) == 0 && now.st_size == then->st_size &&
	       now.st_mtim.tv_sec == then->st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == then->st_mtim.tv_nsec;
}

bool target_is_as_seen(const struct work *work)
{
	const struct target *target = &work->target;

	return target_is_unwritten(target) && target_is_current(target) &&
	       (!work->plan->has_mode || (target->st.st_mode & 07777) == work->plan->mode);
}

/* Wait for the lock of the open file. Returns WAIT_READY: it is ours, WAIT_TIME, WAIT_STOP or -errno. */
static int wait_lock(struct work *work, int64_t deadline)
{
	struct lock lock;
	int err = lock_begin(&lock, work->target.fd, LOCK_EX), end = WAIT_READY;

	if (err < 0)
		return err;
	if (lock.ready >= 0)
		end = work_wait(work, lock.ready, deadline);
	err = lock_end(&lock);
	if (err == -EWOULDBLOCK)
		return end == WAIT_READY ? -ECHILD : end;
	return err;
}

/* File systems without locks: nothing to hold for a plain replacement, a promise broken for others. */
static bool may_go_unlocked(const struct work *work, int err)
{
	return (err == -ENOLCK || err == -EOPNOTSUPP || err == -EBADF) && !work->plan->edit &&
	       work->plan->match == MATCH_NONE_ASKED;
}

static bool take_lock(struct work *work, int64_t begun)
{
	int end = wait_lock(work, ns_add(begun, work->plan->wait));

	switch (end) {
	case WAIT_READY:
		work->target.locked = true;
		return true;
	case WAIT_TIME:
		return tell_late(work);
	case WAIT_STOP:
		return tell_stopped(work, "lock");
	default:
		return may_go_unlocked(work, end) ||
		       tell_failed(work, "lock", end, "cannot lock '%s'", work->plan->file);
	}
}

bool target_lock(struct work *work, bool *ret_changed)
{
	struct target *target = &work->target;
	const int64_t begun = now_ns();

	*ret_changed = false;
	while (target->fd >= 0) {
		if (!target->locked && !take_lock(work, begun))
			return false;
		if (target_is_current(target))
			break;
		*ret_changed = true;
		fd_drop(&target->fd);
		if (!target_look(work))
			return false;
	}
	if (target->locked)
		trace_lock(work, now_ns() - begun);
	return true;
}
