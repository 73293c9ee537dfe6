/* Part of faultrun: one run, what is asked for and what has come out. */
#ifndef PK_FAULT_RUN_H
#define PK_FAULT_RUN_H

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

enum {
	STATUS_HANG = 99,
	STATUS_OWN = 98, /* faultrun itself failed */
	MAX_CALL = 1024,
	MAX_LEFT = 64,
};

/* How far below the tool the role is: each step follows the first fork of the process before. */
enum role { ROLE_FRONT, ROLE_GUARD, ROLE_CHILD };

enum fault_state { FAULT_WAITS, FAULT_IN_CALL, FAULT_DONE };

struct run {
	/* what is asked for */
	enum role role;
	long call;  /* -1: none, only watch */
	long nth;   /* 0: every one */
	int error;  /* errno to give, or 0 */
	int signal; /* signal to send at the entry, or 0 */
	bool list;
	bool may_leave; /* leftovers are the tool's documented doing */
	int64_t limit_ns, grace_ns;
	const char *report_path;

	/* what goes on */
	pid_t front;
	pid_t traced; /* the process followed now, 0 when let go */
	pid_t early;  /* a new process whose stop came before its parent's fork event */
	enum role depth;
	bool execed;			 /* the tool's exec is through */
	bool started;			 /* and so is the loader: the tool's own code runs */
	unsigned long entry, entry_word; /* where that begins, and what a breakpoint hides there */
	bool role_met;
	enum fault_state state;
	sigset_t caller_mask, wake;

	/* what came out */
	int status;	/* wait status of the tool; -1 while it runs */
	int crash;	/* SIGSEGV and the like in the role, or 0 */
	int stopped_by; /* a signal that told us to give up, or 0 */
	bool hang;
	long fd;	    /* first argument of the call that was hit */
	int64_t settled_ns; /* from the tool's end until nothing was left */
	unsigned long counts[MAX_CALL];
	char left[MAX_LEFT][48];
	size_t left_count;
};

static int64_t now_ns(void)
{
	struct timespec ts;
	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail: a known clock, valid memory */
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static _Noreturn void die(const char *what)
{
	(void)fprintf(stderr, "faultrun: %s: %s\n", what, strerror(errno));
	_exit(STATUS_OWN);
}

#endif
