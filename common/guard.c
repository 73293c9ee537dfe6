/* The guard: a process that owns one job after another and obeys its front. */
#include "common/guard.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/tree.h"

void guard_set_note(struct guard *guard, owner_note_fn *note, void *arg)
{
	guard->owner.note = note;
	guard->owner.note_arg = arg;
}

struct events *guard_events(struct guard *guard)
{
	return guard->owner.events;
}

pid_t guard_pid(const struct guard *guard)
{
	return guard->owner.main.pid;
}

const struct owner_result *guard_result(const struct guard *guard)
{
	return &guard->owner.result;
}

int guard_stop_signal(const struct guard *guard)
{
	return guard->stop_signal;
}

void guard_stop(struct guard *guard, enum stop_cause cause)
{
	owner_stop(&guard->owner, cause);
}

/*
 * With a terminal the command shares the caller's group, and a shell that stops its job expects the
 * whole job to stop. A command that stops only itself (raise(SIGSTOP)) takes the front along; where
 * the front has stopped too, the second stop signal is discarded by the next SIGCONT (signal(7)).
 */
static void mirror_stop(struct guard *guard)
{
	if (guard->caller_group > 0 && owner_has_stopped(&guard->owner) && guard->front > 1)
		(void)kill(guard->front, SIGSTOP);
}

static void obey(struct guard *guard, const struct order *order)
{
	if (order->kind != ORDER_PASS && !guard->stop_signal)
		guard->stop_signal = order->signal;
	switch (order->kind) {
	case ORDER_STOP:
		owner_request(&guard->owner, order->signal, order->from);
		return;
	case ORDER_PASS:
		owner_pass(&guard->owner, order->signal, order->from);
		return;
	case ORDER_TYPED:
		return;
	}
}

/* Orders from the front; its end of the channel closes when it dies, however it dies. */
static void take_orders(struct guard *guard)
{
	struct order order;

	for (;;) {
		ssize_t len = recv(guard->channel, &order, sizeof(order), MSG_DONTWAIT);

		if (len == (ssize_t)sizeof(order)) {
			obey(guard, &order);
		} else if (len == 0) {
			/* Nobody is left who could use a result: end the tree, then ourselves. */
			owner_exterminate(&guard->owner, guard->sigs);
			_exit(STATUS_SIGNAL + SIGKILL);
		} else if (len > 0 || errno != EINTR) {
			return;
		}
	}
}

static void take_signals(struct guard *guard)
{
	struct signalfd_siginfo info;

	/* SIGCHLD is one bit, however many have died. */
	while (read(guard->sigs, &info, sizeof(info)) > 0)
		;
	owner_settle(&guard->owner);
	mirror_stop(guard);
}

/* Give the body its share of what poll said; true when there is any. */
static bool copy_ready(struct pollfd *extra, const struct pollfd *fds, nfds_t count)
{
	bool ready = false;

	for (nfds_t i = 0; i < count; i++) {
		extra[i].revents = fds[i].revents;
		ready |= extra[i].revents != 0;
	}
	return ready;
}

int guard_wait(struct guard *guard, struct pollfd *extra, nfds_t count, int64_t until)
{
	enum { CHANNEL, SIGS, OWN };
	struct pollfd fds[OWN + GUARD_KEEP_MAX] = {
		[CHANNEL] = {.fd = guard->channel, .events = POLLIN},
		[SIGS] = {.fd = guard->sigs, .events = POLLIN},
	};
	struct owner *owner = &guard->owner;
	const bool had_job = owner->running, was_stopped = guard->stop_signal != 0;

	for (;;) {
		struct timespec left;

		for (nfds_t i = 0; i < count; i++)
			fds[OWN + i] = extra[i];
		if (ppoll(fds, OWN + count, ns_until(ns_min(owner_due(owner), until), &left),
			  NULL) < 0) {
			if (errno != EINTR)
				return -errno;
			continue;
		}
		/* The dead first: a command that has ended by itself did not time out. */
		if (fds[SIGS].revents || owner->stop.phase == STOP_KILLED)
			take_signals(guard);
		if (fds[CHANNEL].revents)
			take_orders(guard);
		owner_tick(owner);
		if (had_job && !owner->running)
			return GUARD_ENDED;
		if (!had_job && !was_stopped && guard->stop_signal)
			return GUARD_STOP;
		if (copy_ready(extra, fds + OWN, count))
			return GUARD_READY;
		if (now_ns() >= until)
			return GUARD_TIME;
	}
}

int guard_start(struct guard *guard, const struct child_job *job, const struct stop_policy *policy,
		enum child_stage *ret_stage)
{
	return owner_start(&guard->owner, job, guard->caller_group, guard->caller, policy,
			   ret_stage);
}

int guard_release(struct guard *guard, enum child_stage *ret_stage)
{
	return owner_release(&guard->owner, ret_stage);
}

void guard_set_trap(struct guard *guard, owner_trap_fn *trap, void *arg)
{
	guard->owner.trap = trap;
	guard->owner.trap_arg = arg;
}

int guard_tell(struct guard *guard)
{
	int err = child_tell(&guard->owner.main);

	return err < 0 ? err : guard->owner.main.hold;
}

void guard_let_go(struct guard *guard, const int *keep, size_t count)
{
	int kept[GUARD_KEEP_MAX + 4] = {STDERR_FILENO, guard->sigs, guard->channel,
					guard->owner.events->fd};

	for (size_t i = 0; i < count && i < GUARD_KEEP_MAX; i++)
		kept[4 + i] = keep[i];
	fd_close_others(kept, 4 + (count < GUARD_KEEP_MAX ? count : GUARD_KEEP_MAX));
}

int guard_make(struct guard *guard)
{
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
	guard->sigs = sigs_open(&set);
	guard->owner.main = CHILD_NONE;
	return guard->sigs < 0 ? guard->sigs : 0;
}

void guard_finish(struct guard *guard)
{
	if (guard->owner.running)
		owner_exterminate(&guard->owner, guard->sigs);
	fd_drop(&guard->sigs);
}
