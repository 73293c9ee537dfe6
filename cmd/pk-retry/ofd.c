/* Byte locks with a deadline. */
#include "ofd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"

static int change(int fd, int command, short type, int byte)
{
	struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};

	while (fcntl(fd, command, &lock) < 0)
		if (errno != EINTR)
			return errno == EACCES ? -EAGAIN : -errno;
	return 0;
}

int ofd_try(int fd, int byte)
{
	return change(fd, F_OFD_SETLK, F_WRLCK, byte);
}

int ofd_unlock(int fd, int byte)
{
	return change(fd, F_OFD_SETLK, F_UNLCK, byte);
}

/* In the helper: block, and end. The status is not looked at: whoever holds the lock can take it again. */
static _Noreturn void block(int fd, int byte, int end, pid_t parent)
{
	int keep[] = {fd, end};

	fd_close_others(keep, array_len(keep));
	/* Without us nobody needs the lock. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent)
		(void)!change(fd, F_OFD_SETLKW, F_WRLCK, byte);
	_exit(0);
}

static int start_helper(int fd, int byte, pid_t *ret_pid, int *ret_end)
{
	pid_t parent = getpid();
	int ends[2], err = 0;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	*ret_pid = fork();
	if (*ret_pid == 0)
		block(fd, byte, ends[1], parent);
	if (*ret_pid < 0)
		err = -errno;
	/* The helper's copy is the last one: the pipe ends when it does. */
	fd_drop(&ends[1]);
	*ret_end = ends[0];
	if (err < 0)
		fd_drop(ret_end);
	return err;
}

static int wait_for_helper(struct guard *guard, int end, int64_t deadline)
{
	struct pollfd ended = {.fd = end, .events = POLLIN};

	switch (guard_wait(guard, &ended, 1, deadline)) {
	case GUARD_READY:
		return 0;
	case GUARD_TIME:
		return -ETIMEDOUT;
	default:
		return -EINTR;
	}
}

/* Signalled only while it is our child: guard_wait reaps whatever dies. */
static void end_helper(pid_t helper)
{
	siginfo_t info;

	if (waitid(P_PID, (id_t)helper, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
		return;
	(void)kill(helper, SIGKILL);
	while (waitpid(helper, NULL, 0) < 0 && errno == EINTR)
		;
}

int ofd_lock(int fd, int byte, struct guard *guard, int64_t patience_ns)
{
	scoped(fd_drop) int end = -1;
	pid_t helper = -1;
	int err = ofd_try(fd, byte);

	if (err != -EAGAIN)
		return err;
	err = start_helper(fd, byte, &helper, &end);
	if (err < 0)
		return err;
	err = wait_for_helper(guard, end, ns_add(now_ns(), patience_ns));
	end_helper(helper);
	return err < 0 ? err : ofd_try(fd, byte);
}
