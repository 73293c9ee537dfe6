/* right: the smallest wrapper that does what it says; the torture must find nothing in it. It is
 * built like pk-spawn, in small: a front, a guard that it forks, and the command as the guard's
 * child. Usage: right PATH [ARG...] */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STATUS_OWN = 125 };

static int fail(const char *what)
{
	char line[128];
	int length = snprintf(line, sizeof(line), "right: %s: %s\n", what, strerror(errno));
	while (write(STDERR_FILENO, line, (size_t)length) < 0 && errno == EINTR)
		continue; /* any other failure has nowhere to be told */
	return STATUS_OWN;
}

static int wait_for(pid_t pid, int *status)
{
	pid_t got;
	while ((got = waitpid(pid, status, 0)) < 0 && errno == EINTR)
		continue;
	return got == pid ? 0 : -errno;
}

/* Kills and reaps what has come to us as subreaper: direct children only, so no pid is another's. */
static int sweep(void)
{
	char path[64];
	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	for (;;) {
		pid_t pid = 0;
		FILE *file = fopen(path, "re");
		if (file == NULL && errno == EINTR)
			continue;
		if (file == NULL)
			return -errno;
		int found = fscanf(file, "%d", &pid);
		(void)fclose(file); /* was only read */
		if (found != 1) {
			/* An empty list may also be a read that failed: ask the kernel. */
			pid_t got = waitpid(-1, NULL, WNOHANG);
			if (got < 0 && errno == ECHILD)
				return 0;
			continue;
		}
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0); /* not reaped: it comes again */
	}
}

/* The guard has told the command's status by its own; 0 alone is never enough: a byte is sent. */
static int guard(pid_t front, int gate, int done, char **argv)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
		return fail("prctl");
	if (getppid() != front)
		return STATUS_OWN;
	(void)close(gate);
	pid_t self = getpid();
	pid_t pid = fork();
	if (pid < 0)
		return fail("fork");
	if (pid == 0) {
		/* dies with the guard, and is not started without one */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
			_exit(fail("prctl"));
		if (getppid() != self)
			_exit(STATUS_OWN);
		(void)execv(argv[0], argv);
		int status = errno == ENOENT ? 127 : 126;
		(void)fail(argv[0]);
		_exit(status);
	}
	int status;
	if (wait_for(pid, &status) != 0)
		return fail("wait");
	if (sweep() != 0)
		return fail("children");
	unsigned char byte =
		(unsigned char)(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	ssize_t sent;
	while ((sent = write(done, &byte, 1)) < 0 && errno == EINTR)
		continue;
	return sent == 1 ? 0 : fail("write");
}

static int front(pid_t pid, int done)
{
	unsigned char byte = 0;
	ssize_t got;
	while ((got = read(done, &byte, 1)) < 0 && errno == EINTR)
		continue;
	int error = errno;
	int status = 0;
	int waited = 0;
	if (got < 0)
		(void)kill(pid, SIGKILL); /* unreaped, so it is still ours */
	waited = wait_for(pid, &status);
	int swept = sweep();
	if (got == 1 && waited == 0 && swept == 0)
		return byte;
	if (got == 0 && waited == 0 && WIFEXITED(status) && WEXITSTATUS(status) == STATUS_OWN)
		return STATUS_OWN; /* it has said why */
	errno = got < 0 ? error : ECHILD;
	return fail("the guard is lost");
}

int main(int argc, char **argv)
{
	int done[2];
	if (argc < 2)
		errno = EINVAL;
	if (argc < 2 || prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 || pipe2(done, O_CLOEXEC) != 0)
		return fail("cannot start");
	pid_t self = getpid();
	pid_t pid = fork();
	if (pid < 0)
		return fail("fork");
	if (pid == 0)
		return guard(self, done[0], done[1], argv + 1);
	(void)close(done[1]);
	return front(pid, done[0]);
}
