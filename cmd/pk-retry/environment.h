#ifndef PK_RETRY_ENVIRONMENT_H
#define PK_RETRY_ENVIRONMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base.h"

/*
 * What the command is told in its environment:
 *
 *	PK_RETRY_KEY            a UUID, the same for all attempts: an idempotency key
 *	PK_RETRY_ATTEMPT        this attempt's number, from 1
 *	PK_RETRY_ATTEMPTS       how many there may be, or inf
 *	PK_RETRY_LAST_STATUS    the last attempt's status, from the second on
 *	PK_RETRY_REMAINING_MS   until the deadline, if there is one
 *	PK_RETRY_HINT           path of the hint's descriptor, if there is one
 *
 * The strings are in this struct, which must last as long as the environment is used: an attempt
 * allocates nothing.
 */
struct environment {
	char key[64], attempt[48], attempts[48], last[48], remaining[48], hint[48];
};

/* Set what is the same for all attempts, and remove what an enclosing pk-retry has set. Returns 0 or
 * -errno. hint_fd 0: none; attempts INT64_MAX: inf. */
must_check int environment_open(struct environment *environment, int64_t attempts, int64_t hint_fd);

/* Set what differs. last_status < 0: none yet. remaining_ns < 0: no deadline. */
must_check int environment_set(struct environment *environment, int64_t attempt, int last_status,
			       int64_t remaining_ns);

#endif
