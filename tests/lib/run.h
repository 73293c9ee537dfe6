#ifndef PK_RUN_H
#define PK_RUN_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "tests/lib/leftover.h"

/*
 * Start a real executable with everything it is born with under control, and see how it ends.
 *
 *	struct run *r = run(ARGV("pk-spawn", "-t", "100ms", "@stubborn"), NULL);
 *	assert_status(r, 124);
 *
 * A first word that begins with "pk-" is the executable under test in $PK_BIN, with $PK_WRAP
 * before it. "@NAME" anywhere is the helper program NAME. $PK_BIN comes first in PATH, so scripts
 * can say pk-spawn too. Everything is freed by the end of the test; the program must be over by
 * then. A program that takes longer than 20 s ($PK_TEST_LIMIT seconds, 90 under $PK_WRAP) is killed
 * with all that it started, and fails the test.
 *
 * Without a `how` the program gets: a session of its own without terminal, /dev/null as stdin,
 * captured stdout and stderr, no other descriptors, no signal blocked, all at default, LC_ALL=C,
 * TMPDIR and cwd in the test's private directory, and no PK_EVENTS, PK_RUN or TRACEPARENT.
 */
#define ARGV(...) ((const char *const[]){__VA_ARGS__, NULL})
#define HOW(...) (&(struct how){__VA_ARGS__})

struct how {
	const char *input; /* bytes for stdin, written as the program reads */
	size_t input_len;  /* 0: strlen(input) */
	bool keep_input;   /* stdin is a pipe that stays open: run_write, run_close_input */
	bool closed[3];	   /* 0, 1, 2 closed at start */
	struct {
		int from, to;
	} fds[8];	 /* descriptors >= 3 of ours given as `to` (0-2 too), ended by from = 0 */
	int blocked[16]; /* signals blocked at start, ended by 0 */
	int ignored[16]; /* signals ignored at start, ended by 0 */
	struct {
		int resource;
		rlim_t soft, hard;
	} limits[4];	      /* ended by soft = hard = 0 */
	const char *env[8];   /* NAME=VALUE adds or replaces, NAME removes */
	const char *cwd;      /* default: the private directory */
	bool gone_cwd;	      /* cwd is a directory that has been removed */
	bool same_session;    /* stay in the session and group of the test program */
	bool unwrapped;	      /* leave PK_WRAP away: limits that only the bare tool can live with */
	const char *terminal; /* path of the controlling terminal and 0-2 (pty.h sets it) */
};

struct run {
	pid_t pid;
	int pidfd;
	int status;	 /* exit status; -1 when it died of a signal */
	int signal;	 /* the signal it died of, or 0 */
	char *out, *err; /* captured so far, NUL-terminated, at most RUN_CAPTURE bytes each */
	size_t out_len, err_len; /* bytes written, also those that were not kept */
	bool out_held;		 /* after finish: somebody still holds stdout open */
	int64_t elapsed_ms;	 /* from start to end */
	bool over;		 /* its end has been collected */
	struct run_private *private;
};

#define RUN_CAPTURE ((size_t)1 << 20)

/* Start it; fails the test when it cannot be executed. how may be NULL. */
struct run *start(const char *const argv[], const struct how *how);

/* Wait for its end. Does not wait for others who hold its stdout or stderr. */
void finish(struct run *run);

/* start and finish. */
struct run *run(const char *const argv[], const struct how *how);

/* Send the signal by pidfd. */
void run_signal(struct run *run, int signal);

/* Wait until stdout (stderr) holds the text; fails when the program ends or the time is up. */
void run_wait_out(struct run *run, const char *text);
void run_wait_err(struct run *run, const char *text);

/* Wait until the program is stopped (SIGSTOP, SIGTSTP) or has been continued. */
void run_wait_stopped(struct run *run);
void run_wait_continued(struct run *run);

/* With keep_input: write to its stdin; close it. */
void run_write(struct run *run, const char *text);
void run_close_input(struct run *run);

/* The time when the program must be over, CLOCK_MONOTONIC ns; and the clock itself. */
int64_t run_deadline(const struct run *run);
int64_t run_now(void);
int64_t run_limit_ns(void);

/* Let the clock go on, for tests about what a later moment means. Never to wait for something. */
void run_pass(int ms);

/* Wait until the process (of any parent) has ended; a pid that does not exist has. */
void run_wait_pid(pid_t pid);

/* Full path of a helper program or of a tool; NULL when the tool does not exist in $PK_BIN. */
const char *helper_path(const char *name);
const char *tool_path(const char *name);

/* Are the tools run under $PK_WRAP (valgrind), or built with a sanitizer? */
bool run_is_slow(void);

/* How the program ended; the failure shows its output. */
#define assert_status(run, want) check_status(run, want, 0, __FILE__, __LINE__)
#define assert_signal(run, want) check_status(run, -1, want, __FILE__, __LINE__)
void check_status(const struct run *run, int status, int signal, const char *file, int line);

#endif
