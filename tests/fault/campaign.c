/* campaign: every fault at every system call of every role of one scenario, each in a run of its
 * own under faultrun, and each judged by the same rules. torture.sh gives it the scenarios. */
#include "judge.h"
#include "launch.h"
#include "plan.h"
#include "scenario.h"
#include "tell.h"

#include <dirent.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* A run that has ended: judged, or once more when faultrun could not even start it. */
static void conclude(struct campaign *c, struct slot *slot, int exited)
{
	bool again = WIFEXITED(exited) && WEXITSTATUS(exited) == 98 && slot->tries++ < 3;
	if (!again)
		finish(c, slot, exited);
	remove_dir(slot->dir);
	slot->pid = 0;
	if (again) {
		struct point point = slot->point;
		launch(c, slot, &point);
	} else {
		slot->tries = 0;
	}
}

static void reap_one(struct campaign *c)
{
	int status;
	pid_t pid = wait(&status);
	if (pid < 0)
		die("wait");
	for (int i = 0; i < c->jobs; i++) {
		if (c->slots[i].pid == pid) {
			conclude(c, &c->slots[i], status);
			return;
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
		{"lines", 1, NULL, 'y'},    {"limit", 1, NULL, 'T'},   {"grace", 1, NULL, 'g'},
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
			c->lines = atoi(optarg);
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
	static const char *const not_ours[] = {"PK_EVENTS", "PK_RUN", "PK_DEADLINE", "MAKEFLAGS",
					       "TRACEPARENT"};
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
		.lines = 1,
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
