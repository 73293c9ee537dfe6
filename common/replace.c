/* The order of system calls that replaces a file, and nothing else. */
#include "common/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/keep.h"
#include "common/lock.h"

#define FD_PATH_MAX 40

static void fd_path(char path[static FD_PATH_MAX], int fd)
{
	(void)snprintf(path, FD_PATH_MAX, "/proc/self/fd/%d", fd);
}

/* `.NAME.pkN`; a name that would be too long loses its end, never in the middle of the suffix. */
static void slot_name(char slot[static NAME_MAX + 1], const char *name, unsigned number)
{
	(void)snprintf(slot, NAME_MAX + 1, ".%.*s.pk%u", NAME_MAX - 5, name,
		       number % REPLACE_SLOTS);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Is slot the name of the file that is open as fd? */
static bool is_name_of(const struct place *place, const char *slot, int fd)
{
	struct stat opened, named;

	return fstat(fd, &opened) == 0 &&
	       fstatat(place->dir, slot, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       same_file(&opened, &named);
}

/* A second name of the target itself can only be the rest of an interrupted replace_backup. */
static bool names_target(const struct place *place, const char *slot)
{
	struct stat target, named;

	return fstatat(place->dir, slot, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(place->dir, place->name, &target, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(named.st_mode) && same_file(&named, &target);
}

/* Remove the leftover in a slot; true when the slot is free now. What we cannot open we leave. */
static bool sweep(struct replace *new, const char *slot)
{
	const struct place *place = new->place;
	scoped(fd_drop) int fd =
		openat(place->dir, slot, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	bool stale;

	if (fd < 0)
		return errno == ENOENT;
	stale = names_target(place, slot) ||
		(lock_try(fd, LOCK_EX) == 0 && is_name_of(place, slot, fd));
	if (!stale || unlinkat(place->dir, slot, 0) < 0)
		return false;
	new->swept++;
	return true;
}

typedef int take_slot(struct replace *new, const char *slot, mode_t mode);

/* Find a slot for `take`, which returns -EEXIST when it is taken. Sets new->temp. */
static int with_slot(struct replace *new, take_slot *take, mode_t mode)
{
	char slot[NAME_MAX + 1];

	for (unsigned number = 0; number < REPLACE_SLOTS; number++) {
		int err;

		slot_name(slot, new->place->name, number);
		err = take(new, slot, mode);
		if (err == -EEXIST && sweep(new, slot))
			err = take(new, slot, mode);
		if (err == -EEXIST)
			continue;
		if (err == 0)
			memcpy(new->temp, slot, sizeof(slot));
		return err;
	}
	return -EBUSY;
}

/*
 * Create the file with its temporary name. Between open and flock it looks like a leftover: whoever
 * swept it meanwhile holds its lock or has removed its name, and then it is not ours.
 */
static int take_by_creating(struct replace *new, const char *slot, mode_t mode)
{
	int fd = openat(new->place->dir, slot, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			mode);
	int err;

	if (fd < 0)
		return -errno;
	err = lock_try(fd, LOCK_EX);
	if (err == -EWOULDBLOCK || (err == 0 && !is_name_of(new->place, slot, fd))) {
		fd_drop(&fd);
		return -EEXIST;
	}
	/* Without locks (-ENOLCK, -ENOTSUP) nobody can sweep either. */
	new->fd = fd;
	return 0;
}

/* No O_TMPFILE: the file system has none, or the kernel took the flag for O_DIRECTORY. */
static bool lacks_tmpfile(int err)
{
	return err == EOPNOTSUPP || err == EISDIR || err == ENOENT || err == EINVAL;
}

int replace_stage(struct replace *new, const struct place *place, mode_t mode)
{
	*new = (struct replace){.place = place};
	new->fd = openat(place->dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
	if (new->fd >= 0)
		return 0;
	return lacks_tmpfile(errno) ? with_slot(new, take_by_creating, mode) : -errno;
}

/* Does somebody have the file open for writing? The lease is asked for and given back. */
static int ask_lease(int fd)
{
	if (fcntl(fd, F_SETLEASE, F_RDLCK) < 0) {
		if (errno == EAGAIN)
			return -ETXTBSY;
		/* No leases on this file system; or the file is not ours (NFS with mapped users). */
		return errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS || errno == EACCES
			       ? 0
			       : -errno;
	}
	(void)fcntl(fd, F_SETLEASE, F_UNLCK);
	return 0;
}

int replace_seal(struct replace *new)
{
	char path[FD_PATH_MAX];
	int fd, err;

	fd_path(path, new->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == EACCES ? 0 : -errno;
	fd_drop(&new->fd);
	new->fd = fd;
	err = ask_lease(fd);
	/* The lock that marks a named file as alive has gone with the old descriptor. */
	if (err == 0 && *new->temp)
		(void)!lock_try(fd, LOCK_EX);
	return err;
}

int replace_sync(const struct replace *new)
{
	return place_fsync(new->fd);
}

/* Name the nameless. AT_EMPTY_PATH needs no /proc, but before Linux 6.10 CAP_DAC_READ_SEARCH. */
static int link_file(const struct replace *new, const char *name)
{
	char path[FD_PATH_MAX];

	if (linkat(new->fd, "", new->place->dir, name, AT_EMPTY_PATH) == 0)
		return 0;
	if (errno == EEXIST)
		return -EEXIST;
	fd_path(path, new->fd);
	return linkat(AT_FDCWD, path, new->place->dir, name, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

static int take_by_linking(struct replace *new, const char *slot, mode_t mode)
{
	(void)mode;
	return link_file(new, slot);
}

/* A second name for the target. */
static int take_by_doubling(struct replace *new, const char *slot, mode_t mode)
{
	const struct place *place = new->place;

	(void)mode;
	return linkat(place->dir, place->name, place->dir, slot, 0) < 0 ? -errno : 0;
}

static int remove_temp(struct replace *new, int err)
{
	(void)unlinkat(new->place->dir, new->temp, 0);
	*new->temp = '\0';
	return err;
}

static int rename_temp(struct replace *new, const char *name)
{
	const struct place *place = new->place;

	if (renameat(place->dir, new->temp, place->dir, name) < 0)
		return -errno;
	*new->temp = '\0';
	return 0;
}

static int link_and_rename(struct replace *new, const char *name)
{
	int err = *new->temp ? 0 : with_slot(new, take_by_linking, 0);

	if (err < 0)
		return err;
	err = rename_temp(new, name);
	return err < 0 ? remove_temp(new, err) : 0;
}

/* A step in which a file has its temporary name. */
static int without_signals(struct replace *new, const char *name,
			   int (*step)(struct replace *, const char *))
{
	sigset_t all, old;
	int err;

	(void)sigfillset(&all);
	if (sigprocmask(SIG_BLOCK, &all, &old) < 0)
		return -errno;
	err = step(new, name);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	return err;
}

int replace_commit(struct replace *new)
{
	/* The lock marks the temporary name as alive; without locks nobody sweeps. */
	(void)!lock_try(new->fd, LOCK_EX);
	return without_signals(new, new->place->name, link_and_rename);
}

/* The system call: musl has no renameat2. */
static int rename_noreplace(int dir, const char *old, const char *new)
{
	return (int)syscall(SYS_renameat2, dir, old, dir, new, RENAME_NOREPLACE);
}

/* A file that has a name: RENAME_NOREPLACE where it is known, else the target by a second link. */
static int rename_exclusive(struct replace *new, const char *name)
{
	const struct place *place = new->place;

	if (rename_noreplace(place->dir, new->temp, name) == 0) {
		*new->temp = '\0';
		return 0;
	}
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (linkat(place->dir, new->temp, place->dir, name, 0) < 0)
		return -errno;
	return remove_temp(new, 0);
}

int replace_create(struct replace *new)
{
	const char *name = new->place->name;

	return *new->temp ? without_signals(new, name, rename_exclusive) : link_file(new, name);
}

static int double_and_rename(struct replace *old, const char *name)
{
	const struct place *place = old->place;
	int err = with_slot(old, take_by_doubling, 0);

	if (err == 0 && renameat(place->dir, old->temp, place->dir, name) < 0)
		err = -errno;
	/* rename(2) does nothing when both are names of one file: then the temporary one is still there. */
	return *old->temp ? remove_temp(old, err) : err;
}

int replace_backup(struct replace *new, const char *name)
{
	/* A slot of its own: the new file may have one already. */
	struct replace old = {.place = new->place, .fd = -1};
	int err = without_signals(&old, name, double_and_rename);

	new->swept += old.swept;
	return err;
}

int replace_settle(const struct replace *new)
{
	return place_sync(new->place, new->fd);
}

void replace_drop(struct replace *new)
{
	int saved = errno;

	if (*new->temp)
		(void)remove_temp(new, 0);
	fd_drop(&new->fd);
	errno = saved;
}

/* Open the target: 1, 0 when there is none, or -errno. */
static int open_target(const struct place *place, int *ret_fd)
{
	struct stat st;

	*ret_fd = openat(place->dir, place->name,
			 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (*ret_fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(*ret_fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? 1 : -EINVAL;
}

static int fill(struct replace *new, const void *bytes, size_t len, int target)
{
	struct keep_lost lost;
	int err = fd_write_full(new->fd, bytes, len);

	return err < 0 || target < 0 ? err : keep_metadata(new->fd, target, &lost);
}

int replace_bytes(const char *path, const void *bytes, size_t len, mode_t mode,
		  enum replace_durability durability)
{
	scoped(place_drop) struct place place = PLACE_NONE;
	scoped(replace_drop) struct replace new = REPLACE_NONE;
	scoped(fd_drop) int target = -1;
	int err = place_open(&place, path, true);

	if (err == 0)
		err = open_target(&place, &target);
	if (err >= 0)
		err = replace_stage(&new, &place, err == 1 ? 0600 : mode);
	if (err == 0)
		err = fill(&new, bytes, len, target);
	if (err == 0 && durability != REPLACE_LAZY)
		err = replace_sync(&new);
	if (err == 0)
		err = replace_commit(&new);
	if (err == 0 && durability == REPLACE_DURABLE)
		err = replace_settle(&new) < 0;
	return err;
}
