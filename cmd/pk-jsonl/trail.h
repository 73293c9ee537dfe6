#ifndef PK_JSONL_TRAIL_H
#define PK_JSONL_TRAIL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base.h"

/*
 * Where a follower is in a file that is rotated (FILE, FILE.1 the newest of the old ones, FILE.2 ...)
 * and truncated, and which file comes next.
 */
#define TRAIL_CHECK 64

struct trail {
	int fd; /* -1: no file yet */
	dev_t dev;
	ino_t ino;
	int64_t offset;		  /* behind the last newline that was read */
	char before[TRAIL_CHECK]; /* the bytes before offset */
	size_t before_len;
};

#define TRAIL_NONE ((struct trail){.fd = -1})

void trail_drop(struct trail *trail);

/* Open path at offset 0. Returns 0 or -errno; -EINVAL: not a regular file. */
must_check int trail_open(struct trail *trail, const char *path);

/* Open the file of the cursor (dev, ino, offset) among path and its rotated ones. 0, or -ENOENT. */
must_check int trail_find(struct trail *trail, const char *path, dev_t dev, ino_t ino,
			  int64_t offset);

/*
 * Has the file been renamed? Then open the one that follows it: the next newer of the rotated ones, or
 * path. Returns 1 with *ret set, 0 (it is still path, or the next one is not there yet), or -errno.
 */
must_check int trail_next(const struct trail *trail, const char *path, struct trail *ret);

/* Everything up to offset has been read: remember what is there. */
void trail_advance(struct trail *trail, int64_t offset);

/*
 * Is what was read still what the file holds? False: it was truncated, and perhaps written anew. A
 * file that ends at or behind offset, but before what came after it, is one whose last line was
 * rolled back: that is true.
 */
bool trail_is_intact(const struct trail *trail);

/* The offset of the last `lines` lines, or of line number `lines` (from 1) when from_start; and how
 * many lines are before it. Returns 0 or -errno. */
must_check int trail_seek(const struct trail *trail, int64_t lines, bool from_start,
			  int64_t *ret_offset, int64_t *ret_before);

#endif
