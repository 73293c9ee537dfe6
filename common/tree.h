#ifndef PK_TREE_H
#define PK_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/base.h"
#include "common/buf.h"

/*
 * Everything below the calling process, which is a child subreaper (prctl(2)): whatever loses its
 * parent becomes our direct child, so reach does not depend on process groups or sessions.
 *
 * A pid is signalled only while it cannot mean another process: direct children stay zombies until
 * we reap them; others are reached by a pidfd whose parent is checked after it was opened.
 */

/* Become the subreaper of everything started from now on. Returns 0 or -errno. */
must_check int tree_own(void);

/* True when the calling process has no children at all, running or dead (waitid(2): ECHILD). */
bool tree_is_empty(void);

/*
 * The direct children that the calling process had before it became an owner (a shell that execs us
 * leaves its background jobs): they are not ours to end.
 */
struct tree_spared {
	struct buf pids; /* of pid_t */
};
must_check int tree_spare(struct tree_spared *ret);

/*
 * Ask the whole tree to stop: signal every descendant once, parents before children, then SIGCONT so
 * that stopped ones can obey. A process named TREE_GUARD_NAME and what is below it are left alone:
 * they belong to a nested front, which is signalled. Without pidfds (kernel < 5.3, some sandboxes)
 * only direct children are reached. Who is in `asked` (pids) is passed over, and who is signalled is
 * added to it: a later call reaches only who has come since. Returns how many were signalled, or -errno
 * when /proc cannot be read.
 */
#define TREE_GUARD_NAME "pk-guard"
#define TREE_CAP ((size_t)16 << 20) /* bytes of pids; pid_max is 2^22 */
must_check int tree_signal(int signal, struct buf *asked);

/*
 * SIGKILL every direct child but the spared (may be NULL). Their children become ours and are for
 * the next call: repeat until tree_is_empty. Returns how many were signalled, zombies included, or
 * -errno when /proc cannot be read.
 */
must_check int tree_kill(const struct tree_spared *spared);

/* The direct children, up to max of them. Returns how many or -errno. */
must_check int tree_list(pid_t *pids, size_t max);

#endif
