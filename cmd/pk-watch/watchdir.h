#ifndef PK_WATCH_WATCHDIR_H
#define PK_WATCH_WATCHDIR_H

#include "common/base.h"
#include "watchset.h"

/*
 * Watch the directory at path, which dir stands for; where there is no watch to be had it is polled.
 * Returns its index (another one when it is known, and was renamed), or DIR_NONE when there is nothing
 * more to do. The lock of the set is held, but for the call into the kernel.
 */
must_check int watchdir_begin(struct watchset *set, int dir, const char *path);

/* Compare it from time to time instead. limit: the errno of a limit that was met, or 0. */
void watchdir_poll(struct watchset *set, int dir, int limit);

#endif
