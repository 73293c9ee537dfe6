#ifndef PK_PROC_H
#define PK_PROC_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/base.h"

/*
 * Readers of /proc (proc(5)). Each takes a descriptor of the mount, so that tests can point it at a
 * captured tree. Nothing allocates: they run while a process tree is being ended.
 */
#define PROC_COMM_MAX 64 /* kernel threads have longer names than the 15 bytes of a process */

/* Is /proc there, and of our own PID namespace? */
bool proc_is_ours(void);

struct proc_stat {
	pid_t pid;
	pid_t ppid;
	char state; /* R S D T t Z X ... */
	long threads;
	unsigned long long start; /* clock ticks after boot; tells a reused pid from the old one */
	char comm[PROC_COMM_MAX];
};

/*
 * An O_PATH descriptor of /proc, or -errno; -ENOENT where another thing is mounted there, and where it
 * is the /proc of another PID namespace: its numbers mean other processes.
 */
must_check int proc_open(void);

/*
 * Read PID/stat. The name may hold any byte, `)` and newlines too: it ends at the last `)`. Returns
 * 0, -ENOENT or -ESRCH when the process is gone, -EINVAL when the text is not a stat line.
 */
must_check int proc_stat(int proc, pid_t pid, struct proc_stat *ret);

/* Parse the text of a stat file; the pure part of proc_stat. Returns 0 or -EINVAL. */
must_check int proc_parse_stat(const char *text, struct proc_stat *ret);

/*
 * Visit the entries of a directory whose names begin with 1 to 9: processes, threads, descriptors but 0.
 * Returns 0, -errno, or visit's negative result, which ends the walk.
 */
typedef int proc_visit_name(void *arg, const char *name);
must_check int proc_each_numbered(int dir, proc_visit_name *visit, void *arg);

/* Called for each process found; a negative result ends the walk and becomes its result. */
typedef int proc_visit(void *arg, pid_t pid);

/*
 * Visit the children of pid, of all its threads: a child belongs to the thread that forked it. A caller
 * who knows that there is one thread saves the look at PID/task; 0 is unknown. Uses
 * PID/task/TID/children, else (no CONFIG_PROC_CHILDREN) a scan of all processes. What forks or exits
 * meanwhile may be missed: repeat until nothing new is found. Returns 0, -errno, or visit's result.
 */
must_check int proc_each_child(int proc, pid_t pid, long threads, proc_visit *visit, void *arg);

#endif
