#ifndef PK_PLACE_H
#define PK_PLACE_H

#include <limits.h>
#include <stdbool.h>

#include "common/base.h"

/*
 * Where a file is: its directory as a descriptor and its name there, found once, so that whatever
 * happens to the path meanwhile, all steps of a replacement meet the same directory.
 */
struct place {
	int dir;    /* -1: none */
	bool blind; /* the directory cannot be read (0300): dir is an O_PATH descriptor */
	char name[NAME_MAX + 1];
};

#define PLACE_NONE ((struct place){.dir = -1})

/*
 * Find path, which need not exist but whose directory must. With follow, a symlink in the last
 * position leads on to what it names, there or not. Each step is tried through the kernel first, so
 * that its rules hold (protected_symlinks of proc(5)). Returns 0 or -errno:
 *   -EISDIR  the path can only name a directory: it ends in `/`, `.` or `..`
 *   -EBADF   it leads through a link of /proc to an open descriptor (/dev/stdout): there is no name
 *   -ELOOP, -ENAMETOOLONG, -ENOENT, -EACCES ... as open(2)
 */
must_check int place_open(struct place *ret, const char *path, bool follow);

/*
 * May the caller write the file that has the name, as `>` would? Returns 0 or -errno: -EACCES,
 * -EROFS, -EPERM (immutable) ... By the real user and group, which are the effective ones of a
 * program that refuses to run set-user-ID.
 */
must_check int place_writable(const struct place *place);

/* Close the directory and leave the place empty; keeps errno. For scoped(). */
void place_drop(struct place *place);

/*
 * fsync(2), again only after EINTR, which has taken no error away (FUSE, NFS). Returns 0 or -errno;
 * a failure must not be tried again, the kernel may have dropped what it could not write.
 */
must_check int place_fsync(int fd);

/*
 * Make the entries of the directory durable: fsync(2) on it, or syncfs(2) through file, a descriptor
 * on the same file system, where the directory cannot be opened or does not know fsync. Returns 0 or
 * -errno, not to be tried again either.
 */
must_check int place_sync(const struct place *place, int file);

#endif
