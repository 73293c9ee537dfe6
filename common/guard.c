/* The guard: one job at a time, owned until its whole tree is gone. */
#include "common/guard.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cgroup.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/proc.h"
#include "common/tree.h"

/* SIGKILL is repeated that often while something refuses to die: an orphan may have come to us
 * without a SIGCHLD, its parent stuck in the kernel. */
#define KILL_AGAIN_NS (20 * NS_PER_MS)

#define ORPHANS_SHOWN 64

struct guard {
	struct guard_setup setup;
	int sigs; /* SIGCHLD, as a descriptor */
	guard_note_fn *note;
	void *note_arg;
	int stop_signal; /* the first request to stop, for ever */
	bool forceful;

	/* The job. */
	bool running; /* from guard_start until its tree is gone */
	bool own_group;
	struct child main;
	bool main_gone;
	bool has_left; /* the policy has decided about leftovers */
	struct stop stop;
	int64_t started;
	int64_t oom_kills;
	struct guard_result result;
};

static const char *const cause_names[] = {
	[CAUSE_EXITED] = "exited",   [CAUSE_SIGNAL] = "signal",     [CAUSE_TIMEOUT] = "timeout",
	[CAUSE_IDLE] = "idle",       [CAUSE_DEADLINE] = "deadline", [CAUSE_OOM] = "oom",
	[CAUSE_STOPPED] = "stopped", [CAUSE_UNKNOWN] = "unknown",
};

const char *guard_cause_name(enum guard_cause cause)
{
	return cause_names[cause];
}

void guard_set_note(struct guard *guard, guard_note_fn *note, void *arg)
{
	guard->note = note;
	guard->note_arg = arg;
}

struct events *guard_events(struct guard *guard)
{
	return guard->setup.events;
}

pid_t guard_pid(const struct guard *guard)
{
	return guard->main.pid;
}

const struct guard_result *guard_result(const struct guard *guard)
{
	return &guard->result;
}

int guard_stop_signal(const struct guard *guard)
{
	return guard->stop_signal;
}

bool guard_was_forceful(const struct guard *guard)
{
	return guard->forceful;
}

static void tell(const struct guard *guard, enum guard_note note, int signal, int targets)
{
	if (guard->note)
		guard->note(guard->note_arg, note, signal, targets);
}

/* An event about a signal that was sent. */
static void event_signal(struct guard *guard, const char *name, int signal, int targets, pid_t from)
{
	char text[SIGNAME_MAX];
	struct event event;

	if (!event_begin(&event, guard->setup.events, name))
		return;
	json_int(&event.json, "command_pid", guard->main.pid);
	json_text(&event.json, "signal", signame(signal, text));
	if (targets >= 0)
		json_int(&event.json, "targets", targets);
	if (from >= 0)
		json_int(&event.json, "from_pid", from);
	event_send(&event, guard->setup.events);
}

static void event_timeout(struct guard *guard)
{
	struct event event;

	if (!event_begin(&event, guard->setup.events, "timeout"))
		return;
	json_int(&event.json, "command_pid", guard->main.pid);
	json_text(&event.json, "kind", guard_cause_name(guard->result.cause));
	event_send(&event, guard->setup.events);
}

/* orphans: the descendants that the command left; survivor: those that SIGKILL could not end. */
static void event_pids(struct guard *guard, const char *name, const pid_t *pids, int count)
{
	scoped(fd_drop) int proc = -1;
	struct proc_stat stat;
	struct event event;

	if (!event_begin(&event, guard->setup.events, name))
		return;
	proc = proc_open();
	json_open(&event.json, "pids");
	for (int i = 0; i < count; i++)
		json_item_int(&event.json, pids[i]);
	json_close(&event.json);
	json_open(&event.json, "comms");
	for (int i = 0; i < count; i++)
		json_item_text(&event.json, proc_stat(proc, pids[i], &stat) == 0 ? stat.comm : "");
	json_close(&event.json);
	event_send(&event, guard->setup.events);
}

/*
 * Signal the command itself: our unreaped child, or already gone. Where /proc is missing the group
 * that we made stands for the tree.
 */
static int signal_main(const struct guard *guard, int signal, bool group)
{
	if (guard->main_gone)
		return 0;
	if (group && guard->own_group)
		return kill(-guard->main.pid, signal) < 0 ? 0 : 1;
	return kill(guard->main.pid, signal) < 0 ? 0 : 1;
}

static int signal_tree(struct guard *guard, int signal)
{
	int targets;

	if (guard->stop.policy->main_first && !guard->main_gone) {
		targets = signal_main(guard, signal, false);
		(void)signal_main(guard, SIGCONT, false);
		return targets;
	}
	targets = tree_signal(signal);
	if (targets >= 0)
		return targets;
	tell(guard, GUARD_NO_PROC, 0, 0);
	targets = signal_main(guard, signal, true);
	(void)signal_main(guard, SIGCONT, true);
	return targets;
}

static int kill_tree(struct guard *guard)
{
	int targets = tree_kill(NULL);

	if (targets < 0)
		targets = signal_main(guard, SIGKILL, true);
	return targets;
}

static enum guard_cause cause_of(const struct stop *stop)
{
	switch (stop->cause) {
	case STOP_TIMEOUT:
		return CAUSE_TIMEOUT;
	case STOP_DEADLINE:
		return CAUSE_DEADLINE;
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
static void note_limit(struct guard *guard)
{
	struct guard_result *result = &guard->result;
	enum guard_cause cause = cause_of(&guard->stop);
	bool limit = cause == CAUSE_TIMEOUT || cause == CAUSE_DEADLINE || cause == CAUSE_IDLE;

	if (!limit || result->timed_out)
		return;
	result->timed_out = true;
	result->cause = cause;
	event_timeout(guard);
}

static void give_up(struct guard *guard)
{
	pid_t pids[ORPHANS_SHOWN];
	int count = tree_list(pids, array_len(pids));

	guard->result.survivors = count > 0 ? count : 1;
	event_pids(guard, "survivor", pids, count > 0 ? count : 0);
	guard->running = false;
}

/* Carry out what stop decided. from: the sender of a forwarded signal, -1 for our own decision. */
static void act(struct guard *guard, enum stop_action action, pid_t from)
{
	int targets;

	if (action == STOP_DO_NOTHING)
		return;
	guard->forceful = true;
	note_limit(guard);
	switch (action) {
	case STOP_DO_ASK:
		targets = signal_tree(guard, guard->stop.signal);
		event_signal(guard, from >= 0 ? "signal" : "stop", guard->stop.signal, targets, from);
		tell(guard, from >= 0 ? GUARD_FORWARDED : GUARD_ASKED, guard->stop.signal, targets);
		break;
	case STOP_DO_KILL:
		guard->result.killed = true;
		targets = kill_tree(guard);
		event_signal(guard, "kill", SIGKILL, targets, -1);
		tell(guard, GUARD_KILLED, SIGKILL, targets);
		break;
	case STOP_DO_GIVE_UP:
		give_up(guard);
		break;
	case STOP_DO_NOTHING:
		break;
	}
}

void guard_stop(struct guard *guard, enum stop_cause cause)
{
	if (guard->running)
		act(guard, stop_for(&guard->stop, cause, now_ns()), -1);
}

static enum guard_cause cause_of_death(const struct guard *guard)
{
	int64_t kills;

	if (guard->stop.cause != STOP_NONE)
		return cause_of(&guard->stop);
	if (!guard->result.ending.signal)
		return CAUSE_EXITED;
	if (guard->result.ending.signal != SIGKILL || guard->setup.events->fd < 0)
		return CAUSE_SIGNAL;
	kills = cgroup_oom_kills();
	if (guard->oom_kills < 0 || kills < 0)
		return CAUSE_UNKNOWN;
	return kills > guard->oom_kills ? CAUSE_OOM : CAUSE_SIGNAL;
}

/* The command itself has ended; its zombie is ours. */
static void reap_main(struct guard *guard)
{
	struct guard_result *result = &guard->result;
	int status = 0;

	while (wait4(guard->main.pid, &status, 0, &result->usage) < 0 && errno == EINTR)
		;
	guard->main_gone = true;
	result->ending = ending_of(status);
	result->elapsed_ns = now_ns() - guard->started;
	result->cause = cause_of_death(guard);
}

/*
 * With a terminal the command shares the caller's group, and a shell that stops its job expects the
 * whole job to stop. A command that stops only itself (raise(SIGSTOP)) takes the front along; where
 * the front has stopped too, the second stop signal is discarded by the next SIGCONT (signal(7)).
 */
static void mirror_stop(const struct guard *guard)
{
	siginfo_t info = {0};

	if (guard->setup.caller_group <= 0 || !guard->running || guard->main_gone)
		return;
	if (waitid(P_PID, (id_t)guard->main.pid, &info, WSTOPPED | WNOHANG) == 0 && info.si_pid != 0)
		(void)kill(guard->setup.front, SIGSTOP);
}

/* Reap whatever has died. The command's zombie is looked at first and reaped last of all. */
static void reap(struct guard *guard)
{
	for (;;) {
		siginfo_t info = {0};

		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0) {
			if (errno == EINTR)
				continue;
			return;
		}
		if (info.si_pid == 0)
			return;
		if (info.si_pid == guard->main.pid && !guard->main_gone)
			reap_main(guard);
		else
			(void)waitpid(info.si_pid, NULL, WNOHANG);
	}
}

/* The command is gone and its descendants are not: what the policy says, once. */
static void handle_leftovers(struct guard *guard)
{
	pid_t pids[ORPHANS_SHOWN];
	int count;

	if (guard->has_left)
		return;
	guard->has_left = true;
	count = tree_list(pids, array_len(pids));
	guard->result.orphans = count > 0 ? count : 0;
	if (count > 0)
		event_pids(guard, "orphans", pids, count);
	if (guard->stop.phase == STOP_ASKED && guard->stop.policy->main_first) {
		int targets = signal_tree(guard, guard->stop.signal);

		event_signal(guard, "stop", guard->stop.signal, targets, -1);
		tell(guard, GUARD_ASKED, guard->stop.signal, targets);
	}
	act(guard, stop_leftovers(&guard->stop, now_ns()), -1);
}

/* After something died: is the job over? */
static void settle(struct guard *guard)
{
	reap(guard);
	if (!guard->running)
		return;
	if (guard->main_gone && tree_is_empty()) {
		guard->running = false;
		return;
	}
	if (guard->main_gone && guard->stop.phase == STOP_RUNNING &&
	    guard->stop.policy->orphans == ORPHANS_LEAVE) {
		guard->running = false;
		return;
	}
	if (guard->main_gone)
		handle_leftovers(guard);
	/* The children of what died have become ours. */
	if (guard->stop.phase == STOP_KILLED && guard->running) {
		(void)kill_tree(guard);
		reap(guard);
		guard->running = !(guard->main_gone && tree_is_empty());
	}
}

/* The front is gone and with it everybody who could use a result: end the tree, then ourselves. */
static _Noreturn void die_with_front(struct guard *guard)
{
	int targets = kill_tree(guard);

	event_signal(guard, "kill", SIGKILL, targets, -1);
	while (!tree_is_empty()) {
		struct pollfd pfd = {.fd = guard->sigs, .events = POLLIN};
		struct signalfd_siginfo info;
		struct timespec again = {.tv_nsec = KILL_AGAIN_NS};

		(void)kill_tree(guard);
		reap(guard);
		if (tree_is_empty())
			break;
		(void)ppoll(&pfd, 1, &again, NULL);
		while (read(guard->sigs, &info, sizeof(info)) > 0)
			;
	}
	_exit(STATUS_SIGNAL + SIGKILL);
}

static void obey(struct guard *guard, const struct order *order)
{
	int targets;

	if (order->kind != ORDER_PASS && !guard->stop_signal)
		guard->stop_signal = order->signal;
	if (!guard->running || order->kind == ORDER_TYPED)
		return;
	if (order->kind == ORDER_PASS) {
		targets = signal_main(guard, order->signal, false);
		event_signal(guard, "signal", order->signal, targets, order->from);
		tell(guard, GUARD_FORWARDED, order->signal, targets);
		return;
	}
	guard->result.requested = true;
	act(guard, stop_request(&guard->stop, order->signal, now_ns()), order->from);
}

/* Orders from the front; its end of the channel closes when it dies. */
static void take_orders(struct guard *guard)
{
	struct order order;
	ssize_t len;

	for (;;) {
		len = recv(guard->setup.channel, &order, sizeof(order), MSG_DONTWAIT);
		if (len == (ssize_t)sizeof(order))
			obey(guard, &order);
		else if (len == 0)
			die_with_front(guard);
		else if (len > 0 || errno != EINTR)
			return;
	}
}

static void drain_signals(const struct guard *guard)
{
	struct signalfd_siginfo info[8];

	while (read(guard->sigs, info, sizeof(info)) == (ssize_t)sizeof(info))
		;
}

static int64_t next_due(const struct guard *guard, int64_t until)
{
	int64_t due = guard->running ? ns_min(until, guard->stop.due) : until;

	if (guard->running && guard->stop.phase == STOP_KILLED)
		due = ns_min(due, ns_add(now_ns(), KILL_AGAIN_NS));
	return due;
}

int guard_wait(struct guard *guard, struct pollfd *extra, nfds_t count, int64_t until)
{
	enum { CHANNEL, SIGS, OWN };
	struct pollfd fds[OWN + GUARD_KEEP_MAX] = {
		[CHANNEL] = {.fd = guard->setup.channel, .events = POLLIN},
		[SIGS] = {.fd = guard->sigs, .events = POLLIN},
	};
	bool had_job = guard->running;
	bool was_stopped = guard->stop_signal != 0;

	for (;;) {
		struct timespec left;
		bool ready = false;

		if (count > 0)
			memcpy(fds + OWN, extra, count * sizeof(*extra));
		if (ppoll(fds, OWN + count, ns_until(next_due(guard, until), &left), NULL) < 0) {
			if (errno != EINTR)
				return -errno;
			continue;
		}
		/* The dead first: a command that has ended by itself did not time out. */
		if (fds[SIGS].revents || guard->stop.phase == STOP_KILLED) {
			drain_signals(guard);
			settle(guard);
			mirror_stop(guard);
		}
		if (fds[CHANNEL].revents)
			take_orders(guard);
		if (guard->running)
			act(guard, stop_due(&guard->stop, now_ns()), -1);
		if (had_job && !guard->running)
			return GUARD_ENDED;
		if (!had_job && !was_stopped && guard->stop_signal)
			return GUARD_STOP;
		for (nfds_t i = 0; i < count; i++) {
			extra[i].revents = fds[OWN + i].revents;
			ready |= extra[i].revents != 0;
		}
		if (ready)
			return GUARD_READY;
		if (now_ns() >= until)
			return GUARD_TIME;
	}
}

int guard_start(struct guard *guard, const struct child_job *job, const struct stop_policy *policy,
		enum child_stage *ret_stage)
{
	struct child_job own = *job;
	int err;

	guard->own_group = guard->setup.caller_group <= 0;
	own.group = guard->own_group ? 0 : guard->setup.caller_group;
	guard->result = (struct guard_result){.cause = CAUSE_EXITED};
	guard->main_gone = guard->has_left = false;
	guard->oom_kills = guard->setup.events->fd >= 0 ? cgroup_oom_kills() : -ENOENT;
	guard->started = now_ns();
	stop_start(&guard->stop, policy, guard->started);
	err = child_start(&own, guard->setup.caller, &guard->main);
	*ret_stage = guard->main.stage;
	guard->running = err >= 0;
	return err;
}

int guard_release(struct guard *guard, enum child_stage *ret_stage)
{
	int err = child_release(&guard->main);

	*ret_stage = guard->main.stage;
	if (err < 0 && guard->main.stage != CHILD_FORK)
		guard->running = false;
	return err;
}

void guard_let_go(struct guard *guard, const int *keep, size_t count)
{
	int kept[GUARD_KEEP_MAX + 4] = {STDERR_FILENO, guard->sigs, guard->setup.channel,
					guard->setup.events->fd};

	for (size_t i = 0; i < count && i < GUARD_KEEP_MAX; i++)
		kept[4 + i] = keep[i];
	fd_close_others(kept, 4 + (count < GUARD_KEEP_MAX ? count : GUARD_KEEP_MAX));
}

int guard_make(const struct guard_setup *setup, struct guard **ret_guard)
{
	struct guard *guard;
	sigset_t set;
	int err;

	(void)sigfillset(&set);
	if (sigprocmask(SIG_SETMASK, &set, NULL) < 0 || setpgid(0, 0) < 0)
		return -errno;
	/* Only a name for ps(1) and for nested tools; ownership does not depend on it. */
	(void)prctl(PR_SET_NAME, TREE_GUARD_NAME);
	err = tree_own();
	if (err < 0)
		return err;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	err = sigs_open(&set);
	if (err < 0)
		return err;
	guard = calloc(1, sizeof(*guard));
	if (!guard)
		return -ENOMEM;
	guard->setup = *setup;
	guard->sigs = err;
	guard->main = CHILD_NONE;
	*ret_guard = guard;
	return 0;
}
