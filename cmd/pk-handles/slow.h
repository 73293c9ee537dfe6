#ifndef PK_HANDLES_SLOW_H
#define PK_HANDLES_SLOW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "common/base.h"
#include "common/buf.h"

/*
 * stat(2) of files that may never answer: on network and FUSE file systems the server may be gone, and
 * whoever asks sleeps until it returns. There a helper process asks, and is left behind when the time is
 * up. One file system that has not answered is not asked again.
 */
struct slow {
	int64_t timeout;   /* ns for one call; 0 or NS_NEVER: no limit */
	struct buf mounts; /* of struct slow_mount: those that may block */
	bool read;	   /* mounts has been read */
	pid_t helper;	   /* 0: none */
	int channel;	   /* to the helper, or -1 */
};
#define SLOW_NONE(ns) ((struct slow){.timeout = (ns), .mounts = {.cap = 1 << 24}, .channel = -1})

void slow_drop(struct slow *slow);

/* May a stat on this mount block? proc is the descriptor of /proc. */
must_check bool slow_is_mount(struct slow *slow, int proc, int mount);

/* As fstatat(dir, name) of a link of /proc/PID/fd. Returns 0, -ETIMEDOUT, or -errno. */
must_check int slow_stat(struct slow *slow, int mount, int dir, const char *name, struct stat *ret);

/* The mount ids in the text of a mountinfo file whose type may block, into ids. Returns 0 or -ENOMEM. */
must_check int slow_parse_mounts(const char *text, struct buf *mounts);

#endif
