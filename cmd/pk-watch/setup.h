#ifndef PK_WATCH_SETUP_H
#define PK_WATCH_SETUP_H

#include "common/base.h"
#include "watchset.h"

/* Fill in what the command line says: the PATHs and the patterns. Returns 0 or -ENOMEM. */
must_check int setup_plan(struct watchset *set);

/* Remember the files behind our own output (fds, -1: none): their changes are no news. */
void setup_own(struct watchset *set, const int fds[static 4]);

/* Free what the two have allocated. */
void setup_drop(struct watchset *set);

#endif
