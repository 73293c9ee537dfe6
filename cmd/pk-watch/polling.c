/* Snapshots of directories and their comparison. */
#include "polling.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/fd.h"
#include "scan.h"
#include "view.h"

/* One entry; the name follows in the names of the snapshot. */
struct shot {
	uint32_t name;
	mode_t mode;
	ino_t ino;
	off_t size;
	int64_t mtime, ctime;
};

struct snapshot {
	struct buf shots; /* of struct shot, sorted by name */
	struct buf names;
};

static void snapshot_drop(struct snapshot **snapshot)
{
	if (*snapshot) {
		buf_drop(&(*snapshot)->shots);
		buf_drop(&(*snapshot)->names);
	}
	free(*snapshot);
	*snapshot = NULL;
}

static const struct shot *shot_at(const struct snapshot *snapshot, size_t i)
{
	return (const struct shot *)(const void *)snapshot->shots.bytes + i;
}

static size_t shot_count(const struct snapshot *snapshot)
{
	return snapshot->shots.len / sizeof(struct shot);
}

static const char *shot_name(const struct snapshot *snapshot, size_t i)
{
	return snapshot->names.bytes + shot_at(snapshot, i)->name;
}

static int64_t time_of(struct timespec time)
{
	return (int64_t)time.tv_sec * NS_PER_S + time.tv_nsec;
}

static int compare_shots(const void *a, const void *b, void *names)
{
	return strcmp((const char *)names + ((const struct shot *)a)->name,
		      (const char *)names + ((const struct shot *)b)->name);
}

/* Heap sort: qsort_r(3) is not in every libc, and sorted input (the usual one) costs no more. */
static void sift(struct shot *shots, size_t root, size_t count, void *names)
{
	for (size_t child; (child = 2 * root + 1) < count; root = child) {
		struct shot swap = shots[root];

		if (child + 1 < count && compare_shots(&shots[child], &shots[child + 1], names) < 0)
			child++;
		if (compare_shots(&swap, &shots[child], names) >= 0)
			return;
		shots[root] = shots[child];
		shots[child] = swap;
	}
}

static void sort_shots(struct snapshot *snapshot)
{
	struct shot *shots = (struct shot *)(void *)snapshot->shots.bytes;
	size_t count = shot_count(snapshot);

	for (size_t i = count / 2; i-- > 0;)
		sift(shots, i, count, snapshot->names.bytes);
	while (count > 1) {
		struct shot swap = shots[0];

		shots[0] = shots[--count];
		shots[count] = swap;
		sift(shots, 0, count, snapshot->names.bytes);
	}
}

static int add_shot(struct snapshot *snapshot, int fd, const char *name)
{
	struct shot shot = {.name = (uint32_t)snapshot->names.len};
	struct stat st;
	int err;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	shot.mode = st.st_mode;
	shot.ino = st.st_ino;
	/* Of a directory only its being there is of interest: its entries speak for themselves. */
	if (!S_ISDIR(st.st_mode)) {
		shot.size = st.st_size;
		shot.mtime = time_of(st.st_mtim);
		shot.ctime = time_of(st.st_ctim);
	}
	err = buf_add(&snapshot->names, name, strlen(name) + 1);
	return err < 0 ? err : buf_add(&snapshot->shots, &shot, sizeof(shot));
}

static int read_entries(struct snapshot *snapshot, DIR *listing)
{
	const struct dirent *entry;
	int err = 0;

	while (listing && err >= 0 && (entry = readdir(listing)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			err = add_shot(snapshot, dirfd(listing), entry->d_name);
	return err;
}

/* A snapshot of the directory at path, or -errno. */
static int snapshot_take(const char *path, struct snapshot **ret)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	DIR *listing = opendir(path[0] ? path : ".");
	int err = listing ? 0 : -errno;

	if (!snapshot)
		err = -ENOMEM;
	if (err >= 0) {
		snapshot->shots.cap = snapshot->names.cap = UINT32_MAX;
		err = read_entries(snapshot, listing);
	}
	if (listing)
		(void)closedir(listing);
	if (err < 0) {
		snapshot_drop(&snapshot);
		return err;
	}
	sort_shots(snapshot);
	*ret = snapshot;
	return 0;
}

static int make_room(struct watchset *set)
{
	size_t count = (size_t)set->dirs.count;
	struct snapshot **all;

	if (count <= set->snapshot_count)
		return 0;
	all = realloc(set->snapshots, count * sizeof(struct snapshot *));
	if (!all)
		return -ENOMEM;
	memset(all + set->snapshot_count, 0,
	       (count - set->snapshot_count) * sizeof(struct snapshot *));
	set->snapshots = all;
	set->snapshot_count = count;
	return 0;
}

static bool is_polled(const struct watchset *set, int dir)
{
	const uint16_t flags = set->dirs.all[dir].flags;

	return (flags & DIR_POLLED) && !(flags & (DIR_FREE | DIR_MOVING));
}

int poll_prime(struct watchset *set)
{
	char path[PATH_MAX];
	int err = set->polled > 0 ? make_room(set) : 0;

	for (int dir = 0; dir < set->dirs.count && set->polled > 0 && err != -ENOMEM; dir++)
		if (is_polled(set, dir) && !set->snapshots[dir] &&
		    dirs_path(&set->dirs, dir, NULL, path) >= 0)
			err = snapshot_take(path, &set->snapshots[dir]);
	return err == -ENOMEM ? err : 0;
}

void poll_forget(struct watchset *set, int dir)
{
	set->polled--;
	if ((size_t)dir < set->snapshot_count)
		snapshot_drop(&set->snapshots[dir]);
}

static enum kind difference(const struct shot *old, const struct shot *new)
{
	if (old->ino != new->ino)
		return KIND_CREATE;
	if (old->size != new->size || old->mtime != new->mtime)
		return KIND_MODIFY;
	return KIND_ATTRIB;
}

static bool is_same(const struct shot *old, const struct shot *new)
{
	return old->ino == new->ino && old->mode == new->mode && old->size == new->size &&
	       old->mtime == new->mtime && old->ctime == new->ctime;
}

/* An entry has appeared, changed or gone; a directory that did is to be visited, or forgotten. */
static void report(struct watchset *set, struct view *view, int dir, const char *name, mode_t mode,
		   enum kind kind)
{
	bool is_dir = S_ISDIR(mode) || (S_ISLNK(mode) && set->plan->follow);
	int child = is_dir ? dirs_find(&set->dirs, dir, name, strlen(name)) : DIR_NONE;

	scan_report(set, view, name, kind,
		    (S_ISDIR(mode) ? BATCH_DIR : 0) | (kind == KIND_CREATE ? BATCH_BORN : 0));
	if (child != DIR_NONE && kind != KIND_ATTRIB)
		scan_forget(set, child);
	if (is_dir && kind == KIND_CREATE)
		scan_adopt(set, dir, name, S_ISLNK(mode));
}

static bool is_list(const char *name)
{
	return strcmp(name, ".gitignore") == 0 || strcmp(name, ".ignore") == 0;
}

/* Walk through both sorted lists at once. Returns whether an ignore list is among the differences. */
static bool compare(struct watchset *set, struct view *view, int dir, const struct snapshot *old,
		    const struct snapshot *new)
{
	size_t i = 0, j = 0, old_count = shot_count(old), new_count = shot_count(new);
	bool lists = false;

	while (i < old_count || j < new_count) {
		int order = i == old_count   ? 1
			    : j == new_count ? -1
					     : strcmp(shot_name(old, i), shot_name(new, j));
		const bool gone = order < 0;
		const char *name = gone ? shot_name(old, i) : shot_name(new, j);
		const struct shot *shot = gone ? shot_at(old, i) : shot_at(new, j);

		if (order != 0 || !is_same(shot_at(old, i), shot)) {
			report(set, view, dir, name, shot->mode,
			       gone	   ? KIND_DELETE
			       : order > 0 ? KIND_CREATE
					   : difference(shot_at(old, i), shot));
			lists |= is_list(name);
		}
		i += order <= 0;
		j += order >= 0;
	}
	return lists;
}

static void compare_dir(struct watchset *set, struct view *view, int dir)
{
	struct snapshot *old = set->snapshots[dir], *new = NULL;
	char path[PATH_MAX];

	/* A directory that cannot be listed is reported by the one above it. */
	if (!old || dirs_path(&set->dirs, dir, NULL, path) < 0 || snapshot_take(path, &new) < 0 ||
	    view_at(view, set, dir) < 0) {
		snapshot_drop(&new);
		return;
	}
	set->snapshots[dir] = new;
	if (compare(set, view, dir, old, new) && !set->plan->no_ignore)
		(void)!scan_visit(set, dir, VISIT_RULES);
	snapshot_drop(&old);
}

void poll_compare(struct watchset *set)
{
	struct view view;

	if (make_room(set) < 0)
		return;
	/* Those that appear meanwhile have no snapshot yet. */
	for (int dir = 0; dir < set->dirs.count && (size_t)dir < set->snapshot_count; dir++)
		if (is_polled(set, dir))
			compare_dir(set, &view, dir);
	(void)!poll_prime(set);
}
