/* One command: vfork, its own setup, exec, and the errno back. */
#include "common/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <paths.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/status.h"

extern char **environ;

/* What the child reports when it could not become the command. */
struct fault {
	enum child_stage stage;
	int err;
};

/* On the stack of the vforked child, and touched only when it is needed. */
#define SCRIPT_ARGS 4096

/* A script without `#!` is the shell's, as execvp(3) and every shell have it; musl's does not. */
static void exec_script(const char *path, char *const *argv, char *const *envp)
{
	const char *script[SCRIPT_ARGS] = {_PATH_BSHELL, path};
	size_t count = 2;

	for (size_t i = 1; argv[i - 1] && argv[i]; i++) {
		if (count + 1 == array_len(script)) {
			errno = E2BIG;
			return;
		}
		script[count++] = argv[i];
	}
	(void)execve(_PATH_BSHELL, (char *const *)(const void *)script, envp);
}

static void exec_path(const char *path, char *const *argv, char *const *envp)
{
	(void)execve(path, argv, envp);
	if (errno == ENOEXEC)
		exec_script(path, argv, envp);
}

/* True when a failure on one PATH entry lets the search go on with the next. */
static bool is_absent(int err)
{
	return err == ENOENT || err == ENOTDIR || err == ESTALE || err == ENODEV ||
	       err == ETIMEDOUT;
}

/* Execute argv[0], searched for in PATH when it holds no slash. Returns only on failure: errno > 0. */
static int exec_command(char *const *argv, char *const *envp)
{
	const char *name = argv[0], *path = getenv("PATH");
	size_t name_len = strlen(name);
	int denied = 0;

	if (name_len == 0)
		return ENOENT;
	if (strchr(name, '/')) {
		exec_path(name, argv, envp);
		return errno;
	}
	for (const char *dir = path ? path : "/bin:/usr/bin";; dir++) {
		size_t dir_len = strcspn(dir, ":");
		unzeroed char full[PATH_MAX];

		if (dir_len + 1 + name_len < sizeof(full)) {
			memcpy(full, dir, dir_len);
			full[dir_len] = '/';
			/* An empty entry is the current directory (POSIX, XBD 8.3). */
			memcpy(full + dir_len + (dir_len > 0), name, name_len + 1);
			exec_path(full, argv, envp);
			if (errno == EACCES)
				denied = EACCES;
			else if (!is_absent(errno))
				return errno;
		}
		dir += dir_len;
		if (*dir == '\0')
			return denied ? denied : ENOENT;
	}
}

/* Put every descriptor in its place; those in the way of another are moved up first. */
static int place_fds(const struct child_job *job)
{
	struct child_fd fds[16];
	int top = 3;

	if (job->fd_count > array_len(fds))
		return EMFILE;
	for (size_t i = 0; i < job->fd_count; i++)
		top = job->fds[i].to >= top ? job->fds[i].to + 1 : top;
	for (size_t i = 0; i < job->fd_count; i++) {
		fds[i] = job->fds[i];
		if (fds[i].from != fds[i].to && fds[i].from < top)
			fds[i].from = fcntl(fds[i].from, F_DUPFD_CLOEXEC, top);
		if (fds[i].from < 0)
			return errno;
	}
	for (size_t i = 0; i < job->fd_count; i++) {
		bool same = fds[i].from == fds[i].to;

		if ((same ? fcntl(fds[i].to, F_SETFD, 0) : dup2(fds[i].from, fds[i].to)) < 0)
			return errno;
	}
	return 0;
}

static int apply_limits(const struct child_job *job)
{
	for (size_t i = 0; i < job->limit_count; i++)
		/* The system call: glibc's wrapper takes an enum, musl's an int. */
		if (syscall(SYS_prlimit64, 0, job->limits[i].resource, &job->limits[i].value,
			    NULL) < 0)
			return errno;
	return 0;
}

/* In the child: become the command, or say why not. Touches nothing that the parent relies on. */
static struct fault become(const struct child_job *job, const struct sigstate *caller, pid_t parent)
{
	int err;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return (struct fault){CHILD_SETUP, errno};
	/* The parent may have died before the line above: then nobody would end this child. */
	if (getppid() != parent)
		_exit(1);
	if (job->group >= 0 && setpgid(0, job->group) < 0)
		return (struct fault){CHILD_SETUP, errno};
	err = place_fds(job);
	if (err)
		return (struct fault){CHILD_SETUP, err};
	err = apply_limits(job);
	if (err)
		return (struct fault){CHILD_LIMIT, err};
	err = -sigstate_give(caller);
	if (err)
		return (struct fault){CHILD_SETUP, err};
	return (struct fault){CHILD_EXEC, exec_command(job->argv, job->envp ? job->envp : environ)};
}

static int reap_failed(pid_t pid, struct fault fault, struct child *ret_child)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	ret_child->stage = fault.stage;
	return -fault.err;
}

static int start_now(const struct child_job *job, const struct sigstate *caller,
		     struct child *ret_child)
{
	volatile struct fault fault = {.err = 0};
	pid_t parent = getpid(), pid;

	/* fork(2) would copy page tables for a child that only execs: it costs several times as much. */
	pid = vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork) */
	if (pid == 0) {
		struct fault got = become(job, caller, parent);

		fault.stage = got.stage;
		fault.err = got.err;
		_exit(STATUS_OWN);
	}
	if (pid < 0)
		return -errno;
	if (fault.err)
		return reap_failed(pid, (struct fault){fault.stage, fault.err}, ret_child);
	ret_child->pid = pid;
	return 0;
}

/* The held child: wait for the word, then go on; the socket closes at the exec. */
static _Noreturn void wait_and_become(const struct child_job *job, const struct sigstate *caller,
				      pid_t parent, int hold)
{
	struct fault fault;
	char go;

	/* Above every number that the job wants, since it must last until the exec. */
	for (size_t i = 0; i < job->fd_count; i++)
		if (hold <= job->fds[i].to)
			hold = fcntl(hold, F_DUPFD_CLOEXEC, job->fds[i].to + 1);
	if (hold < 0 || fd_read_full(hold, &go, 1) != 1)
		_exit(1); /* the parent is gone, or sees the end of the socket */
	fault = become(job, caller, parent);
	(void)!fd_write_full(hold, &fault, sizeof(fault));
	_exit(STATUS_OWN);
}

static int start_held(const struct child_job *job, const struct sigstate *caller,
		      struct child *ret_child)
{
	pid_t parent = getpid(), pid;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		fd_drop(&ends[0]);
		wait_and_become(job, caller, parent, ends[1]);
	}
	fd_drop(&ends[1]);
	if (pid < 0) {
		int err = -errno;

		fd_drop(&ends[0]);
		return err;
	}
	ret_child->pid = pid;
	ret_child->hold = ends[0];
	return 0;
}

int child_start(const struct child_job *job, const struct sigstate *caller, struct child *ret_child)
{
	*ret_child = CHILD_NONE;
	return job->held ? start_held(job, caller, ret_child) : start_now(job, caller, ret_child);
}

int child_tell(struct child *child)
{
	int err = fd_write_full(child->hold, "", 1);

	child->told |= err >= 0;
	return err;
}

int child_release(struct child *child)
{
	struct fault fault;
	ssize_t len;
	int err = child->told ? 0 : child_tell(child);

	if (err < 0)
		return err;
	/* End of file is the exec; anything else is the reason why there was none. */
	len = fd_read_full(child->hold, &fault, sizeof(fault));
	fd_drop(&child->hold);
	if (len == 0)
		return 0;
	if (len != (ssize_t)sizeof(fault))
		return len < 0 ? (int)len : -EIO;
	return reap_failed(child->pid, fault, child);
}
