/* A run: one command, or one with what belongs around it. */
#include "job.h"

#include "common/clock.h"
#include "common/front.h"
#include "common/say.h"
#include "prepare.h"
#include "stage.h"
#include "tell.h"
#include "work.h"

static struct ending body(struct guard *guard, void *arg)
{
	struct ending ending = work_body(guard, arg);

	tell_end(guard_events(guard), ending);
	tell_sink(guard_events(guard));
	return ending;
}

static struct ending run_in_guard(struct work *work, struct events *events)
{
	const struct front_config config = {.events = events, .lets_go = true};
	struct ending ending;
	int end = front_run(&config, body, work, &ending);

	if (end == FRONT_DONE)
		return ending;
	if (end == FRONT_BEREFT)
		say("the guard process was killed; the command was ended");
	else if (end == FRONT_LOST)
		say("the guard process was killed; some of what it owned may live on");
	else
		say_errno(end, "cannot set up the guard process");
	return work_fail(events, "resource", end < 0 ? end : 0);
}

struct ending job_run(const struct plan *plan, struct events *events)
{
	struct work work;
	struct ending ending;
	int err;

	if (stage_is_wanted(plan))
		return stage_run(plan, events);
	err = prepare_command(&work, plan, now_ns());
	ending = err < 0 ? work_fail(events, "io", err) : run_in_guard(&work, events);
	prepare_drop(&work);
	return ending;
}
