/* How a command's end, and what became of its output, are judged. */
#include "verdict.h"

#include <errno.h>
#include <signal.h>

#include "common/clock.h"
#include "common/report.h"
#include "common/say.h"

#define OWN_FAILURE ((struct ending){.code = STATUS_OWN})

int64_t verdict_patience(const struct work *work, struct guard *guard)
{
	const struct owner_result *result = guard_result(guard);
	const bool ended_by_us = result->timed_out || guard_stop_signal(guard);
	int64_t until = ended_by_us ? ns_add(now_ns(), work->policy.grace) : NS_NEVER;

	return ns_min(until, work->policy.deadline);
}

/* What the ending is worth after a look at the output: lost bytes are never a success. */
static struct ending judge_output(const struct work *work, struct guard *guard,
				  struct ending ending)
{
	const struct relay *relay = &work->relay;
	const bool success = !ending.code && !ending.signal;

	if (relay->failed) {
		say_errno(relay->err, "cannot write to %s", relay->failed);
		report_error(guard_events(guard), "io", relay->err);
		return OWN_FAILURE;
	}
	if (relay->broken && success)
		return (struct ending){.signal = SIGPIPE};
	if (!relay->cut)
		return ending;
	if (guard_stop_signal(guard) && !guard_result(guard)->requested)
		return (struct ending){.signal = guard_stop_signal(guard)};
	say("the end of the output was lost: nobody read it in time");
	return success ? OWN_FAILURE : ending;
}

static struct ending judge_service(const struct work *work, struct guard *guard)
{
	if (work->unready && !work->lost)
		return (struct ending){.code = STATUS_TIMEOUT};
	if (guard_stop_signal(guard) && !work->lost)
		return (struct ending){0};
	return (struct ending){.code = STATUS_FAILED};
}

struct ending verdict(const struct work *work, struct guard *guard)
{
	const struct owner_result *result = guard_result(guard);
	struct ending ending = result->ending;

	if (result->survivors > 0) {
		report_error(guard_events(guard), "resource", -EBUSY);
		return OWN_FAILURE;
	}
	if (work->mute)
		return OWN_FAILURE;
	if (work->relays)
		ending = judge_output(work, guard, ending);
	if (work->service)
		return judge_service(work, guard);
	if (work->plan->preserve_status)
		return ending;
	if (work->lost)
		return (struct ending){.code = STATUS_FAILED};
	if (result->timed_out)
		return (struct ending){.code = STATUS_TIMEOUT};
	return ending;
}
