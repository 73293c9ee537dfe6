/* The steps of a replacement in their order. */
#include "work.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "commit.h"
#include "common/clock.h"
#include "common/fd.h"
#include "condition.h"
#include "input.h"
#include "job.h"
#include "stage.h"
#include "target.h"
#include "tell.h"
#include "trace.h"

/* Take a signal off the descriptor. One that the caller had ignored stays so; a blocked one is queued
 * all the same (signal(7)). */
static bool is_stopped(struct work *work)
{
	struct signalfd_siginfo info;
	struct sigaction action;

	while (read(work->sigs, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		const int signal = (int)info.ssi_signo;

		if (sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			continue;
		work->stop_signal = signal;
		return true;
	}
	return false;
}

static int wait_alone(struct work *work, int fd, int64_t until)
{
	enum { INPUT, SIGS, SOURCES };
	struct pollfd fds[SOURCES] = {
		[INPUT] = {.fd = fd, .events = POLLIN},
		[SIGS] = {.fd = work->sigs, .events = POLLIN},
	};
	struct timespec left;

	for (;;) {
		int count = ppoll(fds, SOURCES, ns_until(until, &left), NULL);

		if (count < 0 && errno != EINTR)
			return -errno;
		if (count > 0 && fds[SIGS].revents && is_stopped(work))
			return WAIT_STOP;
		if (count > 0 && fds[INPUT].revents)
			return WAIT_READY;
		if (count == 0)
			return WAIT_TIME;
	}
}

int work_stop_signal(const struct work *work)
{
	int signal = work->guard ? guard_stop_signal(work->guard) : work->stop_signal;

	return signal == work->forgiven ? 0 : signal;
}

int work_wait(struct work *work, int fd, int64_t until)
{
	struct pollfd extra = {.fd = fd, .events = POLLIN};
	int event;

	if (!work->guard)
		return wait_alone(work, fd, until);
	if (work_stop_signal(work))
		return WAIT_STOP;
	event = guard_wait(work->guard, &extra, 1, until);
	if (event < 0)
		return event;
	if (event == GUARD_STOP)
		return WAIT_STOP;
	return event == GUARD_READY ? WAIT_READY : WAIT_TIME;
}

static bool produce(struct work *work)
{
	return work->plan->command ? job_command(work) : input_stage(work);
}

static bool go(struct work *work)
{
	if (target_is_events(work)) {
		events_drop(work->events);
		return tell_mistake(work, "cannot replace '%s': it is the events destination",
				    work->plan->file);
	}
	trace_start(work);
	return target_find(work) && condition_before(work) && produce(work) &&
	       condition_after(work) && commit(work);
}

struct ending work_run(struct work *work)
{
	work->begun = now_ns();
	work->target = TARGET_NONE;
	work->new = REPLACE_NONE;
	work->spare = PLACE_NONE;
	work->ending = (struct ending){.code = STATUS_OWN};
	if (go(work))
		tell_committed(work);
	replace_drop(&work->new);
	place_drop(&work->spare);
	target_drop(&work->target);
	return work->ending;
}
