#ifndef PK_WATCH_HANDLE_H
#define PK_WATCH_HANDLE_H

#include <sys/inotify.h>

#include "common/base.h"
#include "view.h"
#include "watchset.h"

/* Events come in runs from one directory: what the last one needed to be judged. */
struct handler {
	int dir; /* whose view it is; DIR_NONE: of none */
	struct view view;
};

/* What one event of the kernel means: the forest follows, and the batch gets what is to be reported. */
void handle_event(struct watchset *set, struct handler *handler, const struct inotify_event *event);

#endif
