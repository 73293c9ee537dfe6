/* The front and its guards: signals come in, orders go down, news come up. */
#include "common/crew.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"

/* How long orphans of a killed guard are hunted before the front gives up on an unkillable one. */
#define RESCUE_NS (2 * NS_PER_S)
#define RESCUE_AGAIN_NS (20 * NS_PER_MS)

static const int handled[] = {SIGTERM, SIGINT,	SIGQUIT,  SIGHUP,
			      SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT};

/* Where members' channels begin among the polled descriptors. */
enum { SIGS, CHANNELS };

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
static int open_signals(struct crew *crew)
{
	sigset_t read_set;
	int err;

	(void)sigemptyset(&read_set);
	(void)sigaddset(&read_set, SIGCHLD);
	for (size_t i = 0; i < array_len(handled); i++)
		if (!is_ignored(handled[i]))
			(void)sigaddset(&read_set, handled[i]);
	crew->blocked = read_set;
	(void)sigaddset(&crew->blocked, SIGPIPE);
	(void)sigaddset(&crew->blocked, SIGXFSZ);
	err = sigstate_take(&crew->caller, &crew->blocked);
	if (err < 0)
		return err;
	crew->sigs = sigs_open(&read_set);
	return crew->sigs < 0 ? crew->sigs : 0;
}

/* Memory for more members than one, and for a rescue among them, which must not fail for want of it. */
static int make_room(struct crew *crew, int max)
{
	const size_t count = (size_t)max;

	crew->max = max;
	crew->members = &crew->lone;
	crew->fds = crew->lone_fds;
	if (max <= 1)
		return 0;
	crew->members = calloc(count, sizeof(*crew->members));
	crew->fds = calloc(CHANNELS + count + CREW_EXTRA_MAX, sizeof(*crew->fds));
	if (!crew->members || !crew->fds)
		return -ENOMEM;
	return buf_reserve(&crew->spared.pids, count * sizeof(pid_t));
}

static void free_all(struct crew *crew)
{
	fd_drop(&crew->sigs);
	buf_drop(&crew->spared.pids);
	if (crew->members != &crew->lone)
		free(crew->members);
	if (crew->fds != crew->lone_fds)
		free(crew->fds);
	crew->members = NULL;
	crew->fds = NULL;
}

int crew_open(struct crew *crew, struct events *events, int max, bool hears)
{
	int err;

	*crew = (struct crew){.events = events, .hears = hears, .sigs = -1, .self = getpid()};
	err = tree_spare(&crew->spared);
	if (err >= 0)
		err = make_room(crew, max);
	if (err >= 0)
		err = tree_own();
	if (err >= 0)
		err = open_signals(crew);
	if (err < 0) {
		free_all(crew);
		return err;
	}
	terminal_save(&crew->terminal);
	return 0;
}

/* The group that commands join; see struct guard. */
static pid_t caller_group(const struct crew *crew)
{
	pid_t group = getpgrp();

	if (crew->terminal.fd < 0)
		return 0;
	/* 0 is a group that began outside of this PID namespace. */
	return group > 0 ? group : -1;
}

/* The shell whose job we are; -1 without one, or where the kernel has no pidfds. */
static int open_leader(const struct crew *crew)
{
	pid_t leader = getsid(0);

	if (crew->terminal.fd < 0 || leader <= 0 || leader == getpid())
		return -1;
	return (int)syscall(SYS_pidfd_open, leader, 0);
}

/* In the forked process: become the guard, do the work, tell the front, go. */
static _Noreturn void run_guard(struct crew *crew, int channel, int leader, crew_body *body,
				void *arg)
{
	struct guard guard = {
		.channel = channel,
		.front = crew->self,
		.leader = leader,
		.caller_group = caller_group(crew),
		.caller = &crew->caller,
		.owner = {.events = crew->events},
	};
	struct news_farewell farewell = {0};
	struct ending ending = {.code = STATUS_OWN};

	/* The front's death must reach every guard, so nobody else may hold its end of a channel. */
	for (int i = 0; i <= crew->count; i++)
		fd_drop(&crew->members[i].channel);
	fd_drop(&crew->sigs);
	fd_drop(&crew->terminal.fd);
	farewell.error = guard_make(&guard);
	if (farewell.error >= 0) {
		ending = body(&guard, arg);
		guard_finish(&guard);
		farewell.signal = ending.signal;
		farewell.forceful = guard.owner.forceful;
	}
	/* What cannot be sent costs a nuance, not the status. */
	if (farewell.error < 0 || farewell.signal || farewell.forceful)
		(void)!guard_send(channel, NEWS_FAREWELL, &farewell, sizeof(farewell), 0);
	events_drop(crew->events);
	fd_drop(&channel);
	_exit(ending_status(ending));
}

int crew_hire(struct crew *crew, crew_body *body, void *arg)
{
	struct crew_member *member = &crew->members[crew->count];
	int ends[2], leader;
	pid_t pid;

	assert(crew->count < crew->max);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	*member = (struct crew_member){.channel = ends[0]};
	crew->fds[CHANNELS + crew->count].revents = 0;
	leader = open_leader(crew);
	pid = fork();
	if (pid == 0)
		run_guard(crew, ends[1], leader, body, arg);
	if (pid < 0) {
		int err = -errno;

		fd_drop(&ends[0]);
		fd_drop(&ends[1]);
		fd_drop(&leader);
		return err;
	}
	/* fork(3) changes the mask and puts it back; all that follows relies on it. */
	(void)sigprocmask(SIG_BLOCK, &crew->blocked, NULL);
	fd_drop(&ends[1]);
	fd_drop(&leader);
	member->pid = pid;
	return crew->count++;
}

void crew_let_go(const struct crew *crew, const int *keep, size_t count)
{
	enum { OWN = 4 };
	int few[OWN + 1 + CREW_EXTRA_MAX];
	size_t members = (size_t)crew->count, len = OWN;
	int *kept = members + count > array_len(few) - OWN
			    ? calloc(OWN + members + count, sizeof(*kept))
			    : few;

	/* It is a courtesy. */
	if (!kept)
		return;
	memcpy(kept, (int[OWN]){STDERR_FILENO, crew->sigs, crew->terminal.fd, crew->events->fd},
	       OWN * sizeof(*kept));
	for (size_t i = 0; i < members; i++)
		kept[len++] = crew->members[i].channel;
	for (size_t i = 0; i < count; i++)
		kept[len++] = keep[i];
	fd_close_others(kept, len);
	if (kept != few)
		free(kept);
}

/* A guard that has not read what it was sent before is given that long. */
#define ORDER_PATIENCE_MS 100

/* Returns 0 or -errno. */
static int send_order(int channel, const struct order *order)
{
	struct pollfd room = {.fd = channel, .events = POLLOUT};

	for (int tries = 0; tries < 3; tries++) {
		if (send(channel, order, sizeof(*order), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != EINTR && errno != EAGAIN)
			return -errno;
		if (errno == EAGAIN)
			(void)poll(&room, 1, ORDER_PATIENCE_MS);
	}
	return -EAGAIN;
}

int crew_order(const struct crew *crew, int member, const struct order *order)
{
	int failed = 0;

	for (int i = 0; i < crew->count; i++) {
		const int channel = crew->members[i].channel;
		int err;

		if ((member != CREW_ALL && member != i) || channel < 0)
			continue;
		err = send_order(channel, order);
		/* It has gone: that comes as an event. */
		if (err == 0 || err == -EPIPE || err == -ECONNRESET)
			continue;
		failed = err;
		/* An end that cannot be asked for is forced: without a front the guard kills its tree. */
		if (order->kind == ORDER_HALT)
			(void)shutdown(channel, SHUT_WR);
	}
	return failed;
}

bool crew_has(const struct crew *crew, int member)
{
	return member >= 0 && member < crew->count && crew->members[member].pid > 0;
}

static struct crew_member *find(const struct crew *crew, pid_t pid)
{
	for (int i = 0; i < crew->count; i++)
		if (crew->members[i].pid == pid)
			return &crew->members[i];
	return NULL;
}

/*
 * Reap whatever has died: guards, and orphans of children that the caller had before it became us, as
 * PID 1 those of all. A guard that was stopped is continued, since nothing may stop the limits. Returns
 * how many have died.
 */
static int reap(struct crew *crew)
{
	int reaped = 0;

	for (;;) {
		struct crew_member *member;
		siginfo_t info = {0};

		if (waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | WNOHANG) < 0 && errno == EINTR)
			continue;
		if (info.si_pid == 0)
			return reaped;
		member = find(crew, info.si_pid);
		if (info.si_code == CLD_STOPPED) {
			if (member)
				(void)kill(member->pid, SIGCONT);
			continue;
		}
		reaped++;
		if (!member)
			continue;
		member->pid = 0;
		member->clean = info.si_code == CLD_EXITED;
		member->code = info.si_status;
	}
}

/* What the guards are to be told of a signal; false: nothing. */
static bool order_of(const struct signalfd_siginfo *info, struct order *ret)
{
	const bool kernel = info->ssi_code == SI_KERNEL;

	*ret = (struct order){.kind = ORDER_PASS,
			      .signal = (int)info->ssi_signo,
			      .from = kernel ? 0 : (pid_t)info->ssi_pid};
	switch (info->ssi_signo) {
	case SIGINT:
	case SIGQUIT:
		ret->kind = kernel ? ORDER_TYPED : ORDER_STOP;
		return true;
	case SIGTERM:
		ret->kind = ORDER_STOP;
		return true;
	case SIGCONT:
		ret->kind = ORDER_CONTINUE;
		return true;
	case SIGHUP:
		/* The kernel also sends HUP to a group that an exit has orphaned: no hang-up then. */
		if (kernel)
			ret->kind = ORDER_STOP;
		return !kernel || !terminal_is_there();
	default:
		/* A resize reaches the whole foreground group, the command included. */
		return !kernel;
	}
}

/* Read the signals that have come; those that mean something are put aside to be returned one by one. */
static void take_signals(struct crew *crew)
{
	struct signalfd_siginfo info;
	bool died = false;

	while (crew->stashed < CREW_STASH &&
	       read(crew->sigs, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			died = true;
		else if (order_of(&info, &crew->stash[crew->stashed]))
			crew->stashed++;
	}
	if (died)
		(void)reap(crew);
}

static bool take_stashed(struct crew *crew, struct crew_event *event)
{
	if (crew->stashed == 0)
		return false;
	*event = (struct crew_event){.kind = CREW_ORDER, .order = crew->stash[0]};
	crew->stashed--;
	memmove(crew->stash, crew->stash + 1, crew->stashed * sizeof(crew->stash[0]));
	return true;
}

/* All signals that came before the question have been returned, so they have been passed on. */
static void answer(struct crew *crew)
{
	const struct order sync = {.kind = ORDER_SYNC};

	for (int i = 0; i < crew->count; i++) {
		if (crew->members[i].asks)
			(void)crew_order(crew, i, &sync); /* it waits for 1 s at most */
		crew->members[i].asks = false;
	}
}

/* Take one piece of news; true when it is for the caller. At the end of the channel it is closed. */
static bool hear(struct crew *crew, int number, struct crew_event *event)
{
	struct crew_member *member = &crew->members[number];
	const ssize_t head = (ssize_t)offsetof(struct news, report);

	for (;;) {
		ssize_t len = recv(member->channel, &crew->news, sizeof(crew->news), MSG_DONTWAIT);

		/* Orders that it did not read any more turn the close of its end into a reset, told once
		 * and before the data. */
		if (len < 0 && (errno == EINTR || errno == ECONNRESET))
			continue;
		if (len < 0 && errno == EAGAIN)
			return false;
		if (len < head) {
			fd_drop(&member->channel);
			return false;
		}
		switch (crew->news.kind) {
		case NEWS_SYNC:
			take_signals(crew);
			member->asks = true;
			continue;
		case NEWS_FAREWELL:
			member->farewell = crew->news.farewell;
			continue;
		case NEWS_REPORT:
			*event = (struct crew_event){.kind = CREW_REPORT,
						     .member = number,
						     .bytes = crew->news.report,
						     .len = (size_t)(len - head)};
			return true;
		}
	}
}

/*
 * A guard was killed; what it owned has become ours, and only that, the spared and the other guards are
 * below us. Returns false when it cannot be found or ended.
 */
static bool rescue(struct crew *crew)
{
	const int64_t give_up = ns_add(now_ns(), RESCUE_NS);
	struct buf *spared = &crew->spared.pids;
	const size_t own = spared->len;
	bool done = false;

	/* make_room has reserved what a crew of more than one needs; one alone has no others. */
	for (int i = 0; i < crew->count; i++)
		if (crew->members[i].pid > 0)
			(void)!buf_add(spared, &crew->members[i].pid, sizeof(pid_t));
	while (!done && now_ns() < give_up) {
		struct pollfd pfd = {.fd = crew->sigs, .events = POLLIN};
		struct timespec again = {.tv_nsec = RESCUE_AGAIN_NS};
		int killed = tree_kill(&crew->spared), reaped = reap(crew);

		if (killed < 0) {
			done = tree_is_empty();
			break;
		}
		done = killed == 0 && reaped == 0;
		if (done)
			break;
		(void)ppoll(&pfd, 1, &again, NULL);
		take_signals(crew);
	}
	spared->len = own;
	return done;
}

/* The guard's process has been reaped, and all that it said has been heard. */
static void bury(struct crew *crew, int number, struct crew_event *event)
{
	struct crew_member *member = &crew->members[number];
	const struct news_farewell *farewell = &member->farewell;

	member->told = true;
	*event = (struct crew_event){
		.kind = CREW_GONE,
		.member = number,
		.end = CREW_DONE,
		.ending = {.code = member->code, .signal = farewell->signal},
		.error = farewell->error,
	};
	crew->forceful |= farewell->forceful;
	if (member->clean && farewell->error >= 0)
		return;
	event->end = rescue(crew) ? CREW_BEREFT : CREW_LOST;
	if (farewell->error < 0)
		event->end = CREW_UNMADE;
	else
		crew->forceful = true;
}

/* Go on with what the last poll said, one member at a time; true when there is an event. */
static bool look_on(struct crew *crew, struct crew_event *event)
{
	for (; crew->next < crew->count; crew->next++) {
		const int number = crew->next;
		struct crew_member *member = &crew->members[number];
		const bool dead = member->pid == 0 && !member->told;

		/* One at a time from the living, so that nobody is left waiting. */
		if ((dead || crew->fds[CHANNELS + number].revents) && member->channel >= 0 &&
		    hear(crew, number, event)) {
			crew->fds[CHANNELS + number].revents = 0;
			return true;
		}
		if (dead) {
			fd_drop(&member->channel);
			bury(crew, number, event);
			return true;
		}
	}
	return false;
}

/*
 * Poll, and give the caller its share; returns how much that is. Without a terminal no guard asks, and
 * where none reports either, its end is told by SIGCHLD alone: one wake-up for the life of a lone guard.
 */
static int look(struct crew *crew, struct pollfd *extra, nfds_t count, int64_t until)
{
	const nfds_t own = CHANNELS + (nfds_t)crew->count;
	const bool listens = crew->hears || crew->terminal.fd >= 0;
	struct timespec left;
	int ready;

	crew->fds[SIGS] = (struct pollfd){.fd = crew->sigs, .events = POLLIN};
	for (int i = 0; i < crew->count; i++)
		crew->fds[CHANNELS + i] = (struct pollfd){
			.fd = listens ? crew->members[i].channel : -1, .events = POLLIN};
	for (nfds_t i = 0; i < count; i++)
		crew->fds[own + i] = extra[i];
	ready = ppoll(crew->fds, own + count, ns_until(until, &left), NULL);
	if (ready < 0)
		return errno == EINTR ? 0 : -errno;
	if (crew->fds[SIGS].revents)
		take_signals(crew);
	crew->next = 0;
	ready = 0;
	for (nfds_t i = 0; i < count; i++) {
		extra[i].revents = crew->fds[own + i].revents;
		ready += extra[i].revents != 0;
	}
	return ready;
}

int crew_wait(struct crew *crew, struct pollfd *extra, nfds_t count, int64_t until,
	      struct crew_event *event)
{
	assert(count <= CREW_EXTRA_MAX);
	for (;;) {
		int ready;

		if (take_stashed(crew, event) || look_on(crew, event))
			return (int)event->kind;
		if (crew->stashed > 0)
			continue;
		answer(crew);
		ready = look(crew, extra, count, until);
		if (ready < 0)
			return ready;
		*event = (struct crew_event){.kind = ready > 0 ? CREW_READY : CREW_TIME};
		if (ready > 0 || (crew->stashed == 0 && now_ns() >= until))
			return (int)event->kind;
	}
}

/* Wait until every guard is dead; each has been told to die by the end of its channel. */
static bool outlive(struct crew *crew)
{
	struct crew_event event;
	bool clean = true;

	for (int i = 0; i < crew->count; i++)
		fd_drop(&crew->members[i].channel);
	for (int left = crew->count; left > 0;) {
		left = 0;
		for (int i = 0; i < crew->count; i++)
			left += !crew->members[i].told;
		if (left > 0 && crew_wait(crew, NULL, 0, NS_NEVER, &event) < 0)
			return false;
		if (left > 0 && event.kind == CREW_GONE)
			clean &= event.end != CREW_LOST;
	}
	return clean;
}

bool crew_close(struct crew *crew)
{
	const bool clean = outlive(crew);

	terminal_restore(&crew->terminal, crew->forceful);
	free_all(crew);
	return clean;
}
