/* The timer behind --every. */
#include "ticker.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/num.h"

static int64_t clock_now(const struct ticker *ticker)
{
	struct timespec now;

	(void)clock_gettime(ticker->clock, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static int arm(struct ticker *ticker)
{
	const int flags =
		TFD_TIMER_ABSTIME | (ticker->clock == CLOCK_REALTIME ? TFD_TIMER_CANCEL_ON_SET : 0);
	uint64_t random = 0;
	struct itimerspec at = {0};
	int64_t next;

	if (ticker->schedule.jitter > 0 && num_random(&random, sizeof(random)) < 0)
		random = 0;
	next = schedule_next(&ticker->schedule, random);
	at.it_value.tv_sec = (time_t)(next / NS_PER_S);
	at.it_value.tv_nsec = (long)(next % NS_PER_S);
	return timerfd_settime(ticker->fd, flags, &at, NULL) < 0 ? -errno : 0;
}

int ticker_open(struct ticker *ticker, const struct plan *plan)
{
	int64_t now;
	int err;

	*ticker = TICKER_OFF;
	if (plan->every == 0)
		return 0;
	ticker->clock = plan->align ? CLOCK_REALTIME : CLOCK_BOOTTIME;
	ticker->fd = timerfd_create(ticker->clock, TFD_CLOEXEC | TFD_NONBLOCK);
	if (ticker->fd < 0)
		return -errno;
	ticker->schedule = (struct schedule){.period = plan->every, .jitter = plan->jitter};
	now = clock_now(ticker);
	schedule_begin(&ticker->schedule, plan->align ? 0 : now, now);
	err = arm(ticker);
	if (err < 0)
		ticker_drop(ticker);
	return err;
}

void ticker_drop(struct ticker *ticker)
{
	fd_drop(&ticker->fd);
}

int64_t ticker_take(struct ticker *ticker)
{
	int64_t missed = -ECANCELED;
	uint64_t count;

	if (read(ticker->fd, &count, sizeof(count)) == (ssize_t)sizeof(count))
		missed = schedule_tick(&ticker->schedule, clock_now(ticker));
	else if (errno == ECANCELED)
		schedule_begin(&ticker->schedule, ticker->schedule.start, clock_now(ticker));
	/* A time that the kernel refuses is beyond its calendar: there are no more ticks. */
	(void)!arm(ticker);
	return missed;
}
