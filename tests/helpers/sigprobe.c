/* sigprobe [signals fds env limits cwd group death ids]: prints what it was born with as stable
 * lines, so that a run under a tool can be compared with a bare one. Without words: the first five,
 * which must not differ. `to=FILE` writes them there, for runs whose stdout is closed. */
#include "helper.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

extern char **environ;

/* Collected first and written last, so that the output itself is not part of what is seen. */
static FILE *lines;

static void print_signals(void)
{
	sigset_t mask;
	struct sigaction action;

	(void)sigprocmask(SIG_BLOCK, NULL, &mask);
	fprintf(lines, "blocked:");
	for (int s = 1; s < 65; s++)
		if (sigismember(&mask, s) == 1)
			fprintf(lines, " %d", s);
	fprintf(lines, "\nignored:");
	for (int s = 1; s < 65; s++)
		if (sigaction(s, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			fprintf(lines, " %d", s);
	fprintf(lines, "\ncaught:");
	for (int s = 1; s < 65; s++)
		if (sigaction(s, NULL, &action) == 0 && action.sa_handler != SIG_IGN &&
		    action.sa_handler != SIG_DFL)
			fprintf(lines, " %d", s);
	fprintf(lines, "\n");
}

static void print_fds(void)
{
	for (int fd = 0; fd < 1024; fd++) {
		struct stat st;
		if (fstat(fd, &st) < 0)
			continue;
		fprintf(lines, "fd %d: type %o", fd, (unsigned)st.st_mode & S_IFMT);
		if (S_ISREG(st.st_mode))
			fprintf(lines, " offset %ld", (long)lseek(fd, 0, SEEK_CUR));
		fprintf(lines, " flags %x %x\n", (unsigned)fcntl(fd, F_GETFL),
			(unsigned)fcntl(fd, F_GETFD));
	}
}

static void print_env(void)
{
	for (char **e = environ; *e != NULL; e++)
		if (strncmp(*e, "_=", 2) != 0)
			fprintf(lines, "env %s\n", *e);
}

static void print_limits(void)
{
	struct rlimit limit;

	for (int r = 0; r < 16; r++)
		if (getrlimit((__rlimit_resource_t)r, &limit) == 0)
			fprintf(lines, "limit %d: %llx %llx\n", r,
				(unsigned long long)limit.rlim_cur,
				(unsigned long long)limit.rlim_max);
	fprintf(lines, "nice: %d\n", getpriority(PRIO_PROCESS, 0));
	mode_t mask = umask(0);
	fprintf(lines, "umask: %o\n", (unsigned)mask);
}

static void print_cwd(void)
{
	char cwd[4096];

	fprintf(lines, "cwd: %s\n", getcwd(cwd, sizeof(cwd)) != NULL ? cwd : strerror(errno));
}

static void print_group(void)
{
	int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	fprintf(lines, "group leader: %s\n", getpgrp() == getpid() ? "yes" : "no");
	fprintf(lines, "session leader: %s\n", getsid(0) == getpid() ? "yes" : "no");
	fprintf(lines, "foreground: %s\n",
		tty < 0			      ? "no terminal"
		: tcgetpgrp(tty) == getpgrp() ? "yes"
					      : "no");
}

static void print_death(void)
{
	int signal = 0;

	(void)prctl(PR_GET_PDEATHSIG, &signal);
	fprintf(lines, "parent-death signal: %d\n", signal);
}

static void print_ids(void)
{
	fprintf(lines, "pid: %d\nppid: %d\npgid: %d\nsid: %d\n", getpid(), getppid(), getpgrp(),
		getsid(0));
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*print)(void);
	} parts[] = {{"signals", print_signals}, {"fds", print_fds}, {"env", print_env},
		     {"limits", print_limits},	 {"cwd", print_cwd}, {"group", print_group},
		     {"death", print_death},	 {"ids", print_ids}};

	char *text = NULL;
	size_t length = 0;
	const char *path =
		argc > 1 && strncmp(argv[argc - 1], "to=", 3) == 0 ? argv[--argc] + 3 : NULL;

	lines = open_memstream(&text, &length);
	for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++) {
		int wanted = argc == 1 && p < 5;
		for (int i = 1; i < argc; i++)
			wanted |= strcmp(argv[i], parts[p].name) == 0;
		if (wanted)
			parts[p].print();
	}
	if (fclose(lines) != 0)
		return 3;
	int fd = path != NULL ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600) : 1;
	return write(fd, text, length) == (ssize_t)length ? 0 : 3;
}
