#ifndef PK_RETRY_MEMO_H
#define PK_RETRY_MEMO_H

#include <stdbool.h>

#include "common/base.h"
#include "common/events.h"
#include "common/status.h"
#include "plan.h"

/*
 * --share-ttl: give a result that is fresh enough at once, without a guard and without a process. Returns
 * true with *ret_ending set, or false: there is none, and whatever is wrong is found again by share_join.
 */
must_check bool memo_give(const struct plan *plan, struct events *events,
			  struct ending *ret_ending);

#endif
