/* PID 1: a parent that waits and passes signals on. */
#include "init.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/say.h"
#include "common/status.h"

static _Noreturn void wait_for(pid_t child, const sigset_t *set)
{
	for (;;) {
		int signal = sigwaitinfo(set, NULL), status;

		if (signal > 0 && signal != SIGCHLD)
			(void)kill(child, signal);
		/* Orphans of the container are ours to reap, too. */
		for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
			if (pid == child)
				_exit(ending_status(ending_of(status)));
	}
}

void init_stand_aside(void)
{
	sigset_t set, old;
	pid_t child;

	if (getpid() != 1)
		return;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &set, &old);
	child = fork();
	if (child > 0)
		wait_for(child, &set);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	if (child < 0)
		say_errno(errno, "cannot fork as PID 1: TERM and INT will not end this");
}
