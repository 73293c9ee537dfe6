/* Ticks on a fixed grid. */
#include "schedule.h"

#include "common/clock.h"

static int64_t point_before(const struct schedule *schedule, int64_t now)
{
	return now <= schedule->start ? 0 : (now - schedule->start) / schedule->period;
}

void schedule_begin(struct schedule *schedule, int64_t start, int64_t now)
{
	schedule->start = start;
	schedule->last = point_before(schedule, now);
}

int64_t schedule_next(const struct schedule *schedule, uint64_t random)
{
	int64_t offset, at;

	if (__builtin_mul_overflow(schedule->last + 1, schedule->period, &offset))
		return NS_NEVER;
	at = ns_add(schedule->start, offset);
	return schedule->jitter > 0 ? ns_add(at, (int64_t)(random % (uint64_t)schedule->jitter))
				    : at;
}

int64_t schedule_tick(struct schedule *schedule, int64_t now)
{
	int64_t point = point_before(schedule, now);
	int64_t missed = point - schedule->last - 1;

	/* A timer never fires early; a clock may have been set back. */
	schedule->last = point > schedule->last ? point : schedule->last + 1;
	return missed > 0 ? missed : 0;
}
