/* The judgement of --trend. */
#include "trend.h"

#include <stdbool.h>
#include <string.h>

#define WINDOWS 5

const char *trend_name(enum verdict verdict)
{
	static const char *const names[] = {[VERDICT_STEADY] = "steady",
					    [VERDICT_LEAK] = "leak",
					    [VERDICT_UNKNOWN] = "unknown"};

	return names[verdict];
}

static int64_t least_of(const int64_t *values, size_t from, size_t to)
{
	int64_t least = values[from];

	for (size_t i = from + 1; i < to; i++)
		if (values[i] < least)
			least = values[i];
	return least;
}

enum verdict trend_judge(const int64_t *values, size_t count, int64_t min_growth)
{
	int64_t minima[WINDOWS], rise, first_half;

	if (count < TREND_LEAST)
		return VERDICT_UNKNOWN;
	for (size_t i = 0; i < WINDOWS; i++) {
		minima[i] = least_of(values, i * count / WINDOWS, (i + 1) * count / WINDOWS);
		if (i > 0 && minima[i] <= minima[i - 1])
			return VERDICT_STEADY;
	}
	rise = minima[WINDOWS - 1] - minima[0];
	first_half = minima[WINDOWS / 2] - minima[0];
	if (rise < min_growth || 4 * first_half < rise || 4 * (rise - first_half) < rise)
		return VERDICT_STEADY;
	return VERDICT_LEAK;
}

void trend_draw(const int64_t *values, size_t count, size_t width, char *text)
{
	const size_t from = count > width ? count - width : 0;
	int64_t low, high;

	text[0] = '\0';
	if (count == 0)
		return;
	low = high = values[from];
	for (size_t i = from; i < count; i++) {
		low = values[i] < low ? values[i] : low;
		high = values[i] > high ? values[i] : high;
	}
	for (size_t i = from; i < count; i++) {
		const int64_t height = high > low ? (values[i] - low) * 7 / (high - low) : 0;
		/* U+2581 to U+2588 */
		const char block[4] = {'\xe2', '\x96', (char)(0x81 + height), '\0'};

		memcpy(text, block, sizeof(block));
		text += 3;
	}
}
