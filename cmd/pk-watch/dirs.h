#ifndef PK_WATCH_DIRS_H
#define PK_WATCH_DIRS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"
#include "table.h"

/*
 * The watched directories as a forest, about 60 bytes and a name each: no file names, no status. A
 * directory is its index; an index is used again after dirs_remove. Paths are put together on demand,
 * so a renamed directory is one change of parent. Two hash tables lead from a watch descriptor, and
 * from (parent, name), to the index.
 */
enum { DIR_NONE = -1 };

enum dir_flag {
	DIR_GIT = 1,	/* inside a git work tree */
	DIR_POLLED = 2, /* has no kernel watch: compared from time to time */
	DIR_LINKED = 4, /* reached through a symbolic link */
	DIR_MOVING = 8, /* moved away, perhaps to elsewhere in the forest */
	DIR_SEEN = 16,	/* for one listing: still there */
	DIR_FREE = 32,
};

struct rules;

struct dir {
	int parent;
	int wd;		       /* -1: none */
	int child, next, prev; /* the siblings are a list */
	int root;	       /* without a parent: the caller's number of this root */
	uint32_t name;
	uint16_t name_len;
	uint16_t flags;
	struct rules *rules; /* its own .gitignore and .ignore, owned; mostly NULL */
};

struct dirs {
	struct dir *all;
	int count, size;
	int live;
	int free; /* list through next */
	struct buf names;
	size_t garbage;
	struct table by_wd, by_name;
};

#define DIRS_EMPTY ((struct dirs){.free = DIR_NONE, .names = {.cap = UINT32_MAX}})

/* Free everything, rules included. */
void dirs_drop(struct dirs *dirs);

/* Add a directory below parent; DIR_NONE makes a root, whose name may be any path. Returns its index
 * or -ENOMEM. It must not be there yet. */
must_check int dirs_add(struct dirs *dirs, int parent, const char *name, size_t len);

/* The child of that name, or the directory of that watch descriptor, or DIR_NONE. */
int dirs_find(const struct dirs *dirs, int parent, const char *name, size_t len);
int dirs_of_wd(const struct dirs *dirs, int wd);

/* Set or (-1) forget the watch descriptor. Returns 0 or -ENOMEM. */
must_check int dirs_set_wd(struct dirs *dirs, int dir, int wd);

/* Take it out of its parent, with its subtree; it is found by its watch descriptor only. */
void dirs_detach(struct dirs *dirs, int dir);

/* Put a detached one below parent under a name. Returns 0 or -ENOMEM. */
must_check int dirs_attach(struct dirs *dirs, int dir, int parent, const char *name, size_t len);

/* Forget one directory, which has no children. */
void dirs_remove(struct dirs *dirs, int dir);

/* Is above the directory itself or one of its ancestors? */
bool dirs_is_above(const struct dirs *dirs, int above, int dir);

/*
 * Write the path of name in dir (NULL: of dir itself), as the root was named. Returns its length or
 * -ENAMETOOLONG.
 */
must_check int dirs_path(const struct dirs *dirs, int dir, const char *name,
			 char path[static PATH_MAX]);

#endif
