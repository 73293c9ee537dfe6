#ifndef PK_WATCH_SCAN_H
#define PK_WATCH_SCAN_H

#include <stdbool.h>

#include "common/base.h"
#include "view.h"
#include "watchset.h"

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
