/* Services before and after a command. */
#include "stage.h"

#include <errno.h>
#include <stdlib.h>

#include "await.h"
#include "cast.h"
#include "common/clock.h"
#include "common/crew.h"
#include "common/report.h"
#include "common/say.h"
#include "prepare.h"
#include "tell.h"
#include "work.h"

#define OWN_FAILURE ((struct ending){.code = STATUS_OWN})
struct stage {
	const struct plan *plan;
	struct cast cast;
	struct ending ending;
};

bool stage_is_wanted(const struct plan *plan)
{
	return plan->wait_count > 0 || plan->service_count > 0 || plan->has_ready;
}

/* Remember how the run ends; the first reason counts. */
static void end_with(struct stage *stage, struct ending ending)
{
	if (!stage->ending.code && !stage->ending.signal)
		stage->ending = ending;
}

static bool cannot_wait(struct stage *stage)
{
	report_error(stage->cast.events, "resource", 0);
	say("cannot wait for the guard processes");
	end_with(stage, OWN_FAILURE);
	return false;
}

static bool cannot_hire(struct stage *stage, int err)
{
	say_errno(err, "cannot set up a guard process");
	report_error(stage->cast.events, "resource", err);
	end_with(stage, OWN_FAILURE);
	return false;
}

/* Returns true when all that is waited for is there. */
static bool wait_for_others(struct stage *stage, int64_t now)
{
	const struct plan *plan = stage->plan;
	const struct stop_policy policy = plan_policy(plan, false, now);
	struct await await = {.plan = plan, .until = plan_ready_by(plan, &policy, now)};

	if (plan->wait_count == 0)
		return true;
	stage->cast.waiter = crew_hire(&stage->cast.crew, await_body, &await);
	if (stage->cast.waiter < 0) {
		int err = stage->cast.waiter;

		stage->cast.waiter = CAST_NOBODY;
		return cannot_hire(stage, err);
	}
	while (stage->cast.waiter != CAST_NOBODY)
		if (!cast_step(&stage->cast))
			return cannot_wait(stage);
	end_with(stage, stage->cast.waited);
	return !stage->cast.waited.code && !stage->cast.waited.signal;
}

/* Is there a reason to go no further? */
static bool is_over(struct stage *stage)
{
	const struct player *service = cast_fallen(&stage->cast);

	if (stage->cast.first != NS_NEVER)
		end_with(stage, (struct ending){.signal = stage->cast.signal});
	else if (service)
		end_with(stage, service->ending);
	return stage->cast.first != NS_NEVER || service;
}

/* Returns true when the service is ready. */
static bool start_service(struct stage *stage, struct player *player)
{
	int member = crew_hire(&stage->cast.crew, work_body, &player->work);

	if (member < 0)
		return cannot_hire(stage, member);
	player->member = member;
	prepare_drop(&player->work); /* the guard has its own of all that */
	while (!player->ready && !is_over(stage))
		if (!cast_step(&stage->cast))
			return cannot_wait(stage);
	return !is_over(stage);
}

static bool start_services(struct stage *stage)
{
	for (size_t i = 0; i < stage->cast.services; i++)
		if (!start_service(stage, &stage->cast.players[i]))
			return false;
	return true;
}

/* Not when the end has been asked for already. */
static void say_ready(struct cast *cast)
{
	if (cast->first == NS_NEVER)
		herald_ready(&cast->herald);
}

/* COMMAND from start to end, as long as every service stands. */
static bool run_command(struct stage *stage)
{
	struct player *command = cast_command(&stage->cast);
	bool halted = false;
	int member;

	if (is_over(stage))
		return false;
	member = crew_hire(&stage->cast.crew, work_body, &command->work);
	if (member < 0)
		return cannot_hire(stage, member);
	command->member = member;
	prepare_drop(&command->work);
	/* Nobody is hired any more, except who asks an exec:, and that needs none of the caller's. */
	crew_let_go(&stage->cast.crew, NULL, 0);
	while (!command->gone) {
		if (command->ready || !command->work.spec)
			say_ready(&stage->cast);
		if (!cast_step(&stage->cast))
			return cannot_wait(stage);
		if (!halted && cast_fallen(&stage->cast) && !command->gone) {
			halted = true;
			end_with(stage, cast_fallen(&stage->cast)->ending);
			herald_stopping(&stage->cast.herald);
			cast_halt(&stage->cast, command->member);
		}
	}
	end_with(stage, command->ending);
	return true;
}

/* In the reverse order, each when the one after it has gone. */
static void stop_services(struct stage *stage)
{
	for (size_t i = stage->cast.services; i-- > 0;) {
		struct player *player = &stage->cast.players[i];

		cast_halt(&stage->cast, player->member);
		while (player->member != CAST_NOBODY && !stage->cast.insists)
			if (!cast_step(&stage->cast))
				return;
		/* One that did not end as it was told to. */
		if (player->gone)
			end_with(stage, player->ending);
	}
}

static void play(struct stage *stage, int64_t now)
{
	if (wait_for_others(stage, now)) {
		/* With a lock COMMAND's guard does it: it knows when that is ours. */
		if (!stage->plan->lock)
			herald_clear(stage->plan->ready_file);
		if (start_services(stage))
			(void)run_command(stage);
	}
	herald_stopping(&stage->cast.herald);
	stop_services(stage);
}

/* Open what can fail before anything is started. Returns 0 or -errno, told. */
static int prepare(struct stage *stage, int64_t now)
{
	int err;

	stage->cast.services = stage->plan->service_count;
	stage->cast.players = calloc(stage->cast.services + 1, sizeof(*stage->cast.players));
	if (!stage->cast.players) {
		say_errno(-ENOMEM, "cannot prepare the services");
		return -ENOMEM;
	}
	for (size_t i = 0; i <= stage->cast.services; i++)
		stage->cast.players[i].member = stage->cast.players[i].prober = CAST_NOBODY;
	for (size_t i = 0; i < stage->cast.services; i++)
		prepare_service(&stage->cast.players[i].work, stage->plan, (int)i + 1, now);
	err = prepare_command(&cast_command(&stage->cast)->work, stage->plan, now);
	cast_command(&stage->cast)->work.told = true;
	return err;
}

static void clear(struct stage *stage)
{
	for (size_t i = 0; stage->cast.players && i <= stage->cast.services; i++)
		prepare_drop(&stage->cast.players[i].work);
	free(stage->cast.players);
}

struct ending stage_run(const struct plan *plan, struct events *events)
{
	/* Each may have somebody who asks for it. */
	const int most = 2 * ((int)plan->service_count + 1) + 1;
	const int64_t now = now_ns();
	struct stage stage = {
		.plan = plan,
		.cast = {.events = events,
			 .waiter = CAST_NOBODY,
			 .first = NS_NEVER,
			 .herald = {.file = plan->lock ? NULL : plan->ready_file}},
	};
	int err = prepare(&stage, now);

	if (err < 0) {
		clear(&stage);
		return work_fail(events, "io", err);
	}
	err = crew_open(&stage.cast.crew, events, most, true);
	if (err < 0) {
		say_errno(err, "cannot set up the guard process");
		clear(&stage);
		return work_fail(events, "resource", err);
	}
	play(&stage, now);
	if (!crew_close(&stage.cast.crew)) {
		say("something could not be ended");
		stage.ending = OWN_FAILURE;
	}
	clear(&stage);
	tell_end(events, stage.ending);
	tell_sink(events);
	return stage.ending;
}
