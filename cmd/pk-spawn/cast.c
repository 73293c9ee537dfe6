/* What happens among the guards of a run. */
#include "cast.h"

#include <signal.h>

#include "await.h"
#include "common/clock.h"
#include "common/report.h"
#include "common/say.h"

#define OWN_FAILURE ((struct ending){.code = STATUS_OWN})

struct player *cast_command(struct cast *cast)
{
	return &cast->players[cast->services];
}

const struct player *cast_fallen(const struct cast *cast)
{
	for (size_t i = 0; i < cast->services; i++)
		if (cast->players[i].gone)
			return &cast->players[i];
	return NULL;
}

/* A signal came for us. COMMAND gets it if it runs, else it is a reason to end. */
static void obey(struct cast *cast, const struct order *order)
{
	const bool asks = order->kind == ORDER_STOP || order->kind == ORDER_TYPED;
	const bool insists = order->signal == SIGTERM || order->signal == SIGINT;
	struct player *command = cast_command(cast);

	if (order->kind == ORDER_CONTINUE) {
		crew_order(&cast->crew, CREW_ALL, order);
		return;
	}
	if (order->kind == ORDER_STOP)
		herald_stopping(&cast->herald);
	/* What is typed while COMMAND runs is its business. */
	if (order->kind == ORDER_TYPED && command->member != CAST_NOBODY) {
		crew_order(&cast->crew, command->member, order);
		return;
	}
	if (asks && cast->first == NS_NEVER) {
		cast->first = now_ns();
		cast->signal = order->signal;
	} else if (order->kind == ORDER_STOP && insists) {
		cast->insists |= now_ns() - cast->first >= STOP_INSIST_NS;
	}
	if (cast->waiter != CAST_NOBODY)
		crew_order(&cast->crew, cast->waiter, order);
	else if (command->member != CAST_NOBODY)
		crew_order(&cast->crew, command->member, order);
	else if (order->kind == ORDER_PASS && order->signal == SIGHUP && cast->first == NS_NEVER) {
		/* As without a command: it ends the tool. */
		cast->first = now_ns();
		cast->signal = SIGHUP;
	}
}

static struct player *player_of(struct cast *cast, int member)
{
	for (size_t i = 0; i <= cast->services; i++)
		if (cast->players[i].member == member || cast->players[i].prober == member)
			return &cast->players[i];
	return NULL;
}

void cast_halt(struct cast *cast, int member)
{
	const struct order order = {.kind = ORDER_HALT, .signal = SIGTERM};

	if (member != CAST_NOBODY)
		crew_order(&cast->crew, member, &order);
}

static void start_prober(struct cast *cast, struct player *player)
{
	const struct spec *spec = player->work.spec;

	if (!spec || spec->kind != SPEC_EXEC)
		return;
	player->prober = crew_hire(&cast->crew, await_exec_body, (void *)(uintptr_t)spec);
	/* Then it will not be ready in time. */
	if (player->prober < 0)
		say_errno(player->prober, "cannot ask '%s'", spec->text);
	if (player->prober < 0)
		player->prober = CAST_NOBODY;
}

static void hear(struct cast *cast, struct player *player, const struct crew_event *event)
{
	for (size_t i = 0; i < event->len; i++) {
		switch (((const char *)event->bytes)[i]) {
		case WORK_STARTED:
			start_prober(cast, player);
			break;
		case WORK_READY:
			player->ready = true;
			break;
		case WORK_STOPPING:
			if (player == cast_command(cast))
				herald_stopping(&cast->herald);
			break;
		}
	}
}

/* How a guard's end reads; what it could not tell itself is told here. */
static struct ending ending_of_guard(struct cast *cast, const struct crew_event *event)
{
	switch (event->end) {
	case CREW_DONE:
		return event->ending;
	case CREW_UNMADE:
		say_errno(event->error, "cannot set up a guard process");
		break;
	case CREW_BEREFT:
		say("a guard process was killed; what it owned was ended");
		break;
	case CREW_LOST:
		say("a guard process was killed; some of what it owned may live on");
		break;
	}
	report_error(cast->events, "resource", event->end == CREW_UNMADE ? event->error : 0);
	return OWN_FAILURE;
}

static void see_off(struct cast *cast, const struct crew_event *event)
{
	struct player *player = player_of(cast, event->member);

	if (event->member == cast->waiter) {
		cast->waiter = CAST_NOBODY;
		cast->waited = ending_of_guard(cast, event);
	} else if (player && event->member == player->prober) {
		const struct order yes = {.kind = ORDER_PASS, .signal = WORK_IS_READY};

		player->prober = CAST_NOBODY;
		if (event->end == CREW_DONE && event->ending.code == 0 &&
		    player->member != CAST_NOBODY)
			crew_order(&cast->crew, player->member, &yes);
	} else if (player) {
		player->member = CAST_NOBODY;
		player->gone = true;
		player->ending = ending_of_guard(cast, event);
		/* What a killed guard could not remove. */
		if (event->end != CREW_DONE && player->ready && player == cast_command(cast))
			herald_clear(player->work.plan->ready_file);
		cast_halt(cast, player->prober);
	}
}

bool cast_step(struct cast *cast)
{
	struct crew_event event;
	struct player *player;

	switch (crew_wait(&cast->crew, NULL, 0, NS_NEVER, &event)) {
	case CREW_ORDER:
		obey(cast, &event.order);
		return true;
	case CREW_REPORT:
		player = player_of(cast, event.member);
		if (player)
			hear(cast, player, &event);
		return true;
	case CREW_GONE:
		see_off(cast, &event);
		return true;
	case CREW_READY:
	case CREW_TIME:
		return true;
	}
	return false;
}
