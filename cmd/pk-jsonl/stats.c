/* Quantiles by logarithmic buckets. frexp would need libm; the bits of a double say the same. */
#include "stats.h"

#include <string.h>

#define MANTISSA_BITS 52
#define BUCKET_BITS 5		    /* log2 of STATS_PER_OCTAVE */
#define FIRST_EXPONENT INT64_C(959) /* of 2^-64: 1023 - 64 */

/* The exponent and the top bits of the mantissa, counted from 2^-64. */
static int bucket_of(double size)
{
	uint64_t bits;
	int64_t bucket;

	memcpy(&bits, &size, sizeof(bits));
	bucket = (int64_t)(bits >> (MANTISSA_BITS - BUCKET_BITS)) -
		 FIRST_EXPONENT * STATS_PER_OCTAVE;
	return bucket < 0 ? 0 : bucket > STATS_BUCKETS - 1 ? STATS_BUCKETS - 1 : (int)bucket;
}

/* The middle of a bucket. */
static double size_of(int bucket)
{
	uint64_t bits = (uint64_t)(bucket + FIRST_EXPONENT * STATS_PER_OCTAVE)
			<< (MANTISSA_BITS - BUCKET_BITS);
	double size;

	bits |= UINT64_C(1) << (MANTISSA_BITS - BUCKET_BITS - 1);
	memcpy(&size, &bits, sizeof(size));
	return size;
}

static void add_to_sum(struct stats *stats, double number)
{
	const double sum = stats->sum + number;
	const double a = stats->sum < 0 ? -stats->sum : stats->sum,
		     b = number < 0 ? -number : number;

	stats->lost += a >= b ? (stats->sum - sum) + number : (number - sum) + stats->sum;
	stats->sum = sum;
}

void stats_add(struct stats *stats, double number)
{
	if (stats->n == 0 || number < stats->min)
		stats->min = number;
	if (stats->n == 0 || number > stats->max)
		stats->max = number;
	stats->n++;
	add_to_sum(stats, number);
	if (number > 0)
		stats->above[bucket_of(number)]++;
	else if (number < 0)
		stats->below[bucket_of(-number)]++;
	else
		stats->zero++;
}

double stats_sum(const struct stats *stats)
{
	return stats->sum + stats->lost;
}

static double within(const struct stats *stats, double number)
{
	return number < stats->min ? stats->min : number > stats->max ? stats->max : number;
}

double stats_quantile(const struct stats *stats, double q)
{
	int64_t rank = (int64_t)(q * (double)stats->n);
	int i;

	rank += (double)rank < q * (double)stats->n;
	rank = rank < 1 ? 1 : rank > stats->n ? stats->n : rank;
	for (i = STATS_BUCKETS - 1; i >= 0; i--)
		if ((rank -= stats->below[i]) <= 0)
			return within(stats, -size_of(i));
	if ((rank -= stats->zero) <= 0)
		return 0;
	for (i = 0; i < STATS_BUCKETS - 1; i++)
		if ((rank -= stats->above[i]) <= 0)
			break;
	return within(stats, size_of(i));
}
