/* The front: the guard's parent, the caller's child. */
#include "common/front.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/signame.h"
#include "common/terminal.h"
#include "common/tree.h"

/* How long orphans of a killed guard are hunted before the front gives up on an unkillable one. */
#define RESCUE_NS (2 * NS_PER_S)
#define RESCUE_AGAIN_NS (20 * NS_PER_MS)

struct front {
	pid_t self;
	pid_t guard;
	int leader; /* pidfd of the session leader, for the guard */
	int channel;
	int sigs;
	sigset_t blocked;
	struct sigstate caller;
	struct terminal terminal;
	struct tree_spared spared;
};

/* What the guard says last where its exit status cannot: the rest is an ordinary end by that status. */
struct farewell {
	int error; /* -errno: the guard could not be set up */
	int signal;
	bool forceful;
};

static const int handled[] = {SIGTERM, SIGINT,	 SIGQUIT, SIGHUP,	    SIGUSR1,
			      SIGUSR2, SIGWINCH, SIGCONT, GUARD_SYNC_SIGNAL};

/* A blocked signal is queued even when it is ignored (signal(7)), so ask what the caller had. */
static bool is_ignored(int signal)
{
	struct sigaction action;

	return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

/*
 * Block what we read; SIGPIPE and SIGXFSZ only so that a write fails instead of ending us. SIGCONT
 * continues us also when it is blocked (signal(7)): it is read to continue the command too.
 */
static int open_signals(struct front *front)
{
	sigset_t read_set;
	int err;

	(void)sigemptyset(&read_set);
	(void)sigaddset(&read_set, SIGCHLD);
	for (size_t i = 0; i < array_len(handled); i++)
		if (handled[i] == GUARD_SYNC_SIGNAL || !is_ignored(handled[i]))
			(void)sigaddset(&read_set, handled[i]);
	front->blocked = read_set;
	(void)sigaddset(&front->blocked, SIGPIPE);
	(void)sigaddset(&front->blocked, SIGXFSZ);
	err = sigstate_take(&front->caller, &front->blocked);
	if (err < 0)
		return err;
	front->sigs = sigs_open(&read_set);
	return front->sigs < 0 ? front->sigs : 0;
}

/* The group that commands join; see struct guard. */
static pid_t caller_group(const struct front *front)
{
	pid_t group = getpgrp();

	if (front->terminal.fd < 0)
		return 0;
	/* 0 is a group that began outside of this PID namespace. */
	return group > 0 ? group : -1;
}

/* The shell whose job we are; -1 without one, or where the kernel has no pidfds. */
static int open_leader(const struct front *front)
{
	pid_t leader = getsid(0);

	if (front->terminal.fd < 0 || leader <= 0 || leader == getpid())
		return -1;
	return (int)syscall(SYS_pidfd_open, leader, 0);
}

/* Nobody else writes to the channel; what cannot be sent costs a nuance, not the status. */
static void say_farewell(int channel, const struct farewell *farewell)
{
	ssize_t len;

	do
		len = send(channel, farewell, sizeof(*farewell), MSG_NOSIGNAL);
	while (len < 0 && errno == EINTR);
}

/* In the forked process: become the guard, do the work, tell the front, go. */
static _Noreturn void run_guard(struct front *front, int channel, const struct front_config *config,
				front_body *body, void *arg)
{
	struct guard guard = {
		.channel = channel,
		.front = front->self,
		.leader = front->leader,
		.caller_group = caller_group(front),
		.caller = &front->caller,
		.owner = {.events = config->events},
	};
	struct farewell farewell = {0};
	struct ending ending = {.code = STATUS_OWN};

	fd_drop(&front->channel);
	fd_drop(&front->sigs);
	fd_drop(&front->terminal.fd);
	farewell.error = guard_make(&guard);
	if (farewell.error >= 0) {
		ending = body(&guard, arg);
		guard_finish(&guard);
		farewell.signal = ending.signal;
		farewell.forceful = guard.owner.forceful;
	}
	if (farewell.error < 0 || farewell.signal || farewell.forceful)
		say_farewell(channel, &farewell);
	events_drop(config->events);
	fd_drop(&channel);
	_exit(ending_status(ending));
}

static int fork_guard(struct front *front, const struct front_config *config, front_body *body,
		      void *arg)
{
	int ends[2], err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	front->channel = ends[0];
	front->self = getpid();
	front->leader = open_leader(front);
	front->guard = fork();
	err = front->guard < 0 ? -errno : 0;
	if (front->guard == 0)
		run_guard(front, ends[1], config, body, arg);
	/* fork(3) changes the mask and puts it back; all that follows relies on it. */
	(void)sigprocmask(SIG_BLOCK, &front->blocked, NULL);
	fd_drop(&ends[1]);
	fd_drop(&front->leader);
	return err;
}

static void order(const struct front *front, enum order_kind kind,
		  const struct signalfd_siginfo *info)
{
	const struct order order = {
		.kind = kind,
		.signal = (int)info->ssi_signo,
		.from = info->ssi_code == SI_KERNEL ? 0 : (pid_t)info->ssi_pid,
	};

	/* Never waited for: a guard that does not read is stopped (and continued below) or dying. */
	(void)!send(front->channel, &order, sizeof(order), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* We adopt the orphans of children that the caller had before it became us, as PID 1 those of all. */
static void reap_strangers(const struct front *front)
{
	siginfo_t info = {0};

	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0 &&
	       info.si_pid != front->guard)
		(void)waitpid(info.si_pid, NULL, WNOHANG);
}

/*
 * The guard has died (true, *ret_death says how, and its zombie is reaped) or was stopped: then it is
 * continued, since nothing may stop the limits.
 */
static bool tend_guard(const struct front *front, siginfo_t *ret_death)
{
	siginfo_t info = {0};

	reap_strangers(front);
	if (waitid(P_PID, (id_t)front->guard, &info, WEXITED | WSTOPPED | WNOHANG) < 0)
		return errno != EINTR;
	if (info.si_pid == 0)
		return false;
	if (info.si_code == CLD_STOPPED) {
		(void)kill(front->guard, SIGCONT);
		return false;
	}
	*ret_death = info;
	return true;
}

static void pass_on(const struct front *front, const struct signalfd_siginfo *info)
{
	const bool kernel = info->ssi_code == SI_KERNEL;

	switch (info->ssi_signo) {
	case SIGINT:
	case SIGQUIT:
		order(front, kernel ? ORDER_TYPED : ORDER_STOP, info);
		return;
	case SIGTERM:
		order(front, ORDER_STOP, info);
		return;
	case SIGCONT:
		order(front, ORDER_CONTINUE, info);
		return;
	case GUARD_SYNC_SIGNAL:
		if ((pid_t)info->ssi_pid == front->guard)
			order(front, ORDER_SYNC, info);
		return;
	case SIGHUP:
		/* The kernel also sends HUP to a group that an exit has orphaned: no hang-up then. */
		if (!kernel)
			order(front, ORDER_PASS, info);
		else if (!terminal_is_there())
			order(front, ORDER_STOP, info);
		return;
	default:
		/* A resize reaches the whole foreground group, the command included. */
		if (!kernel)
			order(front, ORDER_PASS, info);
		return;
	}
}

/* Handle what has come in; true when the guard is dead. */
static bool read_signals(const struct front *front, siginfo_t *ret_death)
{
	struct signalfd_siginfo info;
	bool dead = false;

	while (read(front->sigs, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			dead |= tend_guard(front, ret_death);
		else
			pass_on(front, &info);
	}
	return dead;
}

/* Wait until the guard is dead: SIGCHLD alone wakes us, once. */
static siginfo_t wait_for_guard(const struct front *front)
{
	struct pollfd pfd = {.fd = front->sigs, .events = POLLIN};
	siginfo_t death = {0};

	do
		while (poll(&pfd, 1, -1) < 0 && errno == EINTR)
			;
	while (!read_signals(front, &death));
	return death;
}

/*
 * Read what the guard said last, if anything. Orders that it did not read any more turn the close of
 * its end into a reset, told once and before the data.
 */
static struct farewell hear_farewell(const struct front *front)
{
	struct farewell farewell;
	ssize_t len;

	do
		len = recv(front->channel, &farewell, sizeof(farewell), MSG_DONTWAIT);
	while (len < 0 && (errno == EINTR || errno == ECONNRESET));
	return len == (ssize_t)sizeof(farewell) ? farewell : (struct farewell){0};
}

/*
 * The guard is gone; what it owned has become ours, and only that (and the spared) is below us. Returns
 * false when it cannot be found.
 */
static bool rescue(const struct front *front)
{
	int64_t give_up = ns_add(now_ns(), RESCUE_NS);

	while (now_ns() < give_up) {
		struct pollfd pfd = {.fd = front->sigs, .events = POLLIN};
		struct timespec again = {.tv_nsec = RESCUE_AGAIN_NS};
		struct signalfd_siginfo info;
		int killed = tree_kill(&front->spared), reaped = 0;

		while (waitpid(-1, NULL, WNOHANG) > 0)
			reaped++;
		if (killed < 0)
			return tree_is_empty();
		if (killed == 0 && reaped == 0)
			return true;
		(void)ppoll(&pfd, 1, &again, NULL);
		while (read(front->sigs, &info, sizeof(info)) > 0)
			;
	}
	return false;
}

static void let_go(const struct front *front, const struct front_config *config)
{
	int keep[] = {STDERR_FILENO, front->channel, front->sigs, front->terminal.fd,
		      config->events->fd};

	if (config->lets_go)
		fd_close_others(keep, array_len(keep));
}

static int watch(struct front *front, struct ending *ret_ending)
{
	const siginfo_t death = wait_for_guard(front);
	const struct farewell farewell = hear_farewell(front);

	if (death.si_code != CLD_EXITED || farewell.error < 0) {
		const bool rescued = rescue(front);

		terminal_restore(&front->terminal, true);
		if (farewell.error < 0)
			return farewell.error;
		return rescued ? FRONT_BEREFT : FRONT_LOST;
	}
	terminal_restore(&front->terminal, farewell.forceful);
	*ret_ending = (struct ending){.code = death.si_status, .signal = farewell.signal};
	return FRONT_DONE;
}

int front_run(const struct front_config *config, front_body *body, void *arg,
	      struct ending *ret_ending)
{
	struct front front = {.leader = -1, .channel = -1, .sigs = -1};
	int err = tree_spare(&front.spared);

	if (err >= 0)
		err = tree_own();
	if (err >= 0)
		err = open_signals(&front);
	if (err < 0)
		return err;
	terminal_save(&front.terminal);
	err = fork_guard(&front, config, body, arg);
	if (err < 0)
		return err;
	let_go(&front, config);
	err = watch(&front, ret_ending);
	fd_drop(&front.channel);
	fd_drop(&front.sigs);
	buf_drop(&front.spared.pids);
	return err;
}
