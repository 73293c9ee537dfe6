/* Part of campaign: one run under faultrun, in a directory and a session of its own. */
#ifndef PK_FAULT_LAUNCH_H
#define PK_FAULT_LAUNCH_H

#include "scenario.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void add_arg(const char **argv, size_t *count, const char *arg)
{
	if (*count + 1 >= 2 * MAX_ARGS)
		die("too many arguments");
	argv[(*count)++] = arg;
	argv[*count] = NULL;
}

static void build_argv(const struct campaign *c, const struct slot *slot, const char **argv,
		       char spare[2][300])
{
	const struct point *p = &slot->point;
	size_t n = 0;
	(void)snprintf(spare[0], sizeof(spare[0]), "%s/report", slot->dir);
	const char *fixed[] = {c->faultrun, "-r",     p->role, "-T",	c->limit,
			       "-g",	    c->grace, "-o",    spare[0]};
	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		add_arg(argv, &n, fixed[i]);
	if (c->may_leave)
		add_arg(argv, &n, "-a");
	if (*p->call == '\0') {
		add_arg(argv, &n, "-l");
	} else {
		bool signal = strlen(p->fault) == 4 && *p->fault != 'E';
		(void)snprintf(spare[1], sizeof(spare[1]), "%lu", p->nth);
		add_arg(argv, &n, "-c");
		add_arg(argv, &n, p->call);
		add_arg(argv, &n, "-n");
		add_arg(argv, &n, p->nth == 0 ? "all" : spare[1]);
		add_arg(argv, &n, signal ? "-S" : "-e");
		add_arg(argv, &n, p->fault);
	}
	add_arg(argv, &n, "--");
	for (char **arg = c->tool; *arg != NULL; arg++)
		add_arg(argv, &n, *arg);
}

/* A short one: each element is a call more that can fail. */
static const char path_used[] = "/usr/local/bin:/usr/bin:/bin";

/* In the child. A session of its own, so that no terminal takes part. */
static _Noreturn void exec_run(const struct campaign *c, const struct slot *slot)
{
	const char *argv[2 * MAX_ARGS];
	char spare[2][300];
	char path[300];
	build_argv(c, slot, argv, spare);
	char *bang = strchr(slot->point.fault, '!');
	if (bang != NULL)
		*bang = '\0';
	(void)setsid();
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	(void)snprintf(path, sizeof(path), "%s/err", slot->dir);
	int null = open("/dev/null", O_RDWR);
	int err = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	(void)snprintf(path, sizeof(path), "%s/run", slot->dir);
	if (null < 0 || err < 0 || chdir(path) != 0 || setenv("TMPDIR", path, 1) != 0 ||
	    setenv("PK_FAULT_MARK", slot->dir, 1) != 0 || setenv("PATH", path_used, 1) != 0)
		_exit(98);
	if (c->setup != NULL && system(c->setup) != 0)
		_exit(98);
	(void)dup2(null, 0);
	(void)dup2(null, 1);
	(void)dup2(err, 2);
	(void)close(null);
	(void)close(err);
	(void)execv(c->faultrun, (char *const *)argv);
	_exit(98);
}

/* Other tests may fill the machine with processes, which is no fault of the tool under test. */
static pid_t fork_patiently(void)
{
	const struct timespec pause = {0, 50000000};
	pid_t pid = fork();
	for (int tries = 0; pid < 0 && errno == EAGAIN && tries < 200; tries++) {
		(void)nanosleep(&pause, NULL);
		pid = fork();
	}
	if (pid < 0)
		die("fork");
	return pid;
}

static void launch(struct campaign *c, struct slot *slot, const struct point *point)
{
	char path[300];
	slot->point = *point;
	(void)snprintf(slot->dir, sizeof(slot->dir), "%s/%lu", c->base, ++c->serial);
	(void)snprintf(path, sizeof(path), "%s/run", slot->dir);
	if (mkdir(slot->dir, 0700) != 0 || mkdir(path, 0700) != 0)
		die(path);
	slot->pid = fork_patiently();
	if (slot->pid == 0)
		exec_run(c, slot);
}

static size_t read_file(const struct slot *slot, const char *name, char *out, size_t size)
{
	char path[300];
	(void)snprintf(path, sizeof(path), "%s/%s", slot->dir, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? read(fd, out, size - 1) : 0;
	if (fd >= 0)
		(void)close(fd);
	out[got > 0 ? got : 0] = '\0';
	return got > 0 ? (size_t)got : 0;
}

static void read_result(const struct slot *slot, struct result *res)
{
	char text[TEXT];
	(void)read_file(slot, "report", text, sizeof(text));
	res->status = WIFEXITED(res->exited) ? WEXITSTATUS(res->exited) : 98;
	char *rest;
	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		(void)sscanf(line, "hit %d", &res->hit);
		(void)sscanf(line, "fd %ld", &res->fd);
		(void)sscanf(line, "crash %d", &res->crash);
		(void)sscanf(line, "hang %d", &res->hang);
		(void)sscanf(line, "settled_ms %ld", &res->settled_ms);
		size_t used = strlen(res->left);
		if (strncmp(line, "left ", 5) == 0)
			(void)snprintf(res->left + used, sizeof(res->left) - used, "%s[%s]",
				       used > 0 ? ", " : "", line + 5);
	}
	(void)read_file(slot, "err", res->err, sizeof(res->err));
}

#endif
