#ifndef PK_RETRY_SHARE_H
#define PK_RETRY_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base.h"
#include "common/guard.h"
#include "common/status.h"
#include "notice.h"
#include "plan.h"
#include "result.h"

/*
 * --share: of the callers that run at the same time with one file, one runs the command and the
 * others get what came of it.
 *
 *	FILE       the last result (result.h), replaced atomically, never changed
 *	FILE.lock  flock(2), held by the caller who runs the command: the leader
 *
 * Whoever does not get the lock queues for it (lock.h), so that of those who wait exactly one goes on
 * when the leader is gone, however it went: killed, it has left no result, and the next one leads. A
 * result that was not there when a caller arrived is its own: the run was under way, or began later.
 * One that was there already counts only within --share-ttl.
 */
struct share {
	const struct plan *plan;
	char key[SHA256_TEXT];
	char seen[RESULT_ID + 1];    /* the result that was there when we arrived; empty: none */
	int lock;		     /* while we lead, else -1 */
	int file;		     /* the result that we were given, else -1 */
	struct shared_result result; /* of file */
};

#define SHARE_NONE ((struct share){.lock = -1, .file = -1})

/* Prepare for the plan's --share. Returns 0 or -errno (getcwd(3)). */
must_check int share_open(struct share *share, const struct plan *plan);
void share_drop(struct share *share);

/*
 * Is there a result that is fresh enough to be given at once? 1: yes, it is open; 0: no. Or -errno:
 *   -EPERM         the file is not ours alone
 *   -EBADMSG       it is something else than a result, and not touched
 *   -EKEYREJECTED  it is the result of another command line or directory
 */
must_check int share_look(struct share *share);

/*
 * Join those who share, waiting until that instant (monotonic) at most. Returns 1: there is a result;
 * 0: we lead; -EWOULDBLOCK: it was not to be had in time, or a signal asks the tool to end; or
 * another -errno, those of share_look included.
 */
must_check int share_join(struct share *share, struct guard *guard, const struct notice *notice,
			  int64_t until);

/*
 * The run is over: put its result in place, stdout being what the spool holds (-1: nothing), and lead no
 * longer. Returns 0 or -errno; the others then run it themselves.
 */
must_check int share_publish(struct share *share, int spool, struct ending ending, bool failed);

/* Lead no longer, without a result. */
void share_release(struct share *share);

/* Send the result that we were given to stdout, from inside the guard or, with NULL, without one. */
must_check int share_deliver(const struct share *share, struct guard *guard, int64_t until);

/* How old it is, in ns. */
int64_t share_age(const struct share *share);

/* How the result makes us end. */
struct ending share_ending(const struct share *share);

/* Say what is wrong; err is an error of the above. */
void share_explain(const struct share *share, int err);

#endif
