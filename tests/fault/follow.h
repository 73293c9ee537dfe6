/* Part of faultrun: the process of the role is followed by ptrace, from the tool's first instruction
 * through the forks that lead to it; every other process is let go at once. */
#ifndef PK_FAULT_FOLLOW_H
#define PK_FAULT_FOLLOW_H

#include "registers.h"
#include "run.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/ptrace.h> /* struct ptrace_syscall_info in full; after sys/ptrace.h */

static void resume(const struct run *r, pid_t pid, int sig)
{
	bool calls = r->started && r->depth == r->role && r->state != FAULT_DONE;
	/* A failure here is ESRCH: it was killed, which the next wait tells. */
	(void)ptrace(calls ? PTRACE_SYSCALL : PTRACE_CONT, pid, 0, sig);
}

static void let_go(struct run *r, pid_t pid)
{
	(void)ptrace(PTRACE_DETACH, pid, 0, 0);
	if (pid == r->traced)
		r->traced = 0;
}

/* Options for the process now followed. Only on the way down to the role are children attached. */
static long options_for(const struct run *r)
{
	long options =
		PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL;
	if (r->depth == ROLE_FRONT && r->role > ROLE_FRONT)
		options |= PTRACE_O_TRACEFORK;
	if (r->depth == ROLE_GUARD && r->role > ROLE_GUARD)
		options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
	return options;
}

static void adopt(struct run *r, pid_t pid)
{
	(void)ptrace(PTRACE_SETOPTIONS, pid, 0, options_for(r));
	r->role_met = r->role_met || r->depth == r->role;
	resume(r, pid, 0);
}

/* The followed process made the next one of the chain: follow that, let the parent go. */
static void on_fork(struct run *r, pid_t parent)
{
	unsigned long child = 0;
	if (ptrace(PTRACE_GETEVENTMSG, parent, 0, &child) != 0)
		return;
	let_go(r, parent);
	r->traced = (pid_t)child;
	r->depth++;
	if (r->early == r->traced)
		adopt(r, r->early);
	r->early = 0;
}

static unsigned long entry_of(pid_t pid)
{
	char path[64];
	(void)snprintf(path, sizeof(path), "/proc/%d/auxv", pid);
	unsigned long pair[2] = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && read(fd, pair, sizeof(pair)) == sizeof(pair) && pair[0] != AT_ENTRY)
		continue;
	if (fd >= 0)
		(void)close(fd);
	return pair[0] == AT_ENTRY ? pair[1] : 0;
}

static void on_exec(struct run *r, pid_t pid)
{
	if (r->execed || pid != r->front) {
		let_go(r, pid); /* from here on it is the command */
		return;
	}
	r->execed = true;
	(void)ptrace(PTRACE_SETOPTIONS, pid, 0, options_for(r));
	r->entry = entry_of(pid);
	r->entry_word = (unsigned long)ptrace(PTRACE_PEEKTEXT, pid, r->entry, 0);
	if (ptrace(PTRACE_POKETEXT, pid, r->entry, breakpoint_in(r->entry_word)) != 0)
		die("cannot stop at the tool's entry");
	resume(r, pid, 0);
}

/* The loader of a dynamic program has done its work: its calls are not the tool's. */
static void on_entry(struct run *r, pid_t pid)
{
	r->started = true;
	(void)ptrace(PTRACE_POKETEXT, pid, r->entry, r->entry_word);
	rewind_to(pid, r->entry);
	adopt(r, pid);
}

static void fire(struct run *r, pid_t pid, const struct ptrace_syscall_info *info)
{
	r->fd = (long)info->entry.args[0];
	if (r->signal != 0) {
		/* The process is stopped and ours, so the pid cannot be another's. */
		(void)kill(pid, r->signal);
		r->state = FAULT_DONE;
	} else {
		if (r->call != SYS_close) /* a close that fails has closed all the same */
			call_suppress(pid);
		r->state = FAULT_IN_CALL;
	}
}

/* EINTR needs a call that sleeps; one that was told not to never gives it. */
static bool is_possible(const struct run *r, const struct ptrace_syscall_info *info)
{
	const __u64 *args = info->entry.args;
	if (r->error != EINTR)
		return true;
	if (r->call == SYS_waitid)
		return (args[3] & WNOHANG) == 0;
	if (r->call == SYS_wait4)
		return (args[2] & WNOHANG) == 0;
	if (r->call == SYS_sendto || r->call == SYS_recvfrom)
		return (args[3] & MSG_DONTWAIT) == 0;
	if (r->call == SYS_sendmsg || r->call == SYS_recvmsg)
		return (args[2] & MSG_DONTWAIT) == 0;
	return true;
}

static void on_call(struct run *r, pid_t pid)
{
	struct ptrace_syscall_info info;
	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		unsigned long nr = info.entry.nr;
		unsigned long count = nr < MAX_CALL ? ++r->counts[nr] : 0;
		if ((long)nr == r->call && (r->nth == 0 || count == (unsigned long)r->nth) &&
		    is_possible(r, &info))
			fire(r, pid, &info);
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT && r->state == FAULT_IN_CALL) {
		call_set_result(pid, -r->error);
		r->state = r->nth == 0 ? FAULT_WAITS : FAULT_DONE;
	}
	resume(r, pid, 0);
}

static bool is_stop_signal(int sig)
{
	return sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

static void on_event_stop(struct run *r, pid_t pid, int sig)
{
	if (is_stop_signal(sig)) {
		(void)ptrace(PTRACE_LISTEN, pid, 0, 0); /* stays stopped until SIGCONT */
	} else if (pid == r->traced && pid != r->front && !r->role_met) {
		adopt(r, pid);
	} else if (pid == r->traced) {
		resume(r, pid, 0);
	} else {
		r->early = pid;
	}
}

static void on_signal(struct run *r, pid_t pid, int sig)
{
	if (sig == SIGSEGV || sig == SIGBUS || sig == SIGILL || sig == SIGFPE || sig == SIGABRT ||
	    sig == SIGSYS)
		r->crash = sig;
	resume(r, pid, sig);
}

static void on_stop(struct run *r, pid_t pid, int status)
{
	int sig = WSTOPSIG(status);
	switch (status >> 16) {
	case 0:
		if (sig == (SIGTRAP | 0x80))
			on_call(r, pid);
		else if (sig == SIGTRAP && r->execed && !r->started)
			on_entry(r, pid);
		else
			on_signal(r, pid, sig);
		break;
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		on_fork(r, pid);
		break;
	case PTRACE_EVENT_EXEC:
		on_exec(r, pid);
		break;
	case PTRACE_EVENT_STOP:
		on_event_stop(r, pid, sig);
		break;
	default: /* PTRACE_EVENT_EXIT: let go before it is a zombie, so that its parent, and not
	          * we, is the first who can wait for it: as without us */
		let_go(r, pid);
		break;
	}
}

#endif
