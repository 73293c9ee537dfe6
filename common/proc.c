/* /proc readers: who is who, and whose child. */
#include "common/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/fd.h"

/* The link `self` is our pid as the mount's PID namespace has it. */
static bool knows_us(int proc, const char *path)
{
	char self[24];
	ssize_t len = readlinkat(proc, path, self, sizeof(self) - 1);

	if (len < 0)
		return false;
	self[len] = '\0';
	return strtol(self, NULL, 10) == getpid();
}

bool proc_is_ours(void)
{
	return knows_us(AT_FDCWD, "/proc/self");
}

int proc_open(void)
{
	int fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (!knows_us(fd, "self")) {
		fd_drop(&fd);
		return -ENOENT;
	}
	return fd;
}

/* Field `wanted` of a text that begins with field 5, as a number; 0 when there is none. */
static unsigned long long parse_field(const char *text, int wanted)
{
	for (int field = 5; field <= wanted && text; field++)
		text = strchr(text + (field > 5), ' ');
	return text ? strtoull(text, NULL, 10) : 0;
}

int proc_parse_stat(const char *text, struct proc_stat *ret)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	struct proc_stat stat = {0};
	char *end;
	size_t len;

	if (!open || !close || close < open || close[1] != ' ' || close[2] == '\0')
		return -EINVAL;
	stat.pid = (pid_t)strtol(text, &end, 10);
	if (end == text)
		return -EINVAL;
	stat.state = close[2];
	stat.ppid = (pid_t)strtol(close + 3, &end, 10);
	if (end == close + 3)
		return -EINVAL;
	stat.threads = (long)parse_field(end, 20);
	stat.start = parse_field(end, 22);
	len = (size_t)(close - open - 1);
	if (len >= sizeof(stat.comm))
		len = sizeof(stat.comm) - 1;
	memcpy(stat.comm, open + 1, len);
	*ret = stat;
	return 0;
}

int proc_stat(int proc, pid_t pid, struct proc_stat *ret)
{
	unzeroed char text[2048];
	char path[32];
	ssize_t len;

	(void)snprintf(path, sizeof(path), "%d/stat", (int)pid);
	len = fd_read_file(proc, path, text, sizeof(text));
	return len < 0 ? (int)len : proc_parse_stat(text, ret);
}

/* The numbers of a children file, read in pieces: a number may be cut by the end of one. */
static int each_number(int fd, proc_visit *visit, void *arg)
{
	unzeroed char text[4096];
	pid_t pid = 0;

	for (;;) {
		ssize_t len = fd_read_full(fd, text, sizeof(text));

		if (len < 0)
			return (int)len;
		for (ssize_t i = 0; i < len; i++) {
			int result;

			if (text[i] >= '0' && text[i] <= '9') {
				pid = pid * 10 + (text[i] - '0');
				continue;
			}
			result = pid > 0 ? visit(arg, pid) : 0;
			if (result < 0)
				return result;
			pid = 0;
		}
		if ((size_t)len < sizeof(text))
			return 0;
	}
}

/* dir/thread is a folder of PID/task. */
static int each_child_of_thread(int dir, const char *thread, proc_visit *visit, void *arg)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%.40s/children", thread);
	scoped(fd_drop) int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : each_number(fd, visit, arg);
}

/* The layout that getdents64(2) fills; no header has it. */
struct entry {
	uint64_t ino;
	int64_t off;
	unsigned short len;
	unsigned char type;
	char name[];
};

int proc_each_numbered(int dir, proc_visit_name *visit, void *arg)
{
	unzeroed _Alignas(struct entry) char block[4096];

	for (;;) {
		long len = syscall(SYS_getdents64, dir, block, sizeof(block));

		if (len <= 0)
			return len < 0 ? -errno : 0;
		for (long at = 0; at < len;) {
			const struct entry *entry =
				(const struct entry *)(const void *)(block + at);
			int result = 0;

			if (entry->name[0] >= '1' && entry->name[0] <= '9')
				result = visit(arg, entry->name);
			if (result < 0)
				return result;
			at += entry->len;
		}
	}
}

struct thread_walk {
	int tasks;
	proc_visit *visit;
	void *arg;
	int missing; /* -ENOENT of a children file: the thread is gone, or the kernel has none */
};

static int visit_thread(void *arg, const char *name)
{
	struct thread_walk *walk = arg;
	int result = each_child_of_thread(walk->tasks, name, walk->visit, walk->arg);

	if (result == -ENOENT || result == -ESRCH) {
		walk->missing = result;
		return 0;
	}
	return result;
}

struct scan {
	int proc;
	pid_t parent;
	proc_visit *visit;
	void *arg;
};

static int visit_process(void *arg, const char *name)
{
	const struct scan *scan = arg;
	struct proc_stat stat;

	if (proc_stat(scan->proc, (pid_t)strtol(name, NULL, 10), &stat) < 0 ||
	    stat.ppid != scan->parent)
		return 0;
	return scan->visit(scan->arg, stat.pid);
}

static int scan_all(int proc, pid_t pid, proc_visit *visit, void *arg)
{
	struct scan scan = {.proc = proc, .parent = pid, .visit = visit, .arg = arg};
	scoped(fd_drop) int dir = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return dir < 0 ? -errno : proc_each_numbered(dir, visit_process, &scan);
}

static int each_child_of_all_threads(int proc, pid_t pid, struct thread_walk *walk)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "%d/task", (int)pid);
	scoped(fd_drop) int tasks = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (tasks < 0)
		return -errno;
	walk->tasks = tasks;
	return proc_each_numbered(tasks, visit_thread, walk);
}

int proc_each_child(int proc, pid_t pid, long threads, proc_visit *visit, void *arg)
{
	struct thread_walk walk = {.visit = visit, .arg = arg};
	char path[48];
	int err;

	if (threads == 1) {
		(void)snprintf(path, sizeof(path), "%d/task/%d", (int)pid, (int)pid);
		err = walk.missing = each_child_of_thread(proc, path, visit, arg);
	} else {
		err = each_child_of_all_threads(proc, pid, &walk);
	}
	if (walk.missing == -ENOENT && faccessat(proc, "thread-self/children", F_OK, 0) < 0)
		return scan_all(proc, pid, visit, arg);
	return err;
}
