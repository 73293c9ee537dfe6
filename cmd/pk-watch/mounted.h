#ifndef PK_WATCH_MOUNTED_H
#define PK_WATCH_MOUNTED_H

#include "watchset.h"

/* Find out whether there are mounts below the PATHs, and which PATHs are on a file system without events. */
void mounted_look(struct watchset *set);

#endif
