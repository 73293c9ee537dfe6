#ifndef PK_WATCH_SNAPSHOT_H
#define PK_WATCH_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "common/base.h"
#include "plan.h"

/* What one entry of a directory looked like: all that tells a change where no event does. */
struct shot {
	const char *name;
	ino_t ino;
	off_t size;
	int64_t mtime, ctime;
	mode_t mode;
};

/*
 * Of a directory only its being there is of interest, since its entries speak for themselves: size and
 * times are 0. The name is left NULL.
 */
struct shot shot_of(const struct stat *st);

/* Has nothing happened between the two? And if it has, what? */
bool shot_is_same(const struct shot *old, const struct shot *new);
enum kind shot_difference(const struct shot *old, const struct shot *new);

/* All entries of one directory, sorted by name. */
struct snapshot;

/* Take one of the directory at path. Returns 0 or -errno. */
must_check int snapshot_take(const char *path, struct snapshot **ret);
void snapshot_drop(struct snapshot **snapshot);

size_t snapshot_count(const struct snapshot *snapshot);
const struct shot *snapshot_shot(const struct snapshot *snapshot, size_t i);

#endif
