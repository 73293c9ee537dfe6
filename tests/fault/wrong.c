/* wrong: a wrapper with one defect at choice, each of which the torture must find. Without a defect
 * ("none") it does its job as long as nothing fails. Usage: wrong DEFECT PATH [ARG...] */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STATUS_OWN = 125 };

static const char *defect;

static bool has(const char *name)
{
	return strcmp(defect, name) == 0;
}

static void say(const char *text)
{
	char line[128];
	int length = snprintf(line, sizeof(line), "wrong: %s: %s\n", text, strerror(errno));
	(void)!write(STDERR_FILENO, line, (size_t)length);
}

static int fail(const char *what)
{
	if (has("silent"))
		return STATUS_OWN;
	say(has("raw") ? "\033[31mred" : what);
	if (has("twice"))
		say(what);
	return STATUS_OWN;
}

/* The command's status, or our own. */
static int wait_for(pid_t pid)
{
	int status = 0;
	pid_t got;
	while ((got = waitpid(pid, &status, 0)) < 0 && errno == EINTR && !has("eintr"))
		continue;
	if (got < 0 && has("busy")) {
		for (;;)
			(void)waitpid(pid, &status,
				      WNOHANG); /* it is reaped or not there: for ever */
	}
	if (got < 0 && !has("wait"))
		return fail("wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void die_with_parent(const char *unless, pid_t parent)
{
	if (has(unless))
		return;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		_exit(fail("prctl"));
	if (getppid() != parent)
		_exit(STATUS_OWN); /* nobody is left to be told */
}

static int start(char **argv)
{
	pid_t self = getpid();
	pid_t pid = fork();
	if (pid == 0) {
		die_with_parent("guard-orphan", self);
		(void)execv(argv[0], argv);
		_exit(fail("exec"));
	}
	if (pid < 0 && has("fork"))
		return 0; /* as if it had run */
	if (pid < 0 && has("hang"))
		(void)pause();
	if (pid < 0 && has("crash"))
		abort();
	return pid < 0 ? fail("fork") : wait_for(pid);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return STATUS_OWN;
	defect = argv[1];
	int fd = has("temp") ? open("wrong.tmp", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
	pid_t self = getpid();
	pid_t pid = fork();
	if (pid < 0)
		return fail("fork");
	if (pid == 0) {
		die_with_parent("orphan", self);
		_exit(start(argv + 2));
	}
	int status = wait_for(pid);
	if (fd >= 0 && status != STATUS_OWN)
		(void)unlink("wrong.tmp");
	return status;
}
