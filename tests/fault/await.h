/* Part of faultrun: waiting for the tool and for all that it leaves behind, which comes to us because
 * we are the subreaper; and the end of whatever does not go by itself. */
#ifndef PK_FAULT_AWAIT_H
#define PK_FAULT_AWAIT_H

#include "follow.h"
#include "sysnames.h"

#include <stdlib.h>
#include <sys/wait.h>

/* Handles one child that has changed. 1: one handled, 0: none has, -1: there are no children. */
static int wait_one(struct run *r, bool block)
{
	int status;
	pid_t pid = waitpid(-1, &status, __WALL | (block ? 0 : WNOHANG));
	if (pid < 0)
		return -1;
	if (pid == 0)
		return 0;
	if (WIFSTOPPED(status))
		on_stop(r, pid, status);
	else if (pid == r->front)
		r->status = status;
	return 1;
}

/* Waits until a child changes. False: the deadline passed, or we were told to give up. */
static bool wait_until(struct run *r, int64_t deadline)
{
	int64_t left = deadline - now_ns();
	if (left <= 0)
		return false;
	struct timespec ts = {left / NS_PER_S, left % NS_PER_S};
	int sig = sigtimedwait(&r->wake, NULL, &ts);
	if (sig > 0 && sig != SIGCHLD)
		r->stopped_by = sig;
	return r->stopped_by == 0;
}

/* The direct children, as the kernel lists them. Returns how many. */
static size_t children(pid_t pid, pid_t *out, size_t max)
{
	char path[64];
	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	FILE *file = fopen(path, "re");
	size_t count = 0;
	while (file != NULL && count < max && fscanf(file, "%d", &out[count]) == 1)
		count++;
	if (file != NULL)
		(void)fclose(file); /* was only read */
	return count;
}

/* The first bytes of a file of a process, up to a line's end. */
static void read_line(pid_t pid, const char *file, char *out, size_t size)
{
	char path[64];
	(void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? read(fd, out, size - 1) : 0;
	out[got > 0 ? got : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	if (fd >= 0)
		(void)close(fd);
}

/* The call that a process is in, or why it is in none. */
static const char *doing(pid_t pid, char spare[24])
{
	char stat[64];
	char call[24];
	read_line(pid, "stat", stat, sizeof(stat));
	read_line(pid, "syscall", call, sizeof(call));
	const char *state = strrchr(stat, ')');
	if (state != NULL && state[1] == ' ' && state[2] == 'Z')
		return "zombie";
	return *call >= '0' && *call <= '9' ? call_name(atol(call), spare) : "running";
}

/* Notes who is there, with the call that each is in: what a person wants to know of a hang. */
static void note_tree(struct run *r, pid_t pid)
{
	pid_t pids[MAX_LEFT];
	size_t count = children(pid, pids, COUNT(pids));
	for (size_t i = 0; i < count && r->left_count < MAX_LEFT; i++) {
		char comm[20];
		char spare[24];
		read_line(pids[i], "comm", comm, sizeof(comm));
		(void)snprintf(r->left[r->left_count++], sizeof(*r->left), "%d %.15s %.15s",
			       pids[i], comm, doing(pids[i], spare));
		note_tree(r, pids[i]);
	}
}

/* Kills all that is below us: direct children only, so that no pid can be another's. */
static void kill_all(struct run *r)
{
	int more = 1;
	while (more >= 0) {
		pid_t pids[MAX_LEFT];
		size_t count = children(getpid(), pids, COUNT(pids));
		for (size_t i = 0; i < count; i++)
			(void)kill(pids[i], SIGKILL);
		more = wait_one(r, true);
	}
}

static void supervise(struct run *r)
{
	int64_t deadline = now_ns() + r->limit_ns;
	while (r->status < 0) {
		int got = wait_one(r, false);
		if (got < 0)
			die("lost the tool");
		if (got == 0 && !wait_until(r, deadline)) {
			r->hang = r->stopped_by == 0;
			note_tree(r, getpid());
			kill_all(r);
		}
	}
}

/* After the tool's end: everything below it has to go by itself, and soon. */
static void settle(struct run *r)
{
	int64_t ended = now_ns();
	int got = 1;
	while (!r->may_leave && got >= 0) {
		got = wait_one(r, false);
		if (got == 0 && !wait_until(r, ended + r->grace_ns)) {
			note_tree(r, getpid());
			break;
		}
	}
	r->settled_ns = now_ns() - ended;
	kill_all(r);
}

#endif
