/* The forest of watched directories. */
#include "dirs.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules.h"

#define GARBAGE_LEAST ((size_t)64 * 1024)

/* Descriptors are given out in order; the low bits alone would make long runs. */
static uint32_t hash_wd(int wd)
{
	return (uint32_t)wd * UINT32_C(0x9e3779b9) >> 8;
}

static uint32_t hash_name(const struct dirs *dirs, int dir)
{
	const struct dir *d = &dirs->all[dir];

	return table_hash((uint32_t)d->parent, dirs->names.bytes + d->name, d->name_len);
}

void dirs_drop(struct dirs *dirs)
{
	for (int i = 0; i < dirs->count; i++)
		rules_drop(&dirs->all[i].rules);
	free(dirs->all);
	table_drop(&dirs->by_wd);
	table_drop(&dirs->by_name);
	buf_drop(&dirs->names);
	*dirs = DIRS_EMPTY;
}

/* Copy the names that are still used; offsets change, hashes do not. */
static void collect_names(struct dirs *dirs)
{
	struct buf names = {.cap = dirs->names.cap};

	if (dirs->garbage < GARBAGE_LEAST || dirs->garbage < dirs->names.len / 2)
		return;
	if (buf_reserve(&names, dirs->names.len - dirs->garbage + 1) < 0)
		return;
	for (int i = 0; i < dirs->count; i++) {
		struct dir *d = &dirs->all[i];

		if (d->flags & DIR_FREE)
			continue;
		memcpy(names.bytes + names.len, dirs->names.bytes + d->name, d->name_len);
		d->name = (uint32_t)names.len;
		names.len += d->name_len;
	}
	buf_drop(&dirs->names);
	dirs->names = names;
	dirs->garbage = 0;
}

static int set_name(struct dirs *dirs, struct dir *d, const char *name, size_t len)
{
	size_t at;
	int err;

	collect_names(dirs);
	at = dirs->names.len;
	err = buf_add(&dirs->names, name, len);
	if (err < 0)
		return err;
	d->name = (uint32_t)at;
	d->name_len = (uint16_t)len;
	return 0;
}

static void link_child(struct dirs *dirs, int dir)
{
	struct dir *d = &dirs->all[dir];

	d->prev = DIR_NONE;
	d->next = DIR_NONE;
	if (d->parent == DIR_NONE)
		return;
	d->next = dirs->all[d->parent].child;
	dirs->all[d->parent].child = dir;
	if (d->next != DIR_NONE)
		dirs->all[d->next].prev = dir;
}

static void unlink_child(struct dirs *dirs, int dir)
{
	const struct dir *d = &dirs->all[dir];

	if (d->next != DIR_NONE)
		dirs->all[d->next].prev = d->prev;
	if (d->prev != DIR_NONE)
		dirs->all[d->prev].next = d->next;
	else if (d->parent != DIR_NONE)
		dirs->all[d->parent].child = d->next;
}

static int take_slot(struct dirs *dirs)
{
	int size = dirs->size ? dirs->size + dirs->size / 2 : 64;
	struct dir *all;

	if (dirs->free != DIR_NONE) {
		int dir = dirs->free;

		dirs->free = dirs->all[dir].next;
		return dir;
	}
	if (dirs->count == dirs->size) {
		all = realloc(dirs->all, (size_t)size * sizeof(*all));
		if (!all)
			return -ENOMEM;
		dirs->all = all;
		dirs->size = size;
	}
	return dirs->count++;
}

static void give_slot(struct dirs *dirs, int dir)
{
	dirs->all[dir] =
		(struct dir){.wd = -1, .next = dirs->free, .flags = DIR_FREE, .parent = DIR_NONE};
	dirs->free = dir;
}

int dirs_add(struct dirs *dirs, int parent, const char *name, size_t len)
{
	int dir = take_slot(dirs);
	int err;

	if (dir < 0)
		return dir;
	dirs->all[dir] = (struct dir){.parent = DIR_NONE, .wd = -1, .child = DIR_NONE};
	err = dirs_attach(dirs, dir, parent, name, len);
	if (err < 0) {
		give_slot(dirs, dir);
		return err;
	}
	dirs->live++;
	return dir;
}

int dirs_find(const struct dirs *dirs, int parent, const char *name, size_t len)
{
	const uint32_t hash = table_hash((uint32_t)parent, name, len);
	size_t at;

	for (int dir = table_first(&dirs->by_name, hash, &at); dir >= 0;
	     dir = table_next(&dirs->by_name, hash, &at)) {
		const struct dir *d = &dirs->all[dir];

		if (d->parent == parent && d->name_len == len &&
		    memcmp(dirs->names.bytes + d->name, name, len) == 0)
			return dir;
	}
	return DIR_NONE;
}

int dirs_of_wd(const struct dirs *dirs, int wd)
{
	const uint32_t hash = hash_wd(wd);
	size_t at;
	int dir = table_first(&dirs->by_wd, hash, &at);

	while (dir >= 0 && dirs->all[dir].wd != wd)
		dir = table_next(&dirs->by_wd, hash, &at);
	return dir >= 0 ? dir : DIR_NONE;
}

int dirs_set_wd(struct dirs *dirs, int dir, int wd)
{
	struct dir *d = &dirs->all[dir];

	if (d->wd == wd)
		return 0;
	if (d->wd >= 0)
		table_take(&dirs->by_wd, hash_wd(d->wd), dir);
	d->wd = wd;
	return wd >= 0 ? table_add(&dirs->by_wd, hash_wd(wd), dir) : 0;
}

void dirs_detach(struct dirs *dirs, int dir)
{
	struct dir *d = &dirs->all[dir];

	table_take(&dirs->by_name, hash_name(dirs, dir), dir);
	unlink_child(dirs, dir);
	dirs->garbage += d->name_len;
	d->parent = d->next = d->prev = DIR_NONE;
	d->name_len = 0;
}

int dirs_attach(struct dirs *dirs, int dir, int parent, const char *name, size_t len)
{
	int err = set_name(dirs, &dirs->all[dir], name, len);

	if (err < 0)
		return err;
	dirs->all[dir].parent = parent;
	err = table_add(&dirs->by_name, hash_name(dirs, dir), dir);
	if (err < 0) {
		dirs->all[dir].parent = DIR_NONE;
		return err;
	}
	link_child(dirs, dir);
	return 0;
}

void dirs_remove(struct dirs *dirs, int dir)
{
	assert(dirs->all[dir].child == DIR_NONE);
	/* Forgetting a descriptor allocates nothing. */
	(void)!dirs_set_wd(dirs, dir, -1);
	dirs_detach(dirs, dir);
	rules_drop(&dirs->all[dir].rules);
	give_slot(dirs, dir);
	dirs->live--;
}

bool dirs_is_above(const struct dirs *dirs, int above, int dir)
{
	while (dir != DIR_NONE && dir != above)
		dir = dirs->all[dir].parent;
	return dir == above;
}

/* Put len bytes and a slash behind them (unless there is one) in front of *at. */
static bool put_before(char *path, size_t *at, const char *name, size_t len)
{
	if (len == 0)
		return true;
	if (*at < len + 1)
		return false;
	if (name[len - 1] != '/')
		path[--*at] = '/';
	*at -= len;
	memcpy(path + *at, name, len);
	return true;
}

int dirs_path(const struct dirs *dirs, int dir, const char *name, char path[static PATH_MAX])
{
	size_t len = name ? strlen(name) : 0, at = PATH_MAX - 1;
	bool fits = len < PATH_MAX - 1;

	if (fits && len > 0) {
		at -= len;
		memcpy(path + at, name, len);
	}
	path[PATH_MAX - 1] = '\0';
	for (; fits && dir != DIR_NONE; dir = dirs->all[dir].parent) {
		const struct dir *d = &dirs->all[dir];

		fits = put_before(path, &at, dirs->names.bytes + d->name, d->name_len);
	}
	if (!fits)
		return -ENAMETOOLONG;
	len = PATH_MAX - 1 - at;
	/* A directory's own path has no slash at its end, except `/`. */
	if (!name && len > 1 && path[PATH_MAX - 2] == '/')
		path[at + --len] = '\0';
	memmove(path, path + at, len + 1);
	return (int)len;
}
