#ifndef PK_JSONL_WAKE_H
#define PK_JSONL_WAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base.h"

/*
 * Wait until a file may have changed: inotify(7) on its directory (a name comes or goes) and on the
 * file (it grows or is cut). Nothing happens while nothing happens. Where the kernel has no inotify
 * for us (the watch limit) it looks once a second.
 */
struct wake {
	int fd; /* inotify, or -1: look once a second */
	const char *path;
	int file_watch;
	int watched; /* descriptor of the file that has it */
};

enum wake_reason { WAKE_CHANGE, WAKE_READER_GONE };

/* path must outlive wake. Returns 0 or -errno: its directory does not exist. */
must_check int wake_begin(struct wake *wake, const char *path);

/*
 * Wait for a change of the file open as file (-1: none), for the reader of our stdout to go, or until
 * deadline. What changed after the last call is never missed. Returns an enum wake_reason or -errno.
 */
must_check int wake_wait(struct wake *wake, int file, int64_t deadline);

void wake_drop(struct wake *wake);

#endif
