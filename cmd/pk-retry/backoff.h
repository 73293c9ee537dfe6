#ifndef PK_RETRY_BACKOFF_H
#define PK_RETRY_BACKOFF_H

#include <stdint.h>

#include "common/base.h"

/*
 * How long to wait before the next attempt: a pure state machine over (rules, randomness) in
 * saturating integer nanoseconds, so that no number of attempts overflows and a seed fixes every
 * delay.
 *
 * The delay before retry n grows as e(n) = min(cap, base * factor^(n-1)); jitter then spreads the
 * clients of a service that has failed for all of them at once (Brooker, "Exponential Backoff And
 * Jitter", AWS Architecture Blog, 2015):
 *
 *	full          U(0, e)            the herd is spread widest, and is done first
 *	equal         e/2 + U(0, e/2)    each wait is longer than the one before, nearly
 *	decorrelated  min(cap, U(base, 3 * the last delay))    the server is loaded least
 *	none          e
 */
enum jitter { JITTER_FULL, JITTER_EQUAL, JITTER_DECORRELATED, JITTER_NONE };

/* A factor in billionths: 1.5 is 1500000000. */
#define FACTOR_ONE INT64_C(1000000000)

struct backoff_rules {
	int64_t base;	/* ns, >= 0 */
	int64_t factor; /* billionths, >= FACTOR_ONE */
	int64_t cap;	/* ns, >= 0; NS_NEVER: none */
	int jitter;	/* enum jitter */
};

struct backoff {
	const struct backoff_rules *rules;
	uint64_t random; /* state of the generator */
	int64_t next;	 /* e of the next delay */
	int64_t last;	 /* the last delay, for decorrelated */
};

/* Begin anew. rules must outlive backoff. */
void backoff_start(struct backoff *backoff, const struct backoff_rules *rules, uint64_t seed);

/* Begin with the first delay again, with the same sequence of random numbers. */
void backoff_reset(struct backoff *backoff);

/* The delay before the next attempt, in ns: 0 to cap. */
int64_t backoff_next(struct backoff *backoff);

/* A uniform number from 0 to most, from the same sequence. most >= 0. */
int64_t backoff_uniform(struct backoff *backoff, int64_t most);

/*
 * Read a factor: a decimal number >= 1 such as 2 or 1.5; places below a billionth are cut. Returns 0
 * and sets *ret, or -EINVAL; a number too large for *ret saturates.
 */
must_check int backoff_parse_factor(const char *text, int64_t *ret);

#endif
