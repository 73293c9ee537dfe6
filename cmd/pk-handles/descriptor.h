#ifndef PK_HANDLES_DESCRIPTOR_H
#define PK_HANDLES_DESCRIPTOR_H

#include <sys/types.h>

#include "common/base.h"
#include "handle.h"
#include "scan.h"

/* Reading one directory of descriptors. */
struct walk {
	struct scan *scan;
	struct table *table;
	int process; /* /proc/PID, or that of a thread */
	int fd_dir, info_dir;
	pid_t tid;
};

/*
 * Read all about the descriptor whose number is name and add it to the table; one that has been closed
 * meanwhile is left out. arg is a struct walk. An entries_visit; fails only for want of our own.
 */
must_check int descriptor_take(void *arg, const char *name);

#endif
