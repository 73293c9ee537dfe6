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
#include "common/slot.h"

#define FD_PATH_MAX 40

static void fd_path(char path[static FD_PATH_MAX], int fd)
{
	(void)snprintf(path, FD_PATH_MAX, "/proc/self/fd/%d", fd);
}

/* What take_by_creating needs. */
struct creation {
	struct replace *new;
	mode_t mode;
};

/*
 * Create the file with its temporary name. Between open and flock it looks like a leftover: whoever
 * swept it meanwhile holds its lock or has removed its name, and then it is not ours.
 */
static int take_by_creating(void *arg, const char *slot)
{
	struct creation *creation = arg;
	const struct place *place = creation->new->place;
	int fd = openat(place->dir, slot, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			creation->mode);
	int err;

	if (fd < 0)
		return -errno;
	err = lock_try(fd, LOCK_SH);
	if (err == -EWOULDBLOCK || (err == 0 && !slot_names(place, slot, fd))) {
		fd_drop(&fd);
		return -EEXIST;
	}
	/* Without locks (-ENOLCK, -ENOTSUP) nobody can sweep either. */
	creation->new->fd = fd;
	return 0;
}

static int claim(struct replace *new, slot_take *take, void *arg)
{
	return slot_claim(new->place, take, arg, new->temp, &new->swept);
}

/*
 * No O_TMPFILE: the file system has none, the kernel took the flag for O_DIRECTORY, or a sandbox does
 * not know it. Where the directory cannot be written (EPERM, too: it is immutable), a named file has
 * the same answer.
 */
static bool lacks_tmpfile(int err)
{
	return err == EOPNOTSUPP || err == EISDIR || err == ENOENT || err == EINVAL ||
	       err == EPERM || err == ENOSYS;
}

int replace_stage(struct replace *new, const struct place *place, mode_t mode)
{
	*new = (struct replace){.place = place};
	new->fd = openat(place->dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
	if (new->fd >= 0)
		return 0;
	if (!lacks_tmpfile(errno))
		return -errno;
	return claim(new, take_by_creating, &(struct creation){new, mode});
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
	int fd;

	fd_path(path, new->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == EACCES ? 0 : -errno;
	/* The lock that marks a named file as alive goes with the old descriptor. */
	if (*new->temp)
		(void)!lock_try(fd, LOCK_SH);
	fd_drop(&new->fd);
	new->fd = fd;
	return ask_lease(fd);
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

static int take_by_linking(void *arg, const char *slot)
{
	const struct replace *new = arg;

	return link_file(new, slot);
}

/* A second name for the target. */
static int take_by_doubling(void *arg, const char *slot)
{
	const struct place *place = ((const struct replace *)arg)->place;

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
	int err = *new->temp ? 0 : claim(new, take_by_linking, new);

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
	(void)!lock_try(new->fd, LOCK_SH);
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
	int err = claim(old, take_by_doubling, old);

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
