/* Signals: names, and the state that a command inherits. */
#include "common/signame.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

/* clang-format off */
#define NAME(name) [SIG##name] = #name
static const char *const names[] = {
	NAME(HUP), NAME(INT), NAME(QUIT), NAME(ILL), NAME(TRAP), NAME(ABRT), NAME(BUS), NAME(FPE),
	NAME(KILL), NAME(USR1), NAME(SEGV), NAME(USR2), NAME(PIPE), NAME(ALRM), NAME(TERM),
	NAME(CHLD), NAME(CONT), NAME(STOP), NAME(TSTP), NAME(TTIN), NAME(TTOU), NAME(URG),
	NAME(XCPU), NAME(XFSZ), NAME(VTALRM), NAME(PROF), NAME(WINCH), NAME(IO), NAME(PWR),
	NAME(SYS),
#ifdef SIGSTKFLT
	NAME(STKFLT),
#endif
};
/* clang-format on */

const char *signame(int signal, char text[static SIGNAME_MAX])
{
	if (signal > 0 && (size_t)signal < array_len(names) && names[signal])
		return names[signal];
	(void)snprintf(text, SIGNAME_MAX, "%d", signal);
	return text;
}

static int parse_number(const char *text, int *ret_signal)
{
	char *end;
	long number = strtol(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' || number < 1 || number > SIGRTMAX)
		return -EINVAL;
	*ret_signal = (int)number;
	return 0;
}

int signame_parse(const char *text, int *ret_signal)
{
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;

	for (size_t i = 1; i < array_len(names); i++) {
		if (names[i] && strcasecmp(name, names[i]) == 0) {
			*ret_signal = (int)i;
			return 0;
		}
	}
	return parse_number(text, ret_signal);
}

/*
 * The system call itself: musl's sigprocmask(3) hides the three signals that it keeps for threads, and the
 * command must get them back too. The kernel's set is 64 bits, at the start of every libc's.
 */
static int set_mask(int how, const sigset_t *set, sigset_t *old)
{
	return syscall(SYS_rt_sigprocmask, how, set, old, (size_t)8) < 0 ? -errno : 0;
}

int sigstate_take(struct sigstate *ret_old, const sigset_t *block)
{
	const struct sigaction standard = {.sa_handler = SIG_DFL};
	struct sigstate old = {0};
	int err = set_mask(SIG_BLOCK, block, &old.mask);

	if (err < 0)
		return err;
	if (sigaction(SIGCHLD, &standard, &old.child) < 0)
		return -errno;
	*ret_old = old;
	return 0;
}

int sigstate_give(const struct sigstate *old)
{
	/* Across exec a disposition is either "ignored" or the default: only the first was lost. */
	if (old->child.sa_handler == SIG_IGN && sigaction(SIGCHLD, &old->child, NULL) < 0)
		return -errno;
	return set_mask(SIG_SETMASK, &old->mask, NULL);
}

int sigs_open(const sigset_t *set)
{
	int fd = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);

	return fd < 0 ? -errno : fd;
}
