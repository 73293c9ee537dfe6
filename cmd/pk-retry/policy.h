#ifndef PK_RETRY_POLICY_H
#define PK_RETRY_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "backoff.h"
#include "common/base.h"
#include "common/outcome.h"
#include "hint.h"

/*
 * The three decisions after an attempt, as pure functions of what is known: did it succeed, is it
 * tried again, and how long is the wait before. In this order; the first that applies wins:
 *
 *	success   its outcome is in --success-on, and --until has matched
 *	stop      signal     pk-retry was asked to end
 *	          hint       the command said stop, or a client error (HTTP 4xx) is its last response
 *	          status     its outcome is not in --retry-on (unless HTTP 408, 425, 429 or 5xx)
 *	          no_match   --retry-match has not matched
 *	          attempts   there is none left
 *	retry
 *	stop      hint_too_long   the wait that was asked for is longer than --max-hint
 *	          deadline        the wait would pass the deadline
 */
enum verdict { VERDICT_SUCCESS, VERDICT_RETRY, VERDICT_STOP };

enum reason {
	REASON_SUCCESS,
	REASON_FAILURE, /* an ordinary failure: tried again */
	REASON_SIGNAL,
	REASON_HINT,
	REASON_STATUS,
	REASON_NO_MATCH,
	REASON_ATTEMPTS,
	REASON_HINT_TOO_LONG,
	REASON_DEADLINE,
	REASON_BREAKER, /* the circuit is open */
	REASON_LOCK,	/* the lock was not obtained */
	REASON_SHARE,	/* the result of another was not to be had in time */
	REASON_SHARED,	/* it was */
	REASON_EXEC,	/* the command could not be executed */
	REASON_ERROR,	/* pk-retry itself failed */
};

/* The name of a reason in events. */
const char *reason_name(enum reason reason);

/* Does a run that ended so say something about the command, and not about us or the moment? */
bool reason_is_the_commands(enum reason reason);

struct policy_rules {
	struct outcome_set success_on, retry_on;
	int64_t attempts; /* INT64_MAX: without end */
	int64_t max_hint;
	int64_t deadline; /* absolute: nothing begins at or after it */
};

/* What is known when an attempt is over. */
struct facts {
	struct outcome outcome;
	int64_t attempt; /* its number, from 1 */
	struct hint hint;
	bool unmatched_until; /* --until is given and no line matched */
	bool lasted;	      /* it lived as long as --reset-after says: counting begins anew */
	bool unmatched_retry; /* --retry-match is given and no line matched */
	bool stop_asked;      /* a signal asks pk-retry to end */
};

struct judgement {
	enum verdict verdict;
	enum reason reason;
	/* The kind of failure that another attempt may cure; it alone speaks of the service's health, so
	 * the circuit breaker counts it, also when no attempt is left. */
	bool transient;
	bool healthy; /* a failure, but after a life that was long enough: the service was there */
};

struct judgement policy_judge(const struct policy_rules *rules, const struct facts *facts);

/* The wait that a judgement to try again leads to. */
struct wait {
	int64_t delay;	      /* ns */
	bool hinted;	      /* the hint made it longer than the backoff */
	enum verdict verdict; /* VERDICT_RETRY, or VERDICT_STOP with reason */
	enum reason reason;
};

/*
 * A hint is the least wait; U(0, base) on top of it keeps a herd with the same hint from coming back
 * together. now is monotonic.
 */
struct wait policy_wait(const struct policy_rules *rules, struct backoff *backoff,
			const struct hint *hint, int64_t now);

#endif
