/* ptrace(2), for one event. */
#include "trace.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "common/fd.h"

int trace_attach(pid_t pid, bool tree)
{
	/* Not EXITKILL: the guard's promise about its end is kept by the front. Threads fork too. */
	const long forks = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
	const long options = PTRACE_O_TRACEEXIT | (tree ? forks : 0);

	return ptrace(PTRACE_SEIZE, pid, 0L, options) < 0 ? -errno : 0;
}

/* A thread has the descriptors of its process, which go with the last of them. */
static bool is_process(int proc, pid_t tid)
{
	char path[32], text[4096];
	const char *tgid;

	(void)snprintf(path, sizeof(path), "%d/status", (int)tid);
	if (fd_read_file(proc, path, text, sizeof(text)) < 0)
		return false;
	tgid = strstr(text, "\nTgid:");
	return tgid && strtol(tgid + 6, NULL, 10) == tid;
}

static bool is_stop_signal(int signal)
{
	return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

bool trace_trap(void *arg, pid_t tracee)
{
	const struct trace *trace = arg;
	int status, event, signal;

	if (waitpid(tracee, &status, WNOHANG | __WALL) != tracee || !WIFSTOPPED(status))
		return false;
	event = status >> 16;
	signal = WSTOPSIG(status);
	if (event == PTRACE_EVENT_STOP && is_stop_signal(signal)) {
		/* It stays stopped, and SIGCONT is told to us (a plain CONT would set it going). */
		(void)ptrace(PTRACE_LISTEN, tracee, 0L, 0L);
		return tracee == trace->main;
	}
	if (event == PTRACE_EVENT_EXIT && is_process(trace->proc, tracee))
		trace->leaving(trace->arg, tracee);
	/* Only a stop without an event is a signal on its way to the tracee. */
	if (ptrace(PTRACE_CONT, tracee, 0L, (long)(event ? 0 : signal)) < 0)
		/* Killed meanwhile; whatever else it was, nobody may stay stopped because of us. */
		(void)ptrace(PTRACE_DETACH, tracee, 0L, (long)(event ? 0 : signal));
	return false;
}
