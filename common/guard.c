/* The guard: a process that owns one job after another and obeys its front. */
#include "common/guard.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/proc.h"
#include "common/say.h"
#include "common/tree.h"

/* How long a message of the guard may wait for a full stderr. */
#define PATIENCE_MS 100

/* How long the front may take to answer. */
#define SYNC_NS NS_PER_S

void guard_set_note(struct guard *guard, owner_note_fn *note, void *arg)
{
	guard->owner.note = note;
	guard->owner.note_arg = arg;
}

void guard_set_exited(struct guard *guard, owner_exited_fn *exited, void *arg)
{
	guard->owner.exited = exited;
	guard->owner.exited_arg = arg;
}

void guard_set_stopping(struct guard *guard, owner_stopping_fn *stopping, void *arg)
{
	guard->owner.stopping = stopping;
	guard->owner.stopping_arg = arg;
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

bool guard_is_childless(const struct guard *guard)
{
	return guard->owner.childless;
}

int guard_stop_signal(const struct guard *guard)
{
	return guard->stop_signal;
}

void guard_set_bereft(struct guard *guard, void (*bereft)(void *arg), void *arg)
{
	guard->bereft = bereft;
	guard->bereft_arg = arg;
}

int guard_send(int channel, enum news_kind kind, const void *bytes, size_t size, int flags)
{
	struct iovec parts[] = {
		{.iov_base = &kind, .iov_len = sizeof(kind)},
		{.iov_base = (void *)(uintptr_t)bytes, .iov_len = size},
	};
	const struct msghdr message = {.msg_iov = parts, .msg_iovlen = array_len(parts)};
	ssize_t len;

	static_assert(offsetof(struct news, report) == sizeof(kind), "no padding in news");
	do
		len = sendmsg(channel, &message, flags | MSG_NOSIGNAL);
	while (len < 0 && errno == EINTR);
	return len < 0 ? -errno : 0;
}

int guard_report(struct guard *guard, const void *bytes, size_t len)
{
	return guard_send(guard->channel, NEWS_REPORT, bytes, len, MSG_DONTWAIT);
}

struct pollfd guard_room(const struct guard *guard)
{
	return (struct pollfd){.fd = guard->channel, .events = POLLOUT};
}

void guard_claim(struct guard *guard, int signal)
{
	guard->claimed = signal;
}

void guard_stand_apart(struct guard *guard)
{
	guard->caller_group = 0;
}

void guard_pass(struct guard *guard, int signal)
{
	owner_pass(&guard->owner, signal, getpid());
}

void guard_stop(struct guard *guard, enum stop_cause cause)
{
	owner_stop(&guard->owner, cause);
}

/* The front is our parent as long as it lives, so its pid cannot mean another. */
static void signal_front(const struct guard *guard, int signal)
{
	if (guard->front > 1 && getppid() == guard->front)
		(void)kill(guard->front, signal);
}

/*
 * With a terminal the command shares the caller's group, and a shell that stops its job expects the
 * whole job to stop. A command that stops only itself (raise(SIGSTOP)) takes the front along; where
 * the front has stopped too, the second stop signal is discarded by the next SIGCONT (signal(7)).
 */
static void mirror_stop(struct guard *guard)
{
	if (guard->caller_group == 0 || !owner_take_stop(&guard->owner))
		return;
	guard->mirrored = true;
	signal_front(guard, SIGSTOP);
}

/*
 * The session leader, a shell, has died. To a job that it left stopped the kernel would send HUP and
 * CONT, were its group orphaned (setpgid(2)); our presence in the session hides that it is.
 */
static void follow_leader(struct guard *guard)
{
	scoped(fd_drop) int proc = proc_open();
	struct proc_stat stat;

	fd_drop(&guard->leader);
	if (proc < 0 || proc_stat(proc, guard->front, &stat) < 0 || stat.state != 'T')
		return;
	owner_pass(&guard->owner, SIGHUP, 0);
	owner_continue(&guard->owner);
	signal_front(guard, SIGCONT);
}

static void obey(struct guard *guard, const struct order *order)
{
	/* Without a job a HUP has nobody to go to: it ends the tool, as TERM does. */
	const bool homeless =
		order->kind == ORDER_PASS && order->signal == SIGHUP && !guard->owner.running;
	const bool asks = order->kind == ORDER_STOP || order->kind == ORDER_TYPED ||
			  order->kind == ORDER_HALT || homeless;

	if (order->kind == ORDER_PASS && order->signal == guard->claimed) {
		guard->called = true;
		return;
	}
	if (asks && !guard->stop_signal)
		guard->stop_signal = order->signal;
	switch (order->kind) {
	case ORDER_STOP:
		owner_request(&guard->owner, order->signal, order->from);
		return;
	case ORDER_PASS:
	case ORDER_OFFER:
		owner_pass(&guard->owner, order->signal, order->from);
		return;
	case ORDER_TYPED:
		/* In a group of its own the command has not seen it: there is a terminal, but no /dev/tty. */
		if (guard->caller_group == 0)
			owner_request(&guard->owner, order->signal, order->from);
		return;
	case ORDER_CONTINUE:
		if (guard->mirrored)
			owner_continue(&guard->owner);
		guard->mirrored = false;
		return;
	case ORDER_HALT:
		owner_stop(&guard->owner, STOP_SIGNAL);
		return;
	case ORDER_CALL:
		guard->called = true;
		return;
	case ORDER_SYNC:
		guard->synced = true;
		return;
	}
}

/* Nobody is left who could use a result: end the tree, then ourselves. */
static _Noreturn void end_without_front(struct guard *guard)
{
	owner_exterminate(&guard->owner, guard->sigs);
	if (guard->bereft)
		guard->bereft(guard->bereft_arg);
	guard_finish(guard);
	fd_drop(&guard->channel);
	events_drop(guard->owner.events);
	_exit(STATUS_SIGNAL + SIGKILL);
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
			end_without_front(guard);
		} else if (len > 0 || errno != EINTR) {
			return;
		}
	}
}

static void take_signals(struct guard *guard)
{
	struct signalfd_siginfo info;

	/* SIGCHLD is one bit, however many have died: one read empties it, also when there was nothing. */
	(void)!read(guard->sigs, &info, sizeof(info));
	owner_settle(&guard->owner);
	mirror_stop(guard);
}

bool guard_sweep(struct guard *guard, const struct stop_policy *policy)
{
	return owner_sweep(&guard->owner, policy);
}

/*
 * Hear what was typed before the command ended. A front that is stopped does not answer; it is not
 * waited for long.
 */
static void sync_with_front(struct guard *guard)
{
	struct pollfd pfd = {.fd = guard->channel, .events = POLLIN};
	struct timespec left;
	int64_t until;

	if (guard->caller_group == 0 || guard->mirrored)
		return;
	until = ns_add(now_ns(), SYNC_NS);
	guard->synced = guard_send(guard->channel, NEWS_SYNC, NULL, 0, MSG_DONTWAIT) < 0;
	while (!guard->synced && now_ns() < until)
		if (ppoll(&pfd, 1, ns_until(until, &left), NULL) > 0)
			take_orders(guard);
}

static bool take_call(struct guard *guard)
{
	const bool called = guard->called;

	guard->called = false;
	return called;
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
	enum { CHANNEL, SIGS, LEADER, OWN };
	struct pollfd fds[OWN + GUARD_KEEP_MAX] = {
		[CHANNEL] = {.fd = guard->channel, .events = POLLIN},
		[SIGS] = {.fd = guard->sigs, .events = POLLIN},
		[LEADER] = {.fd = guard->leader, .events = POLLIN},
	};
	struct owner *owner = &guard->owner;
	const bool had_job = owner->running, was_stopped = guard->stop_signal != 0;

	assert(count <= GUARD_KEEP_MAX);
	/* It came together with the end of the job before. */
	if (take_call(guard))
		return GUARD_CALLED;
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
		if (fds[LEADER].revents) {
			follow_leader(guard);
			fds[LEADER].fd = guard->leader;
		}
		owner_tick(owner);
		if (had_job && !owner->running) {
			sync_with_front(guard);
			return GUARD_ENDED;
		}
		if (!had_job && !was_stopped && guard->stop_signal)
			return GUARD_STOP;
		if (take_call(guard))
			return GUARD_CALLED;
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
	enum { OWN = 5 };
	int kept[GUARD_KEEP_MAX + OWN] = {STDERR_FILENO, guard->sigs, guard->channel, guard->leader,
					  guard->owner.events->fd};

	for (size_t i = 0; i < count && i < GUARD_KEEP_MAX; i++)
		kept[OWN + i] = keep[i];
	fd_close_others(kept, OWN + (count < GUARD_KEEP_MAX ? count : GUARD_KEEP_MAX));
}

int guard_make(struct guard *guard)
{
	sigset_t set;
	int err;

	(void)sigfillset(&set);
	if (sigprocmask(SIG_SETMASK, &set, NULL) < 0)
		return -errno;
	/* A group of another PID namespace cannot be joined again: then nobody leaves it. */
	if (guard->caller_group >= 0 && setpgid(0, 0) < 0)
		return -errno;
	/* Limits and the ending of the tree go before being heard. */
	say_patience(PATIENCE_MS);
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
	/* The front must be able to end, also when it stopped only because we stopped it. */
	if (guard->mirrored)
		signal_front(guard, SIGCONT);
	buf_drop(&guard->owner.asked);
	fd_drop(&guard->leader);
	fd_drop(&guard->sigs);
}
