/*
 * pk-retry - run a command again, politely, until it succeeds
 *
 * The front (this process) forks a guard, and the whole run happens there: the lock, the circuit
 * breaker, attempt after attempt with the delays between. So an attempt costs no message to the
 * front, and whatever an attempt starts is owned until it is gone.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/events.h"
#include "common/num.h"
#include "common/program.h"
#include "common/report.h"
#include "common/say.h"
#include "common/status.h"
#include "memo.h"
#include "notice.h"
#include "plan.h"
#include "run.h"
#include "schedule.h"

/* A mistake in the command line is an event too, wherever events go that far into it. */
static int end_early(struct plan *plan, struct events *events, int status)
{
	struct notice notice = {.plan = plan, .events = events, .started = now_ns()};

	if (status == STATUS_OWN && events_open(events, "pk-retry", plan->events) == 0) {
		report_error(events, "usage", 0);
		notice_end(&notice, 0, (struct ending){.code = status}, REASON_ERROR);
		events_drop(events);
	}
	plan_drop(plan);
	return program_finish(status);
}

static int show_schedule(const struct plan *plan)
{
	uint64_t seed = (uint64_t)plan->seed;
	int err = plan->seed >= 0 ? 0 : num_random(&seed, sizeof(seed));

	if (err < 0) {
		say_errno(err, "cannot get random numbers");
		return STATUS_OWN;
	}
	err = schedule_print(STDOUT_FILENO, &plan->backoff, seed, plan->attempts);
	if (err >= 0)
		return STATUS_OK;
	if (err == -EPIPE)
		ending_die((struct ending){.signal = SIGPIPE});
	say_errno(err, "cannot write to stdout");
	return STATUS_OWN;
}

static struct ending run(const struct plan *plan, struct events *events)
{
	struct ending ending;

	return memo_give(plan, events, &ending) ? ending : run_plan(plan, events);
}

int main(int argc, char **argv)
{
	struct plan plan;
	struct events events = EVENTS_OFF;
	struct ending ending = {.code = STATUS_OWN};

	if (!program_start("pk-retry"))
		return STATUS_OWN;
	if (!plan_parse(&plan, argc, argv, &ending.code))
		return end_early(&plan, &events, ending.code);
	if (plan.schedule)
		ending.code = show_schedule(&plan);
	else if (program_open_events(&events, "pk-retry", plan.events))
		ending = run(&plan, &events);
	events_drop(&events);
	plan_drop(&plan);
	ending_die(ending);
}
