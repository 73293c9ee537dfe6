/* The front: the guard's parent, the caller's child. */
#include "common/front.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
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
	pid_t guard;
	int channel;
	int sigs;
	struct sigstate caller;
	struct terminal terminal;
	struct tree_spared spared;
};

/* What the guard says last. */
struct farewell {
	struct ending ending;
	bool forceful;
};

static const int forwarded[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH};

/* A blocked signal is queued even when it is ignored (signal(7)), so ask what the caller had. */
static bool is_ignored(int signal)
{
	struct sigaction action;

	return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

/* Block what we read; SIGPIPE only so that a write to a closed pipe fails instead of ending us. */
static int open_signals(struct front *front)
{
	sigset_t read_set, block;
	int err;

	(void)sigemptyset(&read_set);
	(void)sigaddset(&read_set, SIGCHLD);
	for (size_t i = 0; i < array_len(forwarded); i++)
		if (!is_ignored(forwarded[i]))
			(void)sigaddset(&read_set, forwarded[i]);
	block = read_set;
	(void)sigaddset(&block, SIGPIPE);
	err = sigstate_take(&front->caller, &block);
	if (err < 0)
		return err;
	front->sigs = sigs_open(&read_set);
	return front->sigs < 0 ? front->sigs : 0;
}

/* In the forked process: become the guard, do the work, tell the front, go. */
static _Noreturn void run_guard(struct front *front, int channel, const struct front_config *config,
				front_body *body, void *arg)
{
	struct guard guard = {
		.channel = channel,
		.front = getppid(),
		.caller_group = front->terminal.fd >= 0 ? getpgrp() : 0,
		.caller = &front->caller,
		.owner = {.events = config->events},
	};
	struct farewell farewell;
	int err;

	fd_drop(&front->channel);
	fd_drop(&front->sigs);
	fd_drop(&front->terminal.fd);
	err = guard_make(&guard);
	if (err < 0) {
		/* The front reads a bare errno where a farewell should be. */
		(void)!send(channel, &err, sizeof(err), MSG_NOSIGNAL);
		_exit(STATUS_OWN);
	}
	farewell.ending = body(&guard, arg);
	farewell.forceful = guard.owner.forceful;
	guard_finish(&guard);
	(void)!send(channel, &farewell, sizeof(farewell), MSG_NOSIGNAL);
	_exit(0);
}

static int fork_guard(struct front *front, const struct front_config *config, front_body *body,
		      void *arg)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	front->channel = ends[0];
	front->guard = fork();
	if (front->guard == 0)
		run_guard(front, ends[1], config, body, arg);
	/* Keeps errno. */
	fd_drop(&ends[1]);
	return front->guard < 0 ? -errno : 0;
}

static void order(const struct front *front, enum order_kind kind, const struct signalfd_siginfo *info)
{
	const struct order order = {
		.kind = kind,
		.signal = (int)info->ssi_signo,
		.from = info->ssi_code == SI_KERNEL ? 0 : (pid_t)info->ssi_pid,
	};

	/* Never waited for: a guard that does not read is stopped (and continued below) or dying. */
	(void)!send(front->channel, &order, sizeof(order), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* As PID 1 we inherit strangers' orphans; elsewhere children that are not the guard are not ours. */
static void reap_strangers(const struct front *front)
{
	siginfo_t info = {0};

	while (getpid() == 1 && waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid != 0 && info.si_pid != front->guard)
		(void)waitpid(info.si_pid, NULL, WNOHANG);
}

/*
 * The guard has died or was stopped; true when it is dead, its zombie reaped. Stopped it is continued:
 * nothing may stop the limits.
 */
static bool tend_guard(const struct front *front)
{
	siginfo_t info = {0};

	reap_strangers(front);
	if (waitid(P_PID, (id_t)front->guard, &info, WEXITED | WSTOPPED | WNOHANG) < 0)
		return errno == ECHILD;
	if (info.si_pid == 0)
		return false;
	if (info.si_code != CLD_STOPPED)
		return true;
	(void)kill(front->guard, SIGCONT);
	return false;
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
static bool read_signals(const struct front *front)
{
	struct signalfd_siginfo info;
	bool dead = false;

	while (read(front->sigs, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			dead |= tend_guard(front);
		else
			pass_on(front, &info);
	}
	return dead;
}

/*
 * Wait until the guard is dead, then read what it said last: SIGCHLD alone wakes us, once. Returns
 * the farewell's length: sizeof(struct farewell), sizeof(int) for a bare errno, or 0 for none.
 */
static ssize_t wait_for_guard(const struct front *front, struct farewell *farewell)
{
	struct pollfd pfd = {.fd = front->sigs, .events = POLLIN};
	ssize_t len;

	do
		while (poll(&pfd, 1, -1) < 0 && errno == EINTR)
			;
	while (!read_signals(front));
	/* Orders that the guard did not read any more turn its close into a reset, told once and before
	 * the data. */
	do
		len = recv(front->channel, farewell, sizeof(*farewell), MSG_DONTWAIT);
	while (len < 0 && (errno == EINTR || errno == ECONNRESET));
	return len < 0 ? 0 : len;
}

/* The guard is gone; what it owned has become ours, and only that (and the spared) is below us. */
static void rescue(const struct front *front)
{
	int64_t give_up = ns_add(now_ns(), RESCUE_NS);

	while (now_ns() < give_up) {
		struct pollfd pfd = {.fd = front->sigs, .events = POLLIN};
		struct timespec again = {.tv_nsec = RESCUE_AGAIN_NS};
		struct signalfd_siginfo info;
		int found = tree_kill(&front->spared);
		pid_t pid;

		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			found++;
		if (pid < 0 || found <= 0)
			return;
		(void)ppoll(&pfd, 1, &again, NULL);
		while (read(front->sigs, &info, sizeof(info)) > 0)
			;
	}
}

static void let_go(const struct front *front, const struct front_config *config)
{
	int keep[] = {STDERR_FILENO, front->channel, front->sigs, front->terminal.fd, config->events->fd};

	if (config->lets_go)
		fd_close_others(keep, array_len(keep));
}

static int watch(struct front *front, struct ending *ret_ending)
{
	struct farewell farewell = {0};
	ssize_t len = wait_for_guard(front, &farewell);

	if (len != (ssize_t)sizeof(farewell)) {
		rescue(front);
		terminal_restore(&front->terminal, true);
		/* The errno of a guard that could not be set up lies where the ending begins. */
		return len == (ssize_t)sizeof(int) ? farewell.ending.code : FRONT_BEREFT;
	}
	terminal_restore(&front->terminal, farewell.forceful);
	*ret_ending = farewell.ending;
	return FRONT_DONE;
}

int front_run(const struct front_config *config, front_body *body, void *arg, struct ending *ret_ending)
{
	struct front front = {.channel = -1, .sigs = -1};
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
