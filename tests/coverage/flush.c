/*
 * Coverage counters of processes that end by _exit(2) or by a signal of their own, as guards and wrappers do: libgcov
 * writes them only in exit(3). The linker (--wrap, Makefile) sends the calls here first.
 */
#include <sys/types.h>
#include <unistd.h>

extern void __gcov_dump(void);

_Noreturn void __real__exit(int status);
int __real_kill(pid_t pid, int signal);
pid_t __real_fork(void);

/* Whose memory this is: a child of vfork(2) has its parent's, who goes on counting in it. */
static pid_t owner;

__attribute__((constructor)) static void begin(void)
{
	owner = getpid();
}

pid_t __wrap_fork(void)
{
	pid_t pid = __real_fork();

	if (pid == 0)
		owner = getpid();
	return pid;
}

static void flush(void)
{
	if (owner == getpid())
		__gcov_dump();
}

_Noreturn void __wrap__exit(int status)
{
	flush();
	__real__exit(status);
}

int __wrap_kill(pid_t pid, int signal)
{
	if (pid == getpid())
		flush();
	return __real_kill(pid, signal);
}
