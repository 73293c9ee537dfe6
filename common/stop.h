#ifndef PK_STOP_H
#define PK_STOP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base.h"
#include "common/deadline.h"

/*
 * How a command is brought to its end: a pure state machine over (state, time). RUNNING is asked to
 * stop (the stop signal, once), then killed after the grace period, then given up on. It decides;
 * guard carries out.
 */
enum orphans { ORPHANS_STOP, ORPHANS_WAIT, ORPHANS_LEAVE };

struct stop_policy {
	int64_t timeout;  /* ns from the start; 0: none */
	int64_t deadline; /* absolute; NS_NEVER: none */
	int64_t grace; /* ns between the stop signal and SIGKILL; 0: at once; NS_NEVER: no SIGKILL */
	int signal;    /* the stop signal; SIGKILL skips the asking */
	bool main_first; /* ask the command itself, its descendants when it has gone */
	bool patient;	 /* PID 1 without an explicit grace: a forwarded TERM has no clock */
	enum orphans orphans;
	const char
		*from;	 /* the deadline is an inherited one, enforced by that run; NULL: our own */
	int64_t kill_by; /* absolute: no grace period goes on beyond it; 0: it may */
};

/* Clamp policy to what is inherited, which must outlive it. One line in each tool. */
void stop_inherit(struct stop_policy *policy, const struct deadline *inherited);

enum stop_phase { STOP_RUNNING, STOP_ASKED, STOP_KILLED };

/* Why the command ended, as far as it was our doing. */
enum stop_cause { STOP_NONE, STOP_TIMEOUT, STOP_DEADLINE, STOP_INHERITED, STOP_IDLE, STOP_SIGNAL };

struct stop {
	const struct stop_policy *policy;
	enum stop_phase phase;
	enum stop_cause cause;
	int64_t limit; /* of time, not yet passed; these three are NS_NEVER when there is none */
	int64_t kill_at;
	int64_t give_up_at;
	int64_t first;		     /* when the first request to stop came in; NS_NEVER: none */
	enum stop_cause limit_cause; /* which one it is */
	int signal;		     /* what to ask with */
};

/* What to do now. */
enum stop_action { STOP_DO_NOTHING, STOP_DO_ASK, STOP_DO_KILL, STOP_DO_GIVE_UP };

/* Which limit comes first: the policy's deadline, or a timeout that ends then (NS_NEVER: none)? */
enum stop_cause stop_limit_cause(const struct stop_policy *policy, int64_t timeout);

/* The command starts now. policy must outlive stop. */
void stop_start(struct stop *stop, const struct stop_policy *policy, int64_t now);

/* When stop_due has something to say next; NS_NEVER: nothing to wait for. */
int64_t stop_next(const struct stop *stop);

/*
 * The time is now: has a limit passed, the grace period ended? An action is returned once. A limit that
 * passes while a request is under way is a limit all the same: the cause changes, and the grace period
 * begins unless it has.
 */
enum stop_action stop_due(struct stop *stop, int64_t now);

/* End the command because of cause (STOP_IDLE, for example). */
enum stop_action stop_for(struct stop *stop, enum stop_cause cause, int64_t now);

/*
 * A request from outside, by signal, to be passed on once. A TERM or INT that comes
 * STOP_INSIST_NS after the first request or later kills at once; earlier ones are the same request
 * (a signal to a process group and to its member, a supervisor that repeats itself).
 */
#define STOP_INSIST_NS INT64_C(200000000)
enum stop_action stop_request(struct stop *stop, int signal, int64_t now);

/* The command has ended by itself and left descendants: what the policy says of them. */
enum stop_action stop_leftovers(struct stop *stop, int64_t now);

#endif
