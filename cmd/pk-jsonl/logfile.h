#ifndef PK_JSONL_LOGFILE_H
#define PK_JSONL_LOGFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base.h"

/*
 * The file that records are appended to. Every change happens under flock(2), LOCK_EX, on the file
 * that the path names at that moment: heal, write, rollback, rotation and repair exclude each other.
 * A write(2) with O_APPEND is whole anyway on local file systems; the lock is for all the rest. What
 * is no regular file (a pipe, a terminal) is neither locked nor healed.
 */
struct logfile {
	const char *path;
	int mode; /* of a new file, or -1: 0666 and the umask */
	int fd;	  /* -1: not open */
	bool regular;
	bool held;    /* the lock */
	bool torn;    /* the last line has no newline */
	int64_t size; /* under the lock */
};

#define LOGFILE_NONE ((struct logfile){.mode = -1, .fd = -1})

void logfile_drop(struct logfile *log);

/*
 * Open the file if it is not open, create it if create, and take the lock; a file that was rotated
 * away meanwhile is given up for the one that has its name now. Sets size and torn. Returns 0,
 * -ETIMEDOUT (deadline, CLOCK_MONOTONIC), or another -errno.
 */
must_check int logfile_take(struct logfile *log, bool create, int64_t deadline);

/* Give the lock back. */
void logfile_release(struct logfile *log);

/*
 * Append the len bytes, which are whole lines, in one write(2); bytes[-1] may be overwritten: a torn
 * line before them gets its newline there. When not all of it can be written the file is cut back
 * behind the last whole line, unless somebody who does not lock has appended since. Returns 0 or
 * -errno, and how many bytes are in the file.
 */
must_check int logfile_append(struct logfile *log, char *bytes, size_t len, size_t *ret_written);

/*
 * Under the lock: FILE.1 becomes FILE.2 and so on, what would be beyond `keep` goes, FILE becomes
 * FILE.1 and a new, empty FILE with the metadata of the old takes its place. The lock is given back
 * with the old file. Returns 0 or -errno; on failure nothing is lost.
 */
must_check int logfile_rotate(struct logfile *log, int64_t keep);

/* FILE.n. Returns 0, or -ENAMETOOLONG. */
must_check int logfile_name(char name[static 4096], const char *path, int64_t n);

/* fdatasync(2), and of the directory when the file is new. Returns 0 or -errno. */
must_check int logfile_sync(const struct logfile *log);

#endif
