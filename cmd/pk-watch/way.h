#ifndef PK_WATCH_WAY_H
#define PK_WATCH_WAY_H

#include <sys/stat.h>

#include "common/base.h"
#include "watchset.h"

/*
 * Walk the way to PATH number root, each step watched before it is looked at. Returns 0 with *ret the
 * status of what is at its end (st_nlink 0: nothing), or -errno.
 */
must_check int way_walk(struct watchset *set, int root, struct stat *ret);

#endif
