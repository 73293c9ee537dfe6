#ifndef PK_JSONL_STATS_H
#define PK_JSONL_STATS_H

#include <stdint.h>

/*
 * Statistics of numbers in constant memory: n, min, max and sum exactly as doubles, quantiles from a
 * histogram of logarithmic buckets, within STATS_ERROR of the true value.
 */
#define STATS_PER_OCTAVE 32 /* buckets between a power of two and the next: 1/64 off at most */
#define STATS_OCTAVES 128   /* 2^-64 to 2^63; what lies beyond counts as the outermost */
#define STATS_BUCKETS (STATS_PER_OCTAVE * STATS_OCTAVES)
#define STATS_ERROR (1.0 / 64)

struct stats {
	int64_t n;
	double min, max, sum, lost; /* lost: the low part of sum (Neumaier 1974) */
	int64_t zero;
	int64_t above[STATS_BUCKETS]; /* numbers > 0 by size */
	int64_t below[STATS_BUCKETS]; /* numbers < 0 by size */
};

/* stats starts as zeros. */
void stats_add(struct stats *stats, double number);

/* The sum of all numbers. */
double stats_sum(const struct stats *stats);

/* The number that a share q (0 to 1) of all is not above: the nearest rank. n > 0. */
double stats_quantile(const struct stats *stats, double q);

#endif
