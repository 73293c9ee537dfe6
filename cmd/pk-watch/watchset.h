#ifndef PK_WATCH_WATCHSET_H
#define PK_WATCH_WATCHSET_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "batch.h"
#include "common/base.h"
#include "dirs.h"
#include "plan.h"
#include "rules.h"
#include "waypoints.h"

/*
 * What is watched, and how a kernel event becomes a change in the batch.
 *
 * One inotify descriptor watches directories only. The rules by which nothing is missed:
 *
 *   - a directory is watched before it is listed, and what the listing of a new one shows is
 *     reported: whatever came before the watch is in the listing, whatever comes after is an event;
 *   - a renamed directory keeps its watch and is linked at its new place;
 *   - when the kernel's queue overflows, everything is listed again, and what has a ctime since the
 *     last time the queue was seen empty is reported;
 *   - each step of a PATH (directories, symbolic links) is watched for its own replacement;
 *   - where there is no watch (a limit, a network file system) the directory is compared from time
 *     to time.
 */

/* A PATH of the command line. */
struct root {
	char *path; /* as given, without slashes at its end */
	int dir;    /* of a directory: its index, else DIR_NONE */
	bool is_file;
	bool gone;
	bool told;    /* what the user has been told of that */
	bool remote;  /* on a file system without events of its own */
	bool dirty;   /* something on the way to it was replaced: look again */
	size_t skip;  /* bytes of a path below that -i, -e and -f do not see */
	size_t above; /* its first element in watchset.above */
	size_t above_count;
	bool in_git;
	struct stat last; /* of a file that is polled; st_nlink 0: not there */
};

/* A .gitignore above a root, within the same work tree. */
struct above {
	struct rules *rules;
	char *lead; /* from its directory to the root */
};

struct snapshot;

/* What happened that the user should know of; the caller looks and clears. */
struct watch_news {
	bool overflowed;
	size_t found; /* by the listing after an overflow */
	int64_t rescan_ns;
	bool limited; /* first time that a limit was met */
	int limit_errno;
	bool denied; /* a directory that may not be read */
};

struct watchset {
	const struct plan *plan;
	struct batch *batch;
	struct dirs dirs;
	struct root *roots;
	size_t root_count;
	struct above *above;
	size_t above_count;
	struct waypoints waypoints;
	struct rules *built_in, *ignores, *selects;

	int inotify;  /* -1: everything is polled */
	char *buffer; /* for read(2) */
	bool overflow;
	int64_t watermark; /* CLOCK_REALTIME: the queue was empty then */
	int64_t sampled;
	size_t moving; /* directories that have been moved away */

	size_t polled; /* directories without a watch */
	bool remote;   /* some of them for their file system's sake */
	struct snapshot **snapshots;
	size_t snapshot_count;

	int mounts;	  /* /proc/self/mountinfo, or -1 */
	uint64_t mounted; /* what was mounted below the roots, as one number; 0: nothing */

	/* Files that are our own output: their changes are no news. */
	struct own_output {
		dev_t dev;
		ino_t ino;
		char *name; /* last component; owned. NULL: unused */
	} own[4];

	pthread_mutex_t lock; /* of dirs, during the first walk */
	struct watch_news news;
};

/*
 * Watch what plan asks for; changes go to batch. own_fds are descriptors (-1: none) whose files are our
 * own output. Both must outlive the set. Returns 0, or -errno with *ret_path naming the PATH at
 * fault (NULL: none).
 */
must_check int watchset_open(struct watchset *set, const struct plan *plan, struct batch *batch,
			     const int own_fds[static 4], const char **ret_path);
void watchset_drop(struct watchset *set);

/* Read all events; ever after changes are in the batch. Returns true when there were any. */
bool watchset_read(struct watchset *set);

/* The mount table has changed. */
void watchset_mounts(struct watchset *set);

/* Compare what has no watch. */
void watchset_poll(struct watchset *set);

/* How often that must be done, in ns; NS_NEVER: nothing is polled. */
int64_t watchset_interval(const struct watchset *set);

/* The batch is taken: what moved away and has not shown up is gone. */
void watchset_settle(struct watchset *set);

/* Entries of the batch that only look unfinished (a link or FIFO is created and never closed). */
void watchset_finish(struct watchset *set);

/* How many kernel watches there are on directories. */
size_t watchset_watches(const struct watchset *set);

#endif
