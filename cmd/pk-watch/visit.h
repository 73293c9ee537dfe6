#ifndef PK_WATCH_VISIT_H
#define PK_WATCH_VISIT_H

#include "common/base.h"
#include "listing.h"
#include "view.h"
#include "walk.h"

/* What one thread of a walk works with. */
struct visitor {
	struct watchset *set;
	struct walk *walk; /* what is found below goes there, by walk_push */
	int64_t since;	   /* for VISIT_SINCE */
	struct view view;
	struct listing listing;
};

/*
 * Visit one directory. Returns 0, or the -errno that made us forget it. The lock is not held.
 */
must_check int visit_dir(struct visitor *visitor, int dir, enum visit visit);

#endif
