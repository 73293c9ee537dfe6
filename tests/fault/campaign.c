/* campaign: every fault at every system call of every role of one scenario, each in a run of its
 * own under faultrun, and each judged by the same rules. torture.sh gives it the scenarios. */
#include "faults.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_POINTS = 100000, MAX_JOBS = 64, MAX_ARGS = 64, TEXT = 4096 };

/* One fault: `fault` is an error name, with `!` when every call fails, or KILL, TERM, CHLD. */
struct point {
	const char *role;
	char call[24];
	unsigned long nth;
	char fault[24];
};

struct result {
	int exited; /* wait status of faultrun */
	int status; /* of the tool, as a shell would see it */
	long fd;
	int hit, crash, hang;
	long settled_ms;
	char left[512]; /* who was left behind, or who hung */
	char err[TEXT];
};

struct slot {
	pid_t pid; /* 0: free */
	char dir[256];
	struct point point;
};

struct campaign {
	const char *faultrun, *name, *statuses, *proof, *files, *setup, *check, *limit, *grace;
	char roles[64], calls[512], skip[512];
	bool may_leave, chatty, verbose;
	double percent;
	uint64_t seed;
	int jobs;
	char **tool;

	char base[200];
	struct slot slots[MAX_JOBS];
	struct point *points;
	size_t point_count;
	unsigned long runs, violations, missed, serial;
	long settled_ms;
};

static _Noreturn void die(const char *what)
{
	(void)fprintf(stderr, "campaign: %s: %s\n", what, strerror(errno));
	exit(2);
}

static bool has_word(const char *words, const char *word)
{
	size_t length = strlen(word);
	for (const char *at = words; (at = strstr(at, word)) != NULL; at++) {
		bool begins = at == words || at[-1] == ' ' || at[-1] == ',';
		if (begins && strchr(" ,", at[length]) != NULL)
			return true;
	}
	return false;
}

/* ---- the points ------------------------------------------------------------------------------- */

/* The same points for the same seed, whatever else is in the plan. */
static bool sampled(const struct campaign *c, const struct point *p)
{
	char key[256];
	int length = snprintf(key, sizeof(key), "%s %s %s %lu %s", c->name, p->role, p->call,
			      p->nth, p->fault);
	uint64_t hash = UINT64_C(14695981039346656037) ^ c->seed * UINT64_C(0x9e3779b97f4a7c15);
	for (int i = 0; i < length && i < (int)sizeof(key) - 1; i++)
		hash = (hash ^ (unsigned char)key[i]) * UINT64_C(1099511628211);
	hash ^= hash >> 31;
	hash *= UINT64_C(0xbf58476d1ce4e5b9);
	hash ^= hash >> 29;
	return (double)(hash % 1000000) < c->percent * 10000;
}

static void add_point(struct campaign *c, const char *role, const char *call, unsigned long nth,
		      const char *fault)
{
	struct point p = {.role = role, .nth = nth};
	(void)snprintf(p.call, sizeof(p.call), "%s", call);
	(void)snprintf(p.fault, sizeof(p.fault), "%s", fault);
	if (sampled(c, &p) && c->point_count < MAX_POINTS)
		c->points[c->point_count++] = p;
}

static const char *errors_of(const char *call)
{
	const struct call_faults *row = fault_table;
	while (row->calls != NULL && !has_word(row->calls, call))
		row++;
	return row->errors;
}

static void add_call(struct campaign *c, const char *role, const char *call, unsigned long count)
{
	if (has_word(calls_never, call) || (*c->calls != '\0' && !has_word(c->calls, call)) ||
	    has_word(c->skip, call))
		return;
	for (unsigned long nth = 1; nth <= count; nth++) {
		add_point(c, role, call, nth, "KILL");
		add_point(c, role, call, nth, "CHLD");
		if (strcmp(role, "front") == 0)
			add_point(c, role, call, nth, "TERM");
	}
	char errors[256];
	(void)snprintf(errors, sizeof(errors), "%s", errors_of(call));
	char *rest;
	for (char *e = strtok_r(errors, " ", &rest); e != NULL; e = strtok_r(NULL, " ", &rest)) {
		bool each = strchr(e, '!') == NULL;
		for (unsigned long nth = 1; nth <= (each ? count : 1); nth++)
			add_point(c, role, call, each ? nth : 0, e);
	}
}

/* ---- one run ---------------------------------------------------------------------------------- */

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

static void launch(struct campaign *c, struct slot *slot, const struct point *point)
{
	char path[300];
	slot->point = *point;
	(void)snprintf(slot->dir, sizeof(slot->dir), "%s/%lu", c->base, ++c->serial);
	(void)snprintf(path, sizeof(path), "%s/run", slot->dir);
	if (mkdir(slot->dir, 0700) != 0 || mkdir(path, 0700) != 0)
		die(path);
	slot->pid = fork();
	if (slot->pid < 0)
		die("fork");
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

/* ---- the judge -------------------------------------------------------------------------------- */

static bool is_kill(const struct point *p)
{
	return strcmp(p->fault, "KILL") == 0;
}

/* The statuses that a run may end with when its fault came, and why no other. */
static bool status_allowed(const struct campaign *c, const struct point *p,
			   const struct result *res)
{
	char status[16];
	(void)snprintf(status, sizeof(status), "%d", res->status);
	bool front = strcmp(p->role, "front") == 0;
	if (res->hit && is_kill(p) && front)
		return res->status == 128 + SIGKILL;
	if (has_word(c->statuses, status))
		return true;
	if (!res->hit)
		return false;
	if (strcmp(p->fault, "TERM") == 0)
		return res->status == 128 + SIGTERM || res->status == 128 + SIGKILL;
	if (strcmp(p->fault, "CHLD") == 0)
		return false;
	if (strcmp(p->fault, "EINTR") == 0 && has_word(calls_restarted, p->call))
		return false;
	if (strcmp(p->role, "child") == 0) {
		if (is_kill(p) && res->status == 128 + SIGKILL)
			return true;
		if (strncmp(p->call, "execve", 6) == 0 &&
		    (res->status == 126 || res->status == 127))
			return true;
	}
	return res->status == 125;
}

/* The tool's own lines on stderr; raw control bytes anywhere are told by a negative number. */
static int own_lines(const struct campaign *c, const char *err)
{
	const char *slash = strrchr(c->tool[0], '/');
	char prefix[64];
	(void)snprintf(prefix, sizeof(prefix), "%s: ", slash != NULL ? slash + 1 : c->tool[0]);
	int lines = 0;
	for (const char *at = err; *at != '\0';) {
		size_t length = strcspn(at, "\n");
		for (size_t i = 0; i < length; i++) {
			if ((unsigned char)at[i] < ' ' || at[i] == 0x7f)
				return -1;
		}
		lines += strncmp(at, prefix, strlen(prefix)) == 0;
		at += length + (at[length] == '\n');
	}
	return lines;
}

static const char *judge_lines(const struct campaign *c, const struct point *p,
			       const struct result *res)
{
	int lines = own_lines(c, res->err);
	if (lines < 0)
		return "raw control bytes on stderr";
	bool to_stderr = strncmp(p->call, "write", 5) == 0 && res->fd == 2;
	if (res->status != 125 || to_stderr)
		return NULL;
	if (lines == 0)
		return "status 125 without a line that says why";
	return lines > 1 && !c->chatty ? "status 125 with more than one line" : NULL;
}

static const char *judge_files(const struct campaign *c, const struct slot *slot,
			       const struct result *res, char why[300])
{
	char path[300];
	(void)snprintf(path, sizeof(path), "%s/run", slot->dir);
	DIR *dir = opendir(path);
	bool proven = c->proof == NULL;
	const char *verdict = NULL;
	for (struct dirent *e = dir != NULL ? readdir(dir) : NULL; e != NULL; e = readdir(dir)) {
		if (c->proof != NULL && strcmp(e->d_name, c->proof) == 0) {
			proven = true;
		} else if (*e->d_name != '.' && !has_word(c->files, e->d_name) &&
			   strncmp(slot->point.call, "unlink", 6) != 0) {
			(void)snprintf(why, 300, "left the file %s", e->d_name);
			verdict = why;
		}
	}
	if (dir != NULL)
		(void)closedir(dir); /* was only read */
	return !proven && res->status == 0 ? "status 0, but the command's job is not done"
					   : verdict;
}

static const char *judge_check(const struct campaign *c, const struct slot *slot,
			       const struct result *res)
{
	if (c->check == NULL)
		return NULL;
	pid_t pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		char text[300];
		(void)snprintf(text, sizeof(text), "%s/run", slot->dir);
		if (chdir(text) != 0)
			_exit(98);
		(void)snprintf(text, sizeof(text), "%d", res->status);
		(void)setenv("PK_FAULT_STATUS", text, 1);
		(void)setenv("PK_FAULT", slot->point.fault, 1);
		(void)execl("/bin/sh", "sh", "-c", c->check, (char *)NULL);
		_exit(98);
	}
	int status;
	(void)waitpid(pid, &status, 0);
	return status == 0 ? NULL : "the scenario's own check failed";
}

/* NULL: nothing is wrong. */
static const char *judge(const struct campaign *c, const struct slot *slot,
			 const struct result *res, char why[300])
{
	const struct point *p = &slot->point;
	if (res->status == 98)
		return "the fault injector itself failed";
	if (res->hang)
		return "hang";
	if (*res->left != '\0')
		return "survivor";
	if (res->crash != 0) {
		(void)snprintf(why, 300, "crash by signal %d", res->crash);
		return why;
	}
	if (!status_allowed(c, p, res)) {
		(void)snprintf(why, 300, "status %d, not %s%s", res->status, c->statuses,
			       res->hit ? "" : " (and the fault did not come)");
		return why;
	}
	const char *verdict = judge_lines(c, p, res);
	if (verdict == NULL)
		verdict = judge_files(c, slot, res, why);
	return verdict != NULL ? verdict : judge_check(c, slot, res);
}

/* ---- telling ---------------------------------------------------------------------------------- */

static void print_quoted(const char *arg)
{
	if (*arg != '\0' && arg[strspn(arg, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					    "0123456789_-+=./,:@%")] == '\0') {
		(void)printf(" %s", arg);
		return;
	}
	(void)printf(" '");
	for (; *arg != '\0'; arg++)
		(void)(*arg == '\'' ? printf("'\\''") : putchar(*arg));
	(void)putchar('\'');
}

static void print_point(const struct campaign *c, const struct point *p)
{
	(void)printf("%s: %s", c->name, p->role);
	if (*p->call == '\0')
		(void)printf(", no fault");
	else if (p->nth == 0)
		(void)printf(", each %s %s", p->call, p->fault);
	else
		(void)printf(", %s %lu %s", p->call, p->nth, p->fault);
}

static void print_again(const struct campaign *c, const struct slot *slot)
{
	const char *argv[2 * MAX_ARGS];
	char spare[2][300];
	build_argv(c, slot, argv, spare);
	(void)printf("    again: (cd \"$(mktemp -d)\" && PATH=%s && %s%s", path_used,
		     c->setup != NULL ? c->setup : "", c->setup != NULL ? " && " : "");
	(void)printf("%s", argv[0]);
	for (size_t i = 1; argv[i] != NULL; i++) {
		if (strcmp(argv[i], "-o") == 0 && argv[i + 1] == spare[0]) {
			i++;
			continue;
		}
		char word[300];
		(void)snprintf(word, sizeof(word), "%s", argv[i]);
		if (i > 0 && argv[i] == slot->point.fault)
			word[strcspn(word, "!")] = '\0';
		print_quoted(argv[i] == slot->point.fault ? word : argv[i]);
	}
	(void)printf("; echo $?)\n");
}

static void tell(const struct campaign *c, const struct slot *slot, const struct result *res,
		 const char *verdict)
{
	(void)printf("violation: ");
	print_point(c, &slot->point);
	(void)printf(": %s", verdict);
	if (*res->left != '\0')
		(void)printf(" %s", res->left);
	(void)printf(" (status %d)\n", res->status);
	char err[TEXT];
	size_t length = strlen(res->err);
	for (size_t i = 0; i <= length; i++)
		err[i] = ((unsigned char)res->err[i] < ' ' && res->err[i] != '\n' &&
			  res->err[i] != '\0')
				 ? '?'
				 : res->err[i];
	char *rest;
	for (char *line = strtok_r(err, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		(void)printf("    stderr: %s\n", line);
	print_again(c, slot);
}

/* ---- running all ------------------------------------------------------------------------------ */

static void remove_dir(const char *path)
{
	DIR *dir = opendir(path);
	if (dir == NULL)
		return;
	for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
		char inner[600];
		(void)snprintf(inner, sizeof(inner), "%s/%s", path, e->d_name);
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (unlink(inner) != 0)
			remove_dir(inner);
	}
	(void)closedir(dir); /* was only read */
	(void)rmdir(path);   /* best effort: scratch below a temporary directory */
}

static void finish(struct campaign *c, struct slot *slot, int exited)
{
	struct result res = {.exited = exited, .fd = -1};
	char why[300];
	read_result(slot, &res);
	const char *verdict = judge(c, slot, &res, why);
	c->runs++;
	c->violations += verdict != NULL;
	c->missed += *slot->point.call != '\0' && !res.hit;
	if (res.settled_ms > c->settled_ms)
		c->settled_ms = res.settled_ms;
	if (verdict != NULL) {
		tell(c, slot, &res, verdict);
	} else if (c->verbose) {
		print_point(c, &slot->point);
		(void)printf(": status %d%s\n", res.status, res.hit ? "" : ", not reached");
	}
	(void)fflush(stdout);
}

static void reap_one(struct campaign *c)
{
	int status;
	pid_t pid = wait(&status);
	if (pid < 0)
		die("wait");
	for (int i = 0; i < c->jobs; i++) {
		if (c->slots[i].pid == pid) {
			finish(c, &c->slots[i], status);
			remove_dir(c->slots[i].dir);
			c->slots[i].pid = 0;
		}
	}
}

static int busy(const struct campaign *c)
{
	int count = 0;
	for (int i = 0; i < c->jobs; i++)
		count += c->slots[i].pid != 0;
	return count;
}

static void run_points(struct campaign *c)
{
	for (size_t next = 0; next < c->point_count; next++) {
		while (busy(c) == c->jobs)
			reap_one(c);
		struct slot *slot = c->slots;
		while (slot->pid != 0)
			slot++;
		launch(c, slot, &c->points[next]);
	}
	while (busy(c) > 0)
		reap_one(c);
}

/* A run without a fault: it must be right too, and its calls are the plan. */
static void plan_role(struct campaign *c, const char *role)
{
	struct slot *slot = c->slots;
	struct point none = {.role = role};
	launch(c, slot, &none);
	int status;
	if (waitpid(slot->pid, &status, 0) < 0)
		die("wait");
	char text[TEXT];
	(void)read_file(slot, "report", text, sizeof(text));
	finish(c, slot, status);
	remove_dir(slot->dir);
	slot->pid = 0;
	char *rest;
	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		char call[24];
		unsigned long count;
		if (sscanf(line, "call %23s %lu", call, &count) == 2)
			add_call(c, role, call, count);
	}
}

/* The second proof of "nothing is left", by another way: nobody carries our mark. */
static void look_for_marks(struct campaign *c)
{
	char mark[256];
	int length = snprintf(mark, sizeof(mark), "PK_FAULT_MARK=%s/", c->base);
	DIR *proc = opendir("/proc");
	for (struct dirent *e = proc != NULL ? readdir(proc) : NULL; e != NULL; e = readdir(proc)) {
		char path[300];
		static char environ_text[1 << 17];
		(void)snprintf(path, sizeof(path), "/proc/%s/environ", e->d_name);
		int fd = *e->d_name >= '0' && *e->d_name <= '9' ? open(path, O_RDONLY | O_CLOEXEC)
								: -1;
		ssize_t got = fd >= 0 ? read(fd, environ_text, sizeof(environ_text)) : 0;
		if (got > 0 && memmem(environ_text, (size_t)got, mark, (size_t)length) != NULL) {
			(void)printf("violation: %s: process %s still carries the mark\n", c->name,
				     e->d_name);
			c->violations++;
		}
		if (fd >= 0)
			(void)close(fd);
	}
	if (proc != NULL)
		(void)closedir(proc); /* was only read */
}

/* ---- command line ----------------------------------------------------------------------------- */

static void copy_words(char *out, size_t size, const char *words)
{
	(void)snprintf(out, size, "%s", words);
}

static void parse(struct campaign *c, int argc, char **argv)
{
	static const struct option options[] = {
		{"faultrun", 1, NULL, 'F'}, {"name", 1, NULL, 'n'},    {"status", 1, NULL, 's'},
		{"roles", 1, NULL, 'r'},    {"percent", 1, NULL, 'p'}, {"seed", 1, NULL, 'S'},
		{"jobs", 1, NULL, 'j'},	    {"verbose", 0, NULL, 'v'}, {"proof", 1, NULL, 'P'},
		{"files", 1, NULL, 'f'},    {"setup", 1, NULL, 'u'},   {"check", 1, NULL, 'c'},
		{"calls", 1, NULL, 'C'},    {"skip", 1, NULL, 'K'},    {"leave", 0, NULL, 'a'},
		{"chatty", 0, NULL, 'y'},   {"limit", 1, NULL, 'T'},   {"grace", 1, NULL, 'g'},
		{NULL, 0, NULL, 0},
	};
	int option;
	while ((option = getopt_long(argc, argv, "+n:s:r:p:S:j:vT:g:", options, NULL)) != -1) {
		switch (option) {
		case 'F':
			c->faultrun = optarg;
			break;
		case 'n':
			c->name = optarg;
			break;
		case 's':
			c->statuses = optarg;
			break;
		case 'r':
			copy_words(c->roles, sizeof(c->roles), optarg);
			break;
		case 'p':
			c->percent = atof(optarg);
			break;
		case 'S':
			c->seed = strtoull(optarg, NULL, 10);
			break;
		case 'j':
			c->jobs = atoi(optarg);
			break;
		case 'v':
			c->verbose = true;
			break;
		case 'P':
			c->proof = optarg;
			break;
		case 'f':
			c->files = optarg;
			break;
		case 'u':
			c->setup = optarg;
			break;
		case 'c':
			c->check = optarg;
			break;
		case 'C':
			copy_words(c->calls, sizeof(c->calls), optarg);
			break;
		case 'K':
			copy_words(c->skip, sizeof(c->skip), optarg);
			break;
		case 'a':
			c->may_leave = true;
			break;
		case 'y':
			c->chatty = true;
			break;
		case 'T':
			c->limit = optarg;
			break;
		case 'g':
			c->grace = optarg;
			break;
		default:
			exit(2);
		}
	}
	c->tool = argv + optind;
	if (optind == argc || argc - optind > MAX_ARGS || c->faultrun == NULL || c->jobs < 1 ||
	    c->jobs > MAX_JOBS) {
		(void)fprintf(stderr,
			      "campaign: torture.sh gives the right arguments: see there\n");
		exit(2);
	}
}

static void prepare(struct campaign *c)
{
	const char *tmp = getenv("TMPDIR");
	(void)snprintf(c->base, sizeof(c->base), "%s/pk-fault.XXXXXX", tmp != NULL ? tmp : "/tmp");
	c->points = calloc(MAX_POINTS, sizeof(*c->points));
	if (c->points == NULL || mkdtemp(c->base) == NULL)
		die("cannot prepare");
	static const char *const not_ours[] = {"PK_EVENTS", "PK_RUN", "MAKEFLAGS", "TRACEPARENT"};
	for (size_t i = 0; i < sizeof(not_ours) / sizeof(*not_ours); i++)
		(void)unsetenv(not_ours[i]);
}

int main(int argc, char **argv)
{
	static struct campaign c = {
		.name = "scenario",
		.statuses = "0",
		.files = "",
		.roles = "front guard child",
		.limit = "8",
		.grace = "2",
		.percent = 100,
		.jobs = 4,
	};
	parse(&c, argc, argv);
	prepare(&c);
	char *rest;
	for (char *role = strtok_r(c.roles, " ,", &rest); role != NULL;
	     role = strtok_r(NULL, " ,", &rest))
		plan_role(&c, role);
	run_points(&c);
	look_for_marks(&c);
	remove_dir(c.base);
	(void)printf(
		"%s: %lu runs, %lu violations, %lu not reached, all gone after at most %ld ms\n",
		c.name, c.runs, c.violations, c.missed, c.settled_ms);
	return c.violations > 0;
}
