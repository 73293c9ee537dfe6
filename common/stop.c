/* The phases of an ending: running, asked, killed, given up. */
#include "common/stop.h"

#include <signal.h>

#include "common/clock.h"

/* An unkillable process (state D) is waited for that long, at least. */
#define GIVE_UP_LEAST (2 * NS_PER_S)

void stop_start(struct stop *stop, const struct stop_policy *policy, int64_t now)
{
	int64_t limit = policy->timeout > 0 ? ns_add(now, policy->timeout) : NS_NEVER;

	*stop = (struct stop){
		.policy = policy,
		.due = ns_min(limit, policy->deadline),
		.first = NS_NEVER,
		.deadline_is_nearer = policy->deadline < limit,
	};
}

static enum stop_action kill_now(struct stop *stop, int64_t now)
{
	int64_t twice = ns_add(stop->policy->grace, stop->policy->grace);

	stop->phase = STOP_KILLED;
	stop->due = ns_add(now, twice > GIVE_UP_LEAST ? twice : GIVE_UP_LEAST);
	return STOP_DO_KILL;
}

static enum stop_action ask_with(struct stop *stop, int signal, int64_t grace, int64_t now)
{
	if (signal == SIGKILL || grace == 0)
		return kill_now(stop, now);
	/* A clock that already runs is never put back. */
	stop->due = stop->phase == STOP_ASKED ? ns_min(stop->due, ns_add(now, grace))
					      : ns_add(now, grace);
	stop->phase = STOP_ASKED;
	stop->signal = signal;
	return STOP_DO_ASK;
}

enum stop_action stop_for(struct stop *stop, enum stop_cause cause, int64_t now)
{
	if (stop->phase != STOP_RUNNING)
		return STOP_DO_NOTHING;
	stop->cause = cause;
	return ask_with(stop, stop->policy->signal, stop->policy->grace, now);
}

enum stop_action stop_due(struct stop *stop, int64_t now)
{
	if (now < stop->due)
		return STOP_DO_NOTHING;
	switch (stop->phase) {
	case STOP_RUNNING:
		return stop_for(stop, stop->deadline_is_nearer ? STOP_DEADLINE : STOP_TIMEOUT, now);
	case STOP_ASKED:
		return kill_now(stop, now);
	case STOP_KILLED:
		break;
	}
	stop->due = NS_NEVER;
	return STOP_DO_GIVE_UP;
}

enum stop_action stop_request(struct stop *stop, int signal, int64_t now)
{
	bool insists = signal == SIGTERM || signal == SIGINT;
	bool patient = stop->policy->patient && signal == SIGTERM;

	if (stop->phase == STOP_KILLED)
		return STOP_DO_NOTHING;
	if (stop->first != NS_NEVER)
		return insists && now - stop->first >= STOP_INSIST_NS ? kill_now(stop, now)
								      : STOP_DO_NOTHING;
	stop->first = now;
	if (stop->cause == STOP_NONE)
		stop->cause = STOP_SIGNAL;
	return ask_with(stop, signal, patient ? NS_NEVER : stop->policy->grace, now);
}

enum stop_action stop_leftovers(struct stop *stop, int64_t now)
{
	if (stop->phase != STOP_RUNNING || stop->policy->orphans != ORPHANS_STOP)
		return STOP_DO_NOTHING;
	return ask_with(stop, stop->policy->signal, stop->policy->grace, now);
}
