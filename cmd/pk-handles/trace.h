#ifndef PK_HANDLES_TRACE_H
#define PK_HANDLES_TRACE_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/base.h"

/*
 * Follows a command to the moment before it gives its descriptors back: ptrace(2) stops each process once
 * on its way out (PTRACE_EVENT_EXIT), whatever ends it. Everything else is passed through: signals are
 * delivered, stops are kept.
 */
struct trace {
	pid_t main;
	int proc;
	/* The process pid is on its way out, and can be looked at. */
	void (*leaving)(void *arg, pid_t pid);
	void *arg;
};

/*
 * Attach to the child pid, and with tree to whatever it forks. Returns 0 or -errno: -EPERM where tracing
 * is not allowed.
 */
must_check int trace_attach(pid_t pid, bool tree);

/* Take a stop of a tracee and let it go on; arg is a struct trace. For guard_set_trap. */
bool trace_trap(void *arg, pid_t tracee);

#endif
