/* Exit statuses: from how the command ended to how we end. */
#include "common/status.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct ending ending_of(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		return (struct ending){.signal = WTERMSIG(wait_status)};
	return (struct ending){.code = WEXITSTATUS(wait_status)};
}

struct ending ending_of_death(const siginfo_t *death)
{
	if (death->si_code == CLD_EXITED)
		return (struct ending){.code = death->si_status};
	return (struct ending){.signal = death->si_status};
}

int ending_status(struct ending ending)
{
	return ending.signal ? STATUS_SIGNAL + ending.signal : ending.code;
}

int status_of_exec(int err)
{
	return err == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN;
}

/* The command has left its core, if it wanted one; a second one of ours would only mislead. */
static void die_of(int signal_number)
{
	const struct rlimit none = {0};
	sigset_t set;

	/* Both only keep a core file away; dying matters more than failing here. */
	(void)prlimit(0, RLIMIT_CORE, &none, NULL);
	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)signal(signal_number, SIG_DFL);
	(void)kill(getpid(), signal_number);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, signal_number);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}

_Noreturn void ending_die(struct ending ending)
{
	if (ending.signal)
		die_of(ending.signal);
	_exit(ending_status(ending));
}
