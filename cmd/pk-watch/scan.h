#ifndef PK_WATCH_SCAN_H
#define PK_WATCH_SCAN_H

#include <stdint.h>

#include "common/base.h"
#include "view.h"
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
 * that have gone are forgotten. Returns 0, or -errno of dir itself when it cannot be visited (it is
 * forgotten then), or -ENOMEM.
 */
must_check int scan_visit(struct watchset *set, int dir, enum visit visit);

/* Forget dir and all below it, watches included. */
void scan_forget(struct watchset *set, int dir);

/*
 * A change of a name in a place: into the batch, unless it is ignored, not asked for, or our own
 * output.
 */
void scan_report(struct watchset *set, struct view *view, const char *name, enum kind kind,
		 unsigned flags);

/*
 * The directory `name` in dir is new, or is another one than before: know it, watch it, report what
 * is in it. A link is followed when the options say so.
 */
void scan_adopt(struct watchset *set, int dir, const char *name, bool is_link);

/* The watch for everything in a directory. */
#define SCAN_MASK                                                                                  \
	(IN_CLOSE_WRITE | IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |        \
	 IN_ATTRIB | IN_DELETE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK | IN_MASK_ADD)

#endif
