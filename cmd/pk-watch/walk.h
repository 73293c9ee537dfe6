#ifndef PK_WATCH_WALK_H
#define PK_WATCH_WALK_H

#include "common/base.h"
#include "watchset.h"

/* Why a directory is visited; what is reported of it. */
enum visit {
	VISIT_FIRST, /* the first walk: nothing; several threads */
	VISIT_RULES, /* an ignore list has changed: nothing, but its whole subtree is visited again */
	VISIT_NEW,   /* everything in it */
	VISIT_MOVED, /* everything in its subtree, which is known at another place */
	VISIT_SINCE, /* what has a ctime since the watermark, in the whole subtree */
};

/*
 * Visit dir: watch it, then list it, then the directories below that are to be watched. Directories
 * that have gone are forgotten. The first walk uses a few threads, since most of its time is spent in
 * the kernel; later ones are made by the caller alone. Returns 0, or -errno of dir itself when it
 * cannot be visited (it is forgotten then), or -ENOMEM.
 */
must_check int walk_tree(struct watchset *set, int dir, enum visit visit);

/* For a visit: this directory is to be visited too. The lock is held. */
struct walk;
void walk_push(struct walk *walk, int dir, enum visit visit);

#endif
