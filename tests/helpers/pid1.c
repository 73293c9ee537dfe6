/* pid1 COMMAND [ARG...]: runs the command as PID 1 of a new PID namespace with its own /proc,
 * passes TERM INT HUP QUIT USR1 USR2 on to it, and exits with its status (128+N for a death by
 * signal). Needs root; exits with 77 where the kernel refuses. */
#include "helper.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static const int passed[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCHLD};

static void be_first(char **argv, const sigset_t *old)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("proc", "/proc", "proc", 0, NULL) < 0)
		_exit(77);
	(void)sigprocmask(SIG_SETMASK, old, NULL);
	(void)execvp(argv[0], argv);
	_exit(127);
}

int main(int argc, char **argv)
{
	sigset_t set, old;
	int status, got;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
		(void)sigaddset(&set, passed[i]);
	if (argc < 2 || unshare(CLONE_NEWPID | CLONE_NEWNS) < 0)
		return 77;
	(void)sigprocmask(SIG_BLOCK, &set, &old);
	pid_t pid = fork();
	if (pid == 0)
		be_first(argv + 1, &old);
	live_shortly(LIFE_S);
	for (;;) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		if (sigwait(&set, &got) == 0 && got != SIGCHLD)
			(void)kill(pid, got);
	}
}
