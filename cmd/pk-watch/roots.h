#ifndef PK_WATCH_ROOTS_H
#define PK_WATCH_ROOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/inotify.h>

#include "common/base.h"
#include "watchset.h"

/*
 * The PATHs themselves. Each step on the way to one is a waypoint: a directory that is watched for
 * its own move or removal, and, where the step is a symbolic link, is missing or is the file itself,
 * for that name. When a waypoint speaks, the PATH is looked up again.
 */

/*
 * Look PATH number root up from its beginning, and watch the way. Returns 0, with root->dir,
 * ->is_file and ->gone telling what is there now, or -errno. With `report` what is new there is
 * reported, and what has gone too.
 */
must_check int roots_find(struct watchset *set, size_t root, bool report);

/* An event that may be a waypoint's: those roots become dirty; changes of files are reported. */
void roots_event(struct watchset *set, const struct inotify_event *event);

/* Watch the PATHs that are directories and lost their place when another PATH ignored them. */
void roots_keep(struct watchset *set);

/* Look up again what has become dirty. */
void roots_refresh(struct watchset *set);

/* Compare the PATHs that are files without a watch, or look for what is gone. */
void roots_poll(struct watchset *set);

#endif
