/* A lock with a deadline: what may block does so in a child process, and we wait for that. */
#include "common/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"

int lock_open(const char *path, int create)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | create, 0666);
	struct stat st;
	int err;

	if (fd < 0)
		return -errno;
	err = fstat(fd, &st) < 0 ? -errno : 0;
	if (err == 0 && S_ISFIFO(st.st_mode))
		err = -ESPIPE;
	if (err == 0)
		return fd;
	fd_drop(&fd);
	return err;
}

int lock_try(int fd, int kind)
{
	while (flock(fd, kind | LOCK_NB) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

/* The helper: the answer is an errno, or end of file when it was killed. */
static _Noreturn void block(int fd, int kind, int answer, pid_t parent)
{
	int keep[] = {fd, answer};
	int err = 0;

	(void)prctl(PR_SET_NAME, "pk-lock");
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The parent may have died before the line above. */
	if (getppid() != parent)
		_exit(1);
	fd_close_others(keep, array_len(keep));
	while (flock(fd, kind) < 0 && !err)
		err = errno == EINTR ? 0 : errno;
	(void)!write(answer, &err, sizeof(err));
	_exit(0);
}

int lock_begin(struct lock *lock, int fd, int kind)
{
	int err = lock_try(fd, kind), ends[2];
	pid_t parent, helper;

	*lock = LOCK_NONE;
	if (err != -EWOULDBLOCK)
		return err;
	/* A pipe and not a pidfd: the answer must not depend on who reaps the helper, the guard reaps
	 * whatever dies. */
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	parent = getpid();
	helper = fork();
	if (helper == 0)
		block(fd, kind, ends[1], parent);
	err = helper < 0 ? -errno : 0;
	fd_drop(&ends[1]);
	if (err < 0) {
		fd_drop(&ends[0]);
		return err;
	}
	*lock = (struct lock){.helper = helper, .ready = ends[0], .fd = fd};
	return 0;
}

/* Signalled only while it is our child: somebody else in this process may have reaped it. */
static void end_helper(pid_t helper)
{
	siginfo_t info;

	if (waitid(P_PID, (id_t)helper, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
		return;
	(void)kill(helper, SIGKILL);
	while (waitpid(helper, NULL, 0) < 0 && errno == EINTR)
		;
}

int lock_end(struct lock *lock)
{
	ssize_t len;
	int err = 0;

	if (!lock->helper)
		return 0;
	/* Dead first, so that no answer can come after we have looked. */
	end_helper(lock->helper);
	len = read(lock->ready, &err, sizeof(err));
	fd_drop(&lock->ready);
	if (len != (ssize_t)sizeof(err)) {
		/* It may have died between the lock and the word about it. */
		(void)flock(lock->fd, LOCK_UN);
		err = EWOULDBLOCK;
	}
	*lock = LOCK_NONE;
	return -err;
}

/* Why the wait was over, as lock_take's result. */
static int judge(const struct pollfd *sigs, const struct pollfd *ready, int answer)
{
	if (answer != -EWOULDBLOCK)
		return answer;
	if (sigs->revents)
		return -EINTR;
	/* End of file without an answer: the helper was killed. */
	return ready->revents ? -ECHILD : -ETIMEDOUT;
}

int lock_take(int fd, int kind, int64_t deadline, int sigs)
{
	enum { READY, SIGS, SOURCES };
	struct pollfd fds[SOURCES] = {{.events = POLLIN}, [SIGS] = {.fd = sigs, .events = POLLIN}};
	struct timespec left;
	struct lock lock;
	int err;

	if (deadline <= now_ns()) {
		err = lock_try(fd, kind);
		return err == -EWOULDBLOCK ? -ETIMEDOUT : err;
	}
	err = lock_begin(&lock, fd, kind);
	if (err < 0 || lock.ready < 0)
		return err;
	fds[READY].fd = lock.ready;
	while (ppoll(fds, SOURCES, ns_until(deadline, &left), NULL) < 0) {
		if (errno == EINTR)
			continue;
		err = -errno;
		(void)!lock_end(&lock);
		return err;
	}
	return judge(&fds[SIGS], &fds[READY], lock_end(&lock));
}
