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
 * up. One file system that has not answered is not asked again. Mounts that no mountinfo shows - detached
 * ones - are treated as such.
 */
struct slow {
	int64_t timeout;   /* ns for one call; 0 or NS_NEVER: no limit */
	struct buf mounts; /* of struct slow_mount: all that were seen */
	size_t last;	   /* the one that was asked for last: files come in runs */
	bool read;	   /* our own mountinfo has been read */
	pid_t helper;	   /* 0: none */
	int channel;	   /* to the helper, or -1 */
};
#define SLOW_NONE(ns) ((struct slow){.timeout = (ns), .mounts = {.cap = 1 << 24}, .channel = -1})

struct slow_mount {
	int id;
	bool slow; /* a stat on it may block */
	bool dead; /* it has not answered in time */
};

void slow_drop(struct slow *slow);

/*
 * As fstatat(dir, name) of a link of /proc/PID/fd whose file is on that mount: directly where that cannot
 * block. proc is of /proc and process of PID, for mounts that only that process sees. Returns 0, -ETIMEDOUT,
 * or -errno.
 */
struct slow_file {
	int proc, process;
	int mount;
	int dir;
	const char *name;
};
must_check int slow_stat(struct slow *slow, const struct slow_file *file, struct stat *ret);

/* Add the mounts in the text of a mountinfo file (proc(5)). Returns 0 or -ENOMEM. */
must_check int slow_parse_mounts(const char *text, struct buf *mounts);

#endif
