/* Part of campaign: a scenario, the points of its plan, and what a run of one gave. */
#ifndef PK_FAULT_SCENARIO_H
#define PK_FAULT_SCENARIO_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

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
	int tries; /* of the point, when faultrun itself could not */
	struct point point;
};

struct campaign {
	const char *faultrun, *name, *statuses, *proof, *files, *setup, *check, *limit, *grace;
	char roles[64], calls[512], skip[512];
	bool may_leave, verbose;
	int lines; /* of the tool on stderr that a status 125 may have */
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

#endif
