/* A job and its tree: what was decided is carried out here. */
#include "common/owner.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cgroup.h"
#include "common/clock.h"
#include "common/proc.h"
#include "common/report.h"
#include "common/tree.h"

/*
 * SIGKILL is repeated that often while something refuses to die: an orphan may have come to us
 * without a SIGCHLD, its former parent stuck in the kernel.
 */
#define KILL_AGAIN_NS (20 * NS_PER_MS)

#define PROCESSES_SHOWN 64

static const char *const cause_names[] = {
	[CAUSE_EXITED] = "exited", [CAUSE_SIGNAL] = "signal",	  [CAUSE_TIMEOUT] = "timeout",
	[CAUSE_IDLE] = "idle",	   [CAUSE_DEADLINE] = "deadline", [CAUSE_INHERITED] = "inherited",
	[CAUSE_OOM] = "oom",	   [CAUSE_STOPPED] = "stopped",	  [CAUSE_UNKNOWN] = "unknown",
};

const char *owner_cause_name(enum owner_cause cause)
{
	return cause_names[cause];
}

static void tell(const struct owner *owner, enum owner_note note, int signal, int targets)
{
	if (owner->note)
		owner->note(owner->note_arg, note, signal, targets);
}

/*
 * Signal the command itself: our unreaped child, or already gone. Where /proc is missing the group
 * that we made stands for the tree.
 */
static int signal_main(const struct owner *owner, int signal, bool group)
{
	/* Never a number that means a group of others, or everybody (kill(2)). */
	if (owner->main_gone || owner->main.pid <= 1)
		return 0;
	if (group && owner->own_group)
		return kill(-owner->main.pid, signal) < 0 ? 0 : 1;
	return kill(owner->main.pid, signal) < 0 ? 0 : 1;
}

static int signal_tree(struct owner *owner, int signal)
{
	int targets;

	if (owner->stop.policy->main_first && !owner->main_gone) {
		targets = signal_main(owner, signal, false);
		(void)signal_main(owner, SIGCONT, false);
		return targets;
	}
	targets = tree_signal(signal, &owner->asked);
	if (targets >= 0)
		return targets;
	tell(owner, OWNER_NO_PROC, 0, 0);
	targets = signal_main(owner, signal, true);
	(void)signal_main(owner, SIGCONT, true);
	return targets;
}

static int kill_tree(struct owner *owner)
{
	int targets = tree_kill(NULL);

	if (targets < 0)
		targets = signal_main(owner, SIGKILL, true);
	owner->condemned = targets;
	owner->reaped = 0;
	owner->kill_again = ns_add(now_ns(), KILL_AGAIN_NS);
	return targets;
}

/*
 * The children of what has died have become ours: kill those too. Once half of the last round has been
 * reaped, so that the rounds over a large tree are few while one that forks gets no rest.
 */
static void press(struct owner *owner)
{
	if (2 * owner->reaped >= owner->condemned || now_ns() >= owner->kill_again)
		(void)kill_tree(owner);
}

static enum owner_cause cause_of(const struct stop *stop)
{
	switch (stop->cause) {
	case STOP_TIMEOUT:
		return CAUSE_TIMEOUT;
	case STOP_DEADLINE:
		return CAUSE_DEADLINE;
	case STOP_INHERITED:
		return CAUSE_INHERITED;
	case STOP_IDLE:
		return CAUSE_IDLE;
	case STOP_SIGNAL:
		return CAUSE_STOPPED;
	case STOP_NONE:
		break;
	}
	return CAUSE_EXITED;
}

/* Note that a limit has passed, the first time an action follows from one. */
static void note_limit(struct owner *owner)
{
	struct owner_result *result = &owner->result;
	enum owner_cause cause = cause_of(&owner->stop);
	bool limit = cause == CAUSE_TIMEOUT || cause == CAUSE_DEADLINE ||
		     cause == CAUSE_INHERITED || cause == CAUSE_IDLE;

	if (!limit || result->timed_out)
		return;
	result->timed_out = true;
	result->cause = cause;
	report_limit(owner->events, owner->main.pid, owner_cause_name(cause),
		     cause == CAUSE_INHERITED ? owner->stop.policy->from : "");
}

static void give_up(struct owner *owner)
{
	pid_t pids[PROCESSES_SHOWN];
	int count = tree_list(pids, array_len(pids));

	owner->result.survivors = count > 0 ? count : 1;
	report_processes(owner->events, "survivor", pids, count > 0 ? count : 0);
	owner->running = false;
}

/* Send the signal that the stop is at to all who have not got it. from: as for act. */
static void ask_again(struct owner *owner, pid_t from)
{
	int signal = owner->stop.signal;
	int targets = signal_tree(owner, signal);

	if (targets <= 0)
		return;
	report_signal(owner->events, from >= 0 ? "signal" : "stop", owner->main.pid, signal,
		      targets, from);
	tell(owner, from >= 0 ? OWNER_FORWARDED : OWNER_ASKED, signal, targets);
}

/* Send it to all, once each, whatever they got before. */
static void ask(struct owner *owner, pid_t from)
{
	owner->asked.len = 0;
	ask_again(owner, from);
}

/* The first time that something is sent to the command to end it. */
static void announce(struct owner *owner)
{
	if (owner->is_stopping || owner->main_gone || !owner->running)
		return;
	owner->is_stopping = true;
	if (owner->stopping)
		owner->stopping(owner->stopping_arg);
}

/* Carry out what stop decided. from: the sender of a forwarded signal, -1 for our own decision. */
static void act(struct owner *owner, enum stop_action action, pid_t from)
{
	int targets;

	note_limit(owner);
	/* What happens to leftovers only does not undo what the command did to its terminal. */
	owner->forceful |= action != STOP_DO_NOTHING && !owner->main_gone;
	if (action == STOP_DO_ASK || action == STOP_DO_KILL)
		announce(owner);
	switch (action) {
	case STOP_DO_ASK:
		ask(owner, from);
		break;
	case STOP_DO_KILL:
		owner->result.killed = true;
		targets = kill_tree(owner);
		report_signal(owner->events, "kill", owner->main.pid, SIGKILL, targets, -1);
		tell(owner, OWNER_KILLED, SIGKILL, targets);
		break;
	case STOP_DO_GIVE_UP:
		give_up(owner);
		break;
	case STOP_DO_NOTHING:
		break;
	}
}

static enum owner_cause cause_of_death(const struct owner *owner)
{
	int64_t kills;

	if (owner->stop.cause != STOP_NONE)
		return cause_of(&owner->stop);
	if (!owner->result.ending.signal)
		return CAUSE_EXITED;
	if (owner->result.ending.signal != SIGKILL || owner->events->fd < 0)
		return CAUSE_SIGNAL;
	kills = cgroup_oom_kills();
	if (owner->oom_kills < 0 || kills < 0)
		return CAUSE_UNKNOWN;
	return kills > owner->oom_kills ? CAUSE_OOM : CAUSE_SIGNAL;
}

/*
 * Without a /proc to read, what the command leaves can be reached by its group alone, and that only as
 * long as its zombie keeps the number.
 */
static void end_group_blindly(const struct owner *owner)
{
	const bool lets_go =
		owner->stop.phase == STOP_RUNNING && owner->stop.policy->orphans != ORPHANS_STOP;

	if (owner->own_group && !lets_go && !proc_is_ours())
		(void)signal_main(owner, SIGKILL, true);
}

/* The command itself has ended; death is what waitid(2) says of its zombie, which is ours to reap. */
static void reap_main(struct owner *owner, const siginfo_t *death)
{
	struct owner_result *result = &owner->result;

	end_group_blindly(owner);
	while (wait4(owner->main.pid, NULL, 0, &result->usage) < 0 && errno == EINTR)
		;
	owner->main_gone = result->ended = true;
	result->ending = ending_of_death(death);
	result->elapsed_ns = now_ns() - owner->started;
	result->cause = cause_of_death(owner);
	if (owner->exited)
		owner->exited(owner->exited_arg);
}

bool owner_take_stop(struct owner *owner)
{
	siginfo_t info = {0};

	if (!owner->running || owner->main_gone)
		return false;
	if (owner->trap) {
		/* Waiting for a stop here would take a tracee's away. */
		const bool stopped = owner->trap_stopped;

		owner->trap_stopped = false;
		return stopped;
	}
	return waitid(P_PID, (id_t)owner->main.pid, &info, WSTOPPED | WNOHANG) == 0 &&
	       info.si_pid != 0;
}

/* Reap whatever has died. The command's zombie is looked at first and reaped last of all. */
static void reap(struct owner *owner)
{
	owner->childless = false;
	for (;;) {
		siginfo_t info = {0};

		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0) {
			if (errno == EINTR)
				continue;
			owner->childless = errno == ECHILD;
			return;
		}
		if (info.si_pid == 0)
			return;
		/* The kernel tells a tracer of stops whether it asks or not (wait(2)). */
		if (owner->trap && (info.si_code == CLD_TRAPPED || info.si_code == CLD_STOPPED)) {
			owner->trap_stopped |= owner->trap(owner->trap_arg, info.si_pid);
			continue;
		}
		owner->reaped++;
		if (info.si_pid == owner->main.pid && !owner->main_gone)
			reap_main(owner, &info);
		else
			(void)waitpid(info.si_pid, NULL, WNOHANG);
	}
}

/* --orphans leave: what the command started goes its own way, unless a stop is under way. */
static bool lets_leftovers_go(const struct owner *owner)
{
	return owner->stop.phase == STOP_RUNNING && owner->stop.policy->orphans == ORPHANS_LEAVE;
}

/* The command is gone and its descendants are not: what the policy says, once. */
static void handle_leftovers(struct owner *owner)
{
	pid_t pids[PROCESSES_SHOWN];
	int count;

	if (owner->saw_leftovers)
		return;
	owner->saw_leftovers = true;
	if (owner->stop.phase == STOP_RUNNING) {
		count = tree_list(pids, array_len(pids));
		owner->result.orphans = count > 0 ? count : 0;
		if (count > 0)
			report_processes(owner->events, "orphans", pids, count);
	}
	act(owner, stop_leftovers(&owner->stop, now_ns()), -1);
}

/*
 * Those who have become our children during the stop: the rest under --signal-to main, and who was out of
 * reach when the others were asked.
 */
static void ask_adopted(struct owner *owner)
{
	if (owner->stop.phase == STOP_ASKED &&
	    (owner->main_gone || !owner->stop.policy->main_first))
		ask_again(owner, -1);
}

void owner_settle(struct owner *owner)
{
	const int before = owner->reaped;

	reap(owner);
	if (!owner->running)
		return;
	if (owner->main_gone && (owner->childless || lets_leftovers_go(owner))) {
		owner->running = false;
		return;
	}
	if (owner->reaped != before)
		ask_adopted(owner);
	if (owner->main_gone)
		handle_leftovers(owner);
	if (owner->stop.phase == STOP_KILLED)
		press(owner);
}

void owner_continue(struct owner *owner)
{
	if (owner->running)
		(void)signal_main(owner, SIGCONT, false);
}

bool owner_sweep(struct owner *owner, const struct stop_policy *policy)
{
	if (owner->running || owner->childless || tree_is_empty())
		return false;
	owner->stop.policy = policy;
	owner->running = true;
	owner_settle(owner);
	return owner->running;
}

void owner_tick(struct owner *owner)
{
	if (owner->running)
		act(owner, stop_due(&owner->stop, now_ns()), -1);
}

int64_t owner_due(const struct owner *owner)
{
	if (!owner->running)
		return NS_NEVER;
	if (owner->stop.phase == STOP_KILLED)
		return ns_min(stop_next(&owner->stop), owner->kill_again);
	return stop_next(&owner->stop);
}

void owner_stop(struct owner *owner, enum stop_cause cause)
{
	if (owner->running)
		act(owner, stop_for(&owner->stop, cause, now_ns()), -1);
}

void owner_request(struct owner *owner, int signal, pid_t from)
{
	if (!owner->running)
		return;
	owner->result.requested = true;
	act(owner, stop_request(&owner->stop, signal, now_ns()), from);
}

void owner_pass(struct owner *owner, int signal, pid_t from)
{
	int targets;

	if (!owner->running)
		return;
	if (from != getpid())
		owner->result.passed = signal;
	targets = signal_main(owner, signal, false);
	report_signal(owner->events, "signal", owner->main.pid, signal, targets, from);
	tell(owner, OWNER_FORWARDED, signal, targets);
}

void owner_exterminate(struct owner *owner, int sigs)
{
	struct pollfd pfd = {.fd = sigs, .events = POLLIN};
	int targets;

	announce(owner);
	targets = kill_tree(owner);
	report_signal(owner->events, "kill", owner->main.pid, SIGKILL, targets, -1);
	for (reap(owner); !tree_is_empty(); reap(owner)) {
		struct signalfd_siginfo info;
		struct timespec left;

		press(owner);
		(void)ppoll(&pfd, 1, ns_until(owner->kill_again, &left), NULL);
		while (read(sigs, &info, sizeof(info)) > 0)
			;
	}
	owner->running = false;
}

int owner_start(struct owner *owner, const struct child_job *job, pid_t group,
		const struct sigstate *caller, const struct stop_policy *policy,
		enum child_stage *ret_stage)
{
	struct child_job own = *job;
	int err;

	own.group = group;
	owner->own_group = group == 0;
	owner->result = (struct owner_result){.cause = CAUSE_EXITED};
	owner->main_gone = owner->saw_leftovers = owner->childless = false;
	owner->is_stopping = false;
	owner->asked.cap = TREE_CAP;
	owner->asked.len = 0;
	owner->oom_kills = owner->events->fd >= 0 ? cgroup_oom_kills() : -ENOENT;
	owner->started = now_ns();
	stop_start(&owner->stop, policy, owner->started);
	if (!job->envp)
		deadline_tell(&owner->deadline, owner->stop.limit, owner->events->run);
	err = child_start(&own, caller, &owner->main);
	*ret_stage = owner->main.stage;
	owner->running = err >= 0;
	return err;
}

int owner_release(struct owner *owner, enum child_stage *ret_stage)
{
	int err = child_release(&owner->main);

	*ret_stage = owner->main.stage;
	/* A failure behind the fork has been reaped with its child. */
	if (err < 0 && owner->main.stage != CHILD_FORK)
		owner->running = false;
	return err;
}
