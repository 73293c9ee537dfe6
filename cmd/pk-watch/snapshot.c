/* Looking at a directory, entry by entry. */
#include "snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/clock.h"

struct snapshot {
	struct buf names;
	size_t count;
	struct shot *shots;
};

static int64_t time_of(struct timespec time)
{
	return (int64_t)time.tv_sec * NS_PER_S + time.tv_nsec;
}

struct shot shot_of(const struct stat *st)
{
	struct shot shot = {.ino = st->st_ino, .mode = st->st_mode};

	if (!S_ISDIR(st->st_mode)) {
		shot.size = st->st_size;
		shot.mtime = time_of(st->st_mtim);
		shot.ctime = time_of(st->st_ctim);
	}
	return shot;
}

bool shot_is_same(const struct shot *old, const struct shot *new)
{
	return old->ino == new->ino && old->mode == new->mode && old->size == new->size &&
	       old->mtime == new->mtime && old->ctime == new->ctime;
}

enum kind shot_difference(const struct shot *old, const struct shot *new)
{
	if (old->ino != new->ino)
		return KIND_CREATE;
	if (old->size != new->size || old->mtime != new->mtime)
		return KIND_MODIFY;
	return KIND_ATTRIB;
}

void snapshot_drop(struct snapshot **snapshot)
{
	if (*snapshot) {
		buf_drop(&(*snapshot)->names);
		free((*snapshot)->shots);
	}
	free(*snapshot);
	*snapshot = NULL;
}

size_t snapshot_count(const struct snapshot *snapshot)
{
	return snapshot->count;
}

const struct shot *snapshot_shot(const struct snapshot *snapshot, size_t i)
{
	return &snapshot->shots[i];
}

/* All names, and in count how many there are. */
static int read_names(struct snapshot *snapshot, DIR *listing)
{
	const struct dirent *entry;
	int err = 0;

	for (; err >= 0 && (entry = readdir(listing)) != NULL; snapshot->count++)
		err = buf_add(&snapshot->names, entry->d_name, strlen(entry->d_name) + 1);
	return err;
}

/* The names do not move any more: look at what they name. What has gone meanwhile is left out. */
static int look_at_all(struct snapshot *snapshot, int dirfd)
{
	const struct buf *names = &snapshot->names;

	snapshot->shots = calloc(snapshot->count + 1, sizeof(*snapshot->shots));
	if (!snapshot->shots)
		return -ENOMEM;
	snapshot->count = 0;
	for (const char *name = names->bytes, *end = name + names->len; name && name < end;
	     name += strlen(name) + 1) {
		struct shot *shot = &snapshot->shots[snapshot->count];
		struct stat st;

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
		    fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		*shot = shot_of(&st);
		shot->name = name;
		snapshot->count++;
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct shot *)a)->name, ((const struct shot *)b)->name);
}

int snapshot_take(const char *path, struct snapshot **ret)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	DIR *listing = opendir(path[0] ? path : ".");
	int err = !snapshot ? -ENOMEM : !listing ? -errno : 0;

	if (snapshot && listing) {
		snapshot->names.cap = SIZE_MAX / 2;
		err = read_names(snapshot, listing);
		if (err >= 0)
			err = look_at_all(snapshot, dirfd(listing));
	}
	if (listing)
		(void)closedir(listing);
	if (err < 0) {
		snapshot_drop(&snapshot);
		return err;
	}
	if (snapshot->count > 1)
		qsort(snapshot->shots, snapshot->count, sizeof(*snapshot->shots), by_name);
	*ret = snapshot;
	return 0;
}
