/* The phases of an ending: running, asked, killed, given up. */
#include "common/stop.h"

#include <signal.h>

#include "common/clock.h"

/* An unkillable process (state D) is waited for that long, at least. */
#define GIVE_UP_LEAST (2 * NS_PER_S)

void stop_inherit(struct stop_policy *policy, const struct deadline *inherited)
{
	if (inherited->at < policy->deadline) {
		policy->deadline = inherited->at;
		policy->from = inherited->from;
	}
	policy->kill_by = inherited->kill_at;
}

enum stop_cause stop_limit_cause(const struct stop_policy *policy, int64_t timeout)
{
	if (policy->deadline >= timeout)
		return STOP_TIMEOUT;
	return policy->from ? STOP_INHERITED : STOP_DEADLINE;
}

void stop_start(struct stop *stop, const struct stop_policy *policy, int64_t now)
{
	int64_t limit = policy->timeout > 0 ? ns_add(now, policy->timeout) : NS_NEVER;

	*stop = (struct stop){
		.policy = policy,
		.limit = ns_min(limit, policy->deadline),
		.kill_at = NS_NEVER,
		.give_up_at = NS_NEVER,
		.first = NS_NEVER,
		.limit_cause = stop_limit_cause(policy, limit),
	};
}

int64_t stop_next(const struct stop *stop)
{
	return ns_min(stop->limit, ns_min(stop->kill_at, stop->give_up_at));
}

static enum stop_action kill_now(struct stop *stop, int64_t now)
{
	int64_t twice = ns_add(stop->policy->grace, stop->policy->grace);

	stop->phase = STOP_KILLED;
	stop->limit = stop->kill_at = NS_NEVER;
	stop->give_up_at = ns_add(now, twice > GIVE_UP_LEAST ? twice : GIVE_UP_LEAST);
	return STOP_DO_KILL;
}

static enum stop_action ask_with(struct stop *stop, int signal, int64_t grace, int64_t now)
{
	if (signal == SIGKILL || grace == 0)
		return kill_now(stop, now);
	/* A clock that already runs is never put back. */
	stop->kill_at = ns_min(stop->kill_at, ns_add(now, grace));
	if (stop->policy->kill_by > 0)
		stop->kill_at = ns_min(stop->kill_at, stop->policy->kill_by);
	/* Nobody is told the same twice. */
	if (stop->phase == STOP_ASKED && stop->signal == signal)
		return STOP_DO_NOTHING;
	stop->phase = STOP_ASKED;
	stop->signal = signal;
	return STOP_DO_ASK;
}

enum stop_action stop_for(struct stop *stop, enum stop_cause cause, int64_t now)
{
	if (stop->phase == STOP_KILLED)
		return STOP_DO_NOTHING;
	stop->cause = cause;
	stop->limit = NS_NEVER;
	return ask_with(stop, stop->policy->signal, stop->policy->grace, now);
}

enum stop_action stop_due(struct stop *stop, int64_t now)
{
	if (now >= stop->kill_at)
		return kill_now(stop, now);
	if (now >= stop->limit)
		return stop_for(stop, stop->limit_cause, now);
	if (now < stop->give_up_at)
		return STOP_DO_NOTHING;
	stop->give_up_at = NS_NEVER;
	return STOP_DO_GIVE_UP;
}

enum stop_action stop_request(struct stop *stop, int signal, int64_t now)
{
	const bool insists = signal == SIGTERM || signal == SIGINT;
	const bool patient = stop->policy->patient && signal == SIGTERM;

	if (stop->phase == STOP_KILLED)
		return STOP_DO_NOTHING;
	if (stop->first != NS_NEVER) {
		if (insists && now - stop->first >= STOP_INSIST_NS)
			return kill_now(stop, now);
		return STOP_DO_NOTHING;
	}
	stop->first = now;
	if (stop->cause == STOP_NONE)
		stop->cause = STOP_SIGNAL;
	return ask_with(stop, signal, patient ? NS_NEVER : stop->policy->grace, now);
}

enum stop_action stop_leftovers(struct stop *stop, int64_t now)
{
	if (stop->phase != STOP_RUNNING || stop->policy->orphans != ORPHANS_STOP)
		return STOP_DO_NOTHING;
	/* The command has kept its limit; only an endless grace period leaves it in force. */
	if (stop->policy->grace != NS_NEVER)
		stop->limit = NS_NEVER;
	return ask_with(stop, stop->policy->signal, stop->policy->grace, now);
}
