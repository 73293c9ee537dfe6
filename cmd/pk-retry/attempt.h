#ifndef PK_RETRY_ATTEMPT_H
#define PK_RETRY_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base.h"
#include "common/guard.h"
#include "common/status.h"
#include "environment.h"
#include "notice.h"
#include "plan.h"
#include "policy.h"
#include "streams.h"

/* What attempts need, the same for all of them. */
struct attempts {
	const struct plan *plan;
	struct guard *guard;
	const struct notice *notice;
	const struct policy_rules *rules;
	struct stop_policy policy;    /* of the command */
	struct stop_policy leftovers; /* of what it leaves, once its status is known */
	struct streams streams;
	struct environment environment;
	int last_status; /* -1: none yet */
};

/*
 * Run the command once, to the end of its tree (except what a successful one may leave), and find out
 * what is to be known about it. account->facts.attempt is set by the caller. Returns true, or false
 * with *ret_ending and *ret_reason set: it could not be run, which has been told.
 */
must_check bool attempt_run(struct attempts *attempts, struct account *account,
			    struct ending *ret_ending, enum reason *ret_reason);

/* Send a successful attempt's stdout on. Returns 0, or -errno as pump.h has it. */
must_check int attempt_commit(struct attempts *attempts);

/* With -v: show the end of what a failed attempt's stdout was. */
void attempt_show_tail(const struct attempts *attempts);

#endif
