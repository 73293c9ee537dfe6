#ifndef PK_WATCH_ABOVE_H
#define PK_WATCH_ABOVE_H

#include "common/base.h"
#include "watchset.h"

/*
 * Read the ignore lists above a root that lies inside a git work tree, from the top of the work tree
 * down to the root's parent, and find out whether it does. Returns 0 or -ENOMEM; what cannot be read
 * is passed over.
 */
must_check int above_read(struct watchset *set, struct root *root);

void above_drop(struct watchset *set);

#endif
