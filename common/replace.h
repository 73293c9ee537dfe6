#ifndef PK_REPLACE_H
#define PK_REPLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/base.h"
#include "common/place.h"

/*
 * A file is replaced whole or not at all. The new content is written to a file without a name
 * (O_TMPFILE of open(2)) in the target's own directory; it gets a name only between two adjacent
 * system calls, link and rename, because linkat(2) never replaces. Where O_TMPFILE is missing (NFS,
 * vfat) the file has its temporary name from the start.
 *
 *	scoped(replace_drop) struct replace new = REPLACE_NONE;
 *	err = replace_stage(&new, &place, 0666);
 *	... write to new.fd ...
 *	err = replace_sync(&new);      -errno: the target is untouched
 *	err = replace_commit(&new);    -errno: the target is untouched
 *	err = replace_settle(&new);    -errno: replaced, but perhaps not durable
 *
 * The temporary names are slot.h's: what a SIGKILL leaves is removed by the next replacement.
 *
 * Mechanism only: who may replace, whether the old content still is what somebody saw, and what
 * becomes of mode and owner is the caller's (lock.h, keep.h). Nothing is locked but our own file.
 */
struct replace {
	const struct place *place; /* must outlive this */
	int fd;			   /* the new file, open for reading and writing; -1: none */
	char temp[NAME_MAX + 1];   /* its temporary name; empty: it has none */
	int swept;		   /* how many leftovers were removed */
};

#define REPLACE_NONE ((struct replace){.fd = -1})

/*
 * Create the new file. mode is open(2)'s: the umask and a default ACL of the directory apply; 0600
 * keeps it private until the caller sets another. Returns 0 or -errno (-EACCES, -EROFS: the
 * directory cannot be written; -EBUSY: all slots are taken by live writers).
 */
must_check int replace_stage(struct replace *new, const struct place *place, mode_t mode);

/*
 * The new file is complete: let nobody write to it any more. new->fd becomes a descriptor that is
 * open for reading only, and the kernel is asked for a read lease (F_SETLEASE of fcntl(2)), which it
 * refuses while anybody has the file open for writing: a stray child that inherited the descriptor.
 * Returns 0, -ETXTBSY: somebody could still write, or another -errno. Where leases are not known, or
 * /proc is missing, nothing is found.
 */
must_check int replace_seal(struct replace *new);

/* Make the content durable. Returns 0 or -errno: throw the file away then, a second fsync(2) would
 * report success for pages that were lost. */
must_check int replace_sync(const struct replace *new);

/*
 * Put the new file in the target's place. Signals are blocked for the moment in which it has its
 * temporary name. Returns 0, or -errno with the target untouched (-EBUSY: it is a mount point).
 */
must_check int replace_commit(struct replace *new);

/* The same where no target may be: -EEXIST when there is one. It never has a temporary name. */
must_check int replace_create(struct replace *new);

/*
 * Give the present target a second name, `name`, which is replaced if it is there; the target keeps
 * its own throughout. Returns 0 or -errno.
 */
must_check int replace_backup(struct replace *new, const char *name);

/* Make the replacement durable: fsync of the directory. Not to be repeated either. */
must_check int replace_settle(const struct replace *new);

/* Remove what has not been committed and leave *new empty; keeps errno. For scoped(). */
void replace_drop(struct replace *new);

/* How durable: not at all; whole after a crash, but perhaps the old content; durable on return. */
enum replace_durability { REPLACE_LAZY, REPLACE_WHOLE, REPLACE_DURABLE };

/*
 * All of it for bytes in memory: replace path, following symlinks. What a target that exists has of
 * metadata is kept as far as we may (keep.h); a new one gets mode under the umask. Returns 0; -errno:
 * untouched (-EINVAL: the target is not a regular file); or 1: replaced, but durability could not be
 * confirmed.
 */
must_check int replace_bytes(const char *path, const void *bytes, size_t len, mode_t mode,
			     enum replace_durability durability);

#endif
