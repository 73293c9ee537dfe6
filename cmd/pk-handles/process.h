#ifndef PK_HANDLES_PROCESS_H
#define PK_HANDLES_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base.h"
#include "common/proc.h"

/*
 * What /proc tells of a process as a whole. PID's directory is opened once and read through: a pid that
 * has been used again then gives an error, never another process's facts.
 */
struct process {
	pid_t pid;
	int proc; /* of the mount; not ours to close */
	int dir;  /* /proc/PID, or -1 */
	struct proc_stat stat;
	int64_t fds;	    /* open descriptors; -1: not readable */
	int64_t soft, hard; /* RLIMIT_NOFILE; -1: none */
	int64_t rss_kb;
	int64_t children;
	uint64_t caught, ignored, blocked; /* signals: bit 1 << (signal - 1) */
};

/* How a process takes a signal, as far as the kernel knows. */
enum handling { HANDLING_DEFAULT, HANDLING_CAUGHT, HANDLING_IGNORED, HANDLING_BLOCKED };

/*
 * Open PID and read its stat; the other facts are unknown until process_refresh. Returns 0, -ESRCH when
 * there is no such process, or -errno.
 */
must_check int process_open(struct process *ret, int proc, pid_t pid);
void process_close(struct process *process);

/* Read the number of descriptors again: a single fstat(2) since Linux 6.2. Returns it, or -errno. */
must_check int64_t process_count_fds(const struct process *process);

/*
 * Read all facts, again. Descriptors of a process that may not be looked at are fds = -1, which is no
 * failure. Returns 0 or -errno; -ESRCH or -ENOENT when it has ended.
 */
must_check int process_refresh(struct process *process);

/* A blocked signal waits; it is told apart since a caught one that is blocked is not delivered. */
enum handling process_handling(const struct process *process, int signal);
const char *handling_name(enum handling handling);

/* Descriptors as a share of the soft limit, in percent rounded down; -1 when either is unknown. */
int64_t process_percent(const struct process *process);

/* The pure parts, for tests: each leaves alone what the text does not say. */
void process_parse_status(const char *text, struct process *process);
void process_parse_limits(const char *text, struct process *process);

/* Call visit for each process that there is. Returns 0, -errno, or visit's result. */
must_check int process_each(int proc, proc_visit *visit, void *arg);

/* What tells this boot from others (random(4)): start times are ticks of it. Empty when unreadable. */
void process_boot_id(int proc, char text[static 40]);

#endif
