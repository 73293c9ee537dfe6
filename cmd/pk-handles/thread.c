/* /proc/PID/task: the threads, one by one. */
#include "thread.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "entries.h"

struct walk {
	int tasks;
	struct buf *threads;
};

static ssize_t read_file(int tasks, const char *tid, const char *file, char *text, size_t size)
{
	char path[48];

	(void)snprintf(path, sizeof(path), "%.16s/%s", tid, file);
	return fd_read_file(tasks, path, text, size);
}

static int take(void *arg, const char *name)
{
	struct walk *walk = arg;
	struct thread thread = {.state = '?'};
	struct proc_stat stat;
	char text[2048];

	if (name[0] < '1' || name[0] > '9' ||
	    read_file(walk->tasks, name, "stat", text, sizeof(text)) < 0 ||
	    proc_parse_stat(text, &stat) < 0)
		return 0;
	thread.tid = stat.pid;
	thread.state = stat.state;
	memcpy(thread.comm, stat.comm, sizeof(thread.comm));
	/* "0" is a thread that runs, or a caller without the right to know. */
	if (read_file(walk->tasks, name, "wchan", thread.wchan, sizeof(thread.wchan)) < 0 ||
	    strcmp(thread.wchan, "0") == 0)
		thread.wchan[0] = '\0';
	if (read_file(walk->tasks, name, "syscall", text, sizeof(text)) < 0)
		text[0] = '\0';
	thread.call = call_parse(text);
	return buf_add(walk->threads, &thread, sizeof(thread));
}

int thread_read(const struct process *process, struct buf *threads)
{
	scoped(fd_drop) int tasks =
		openat(process->dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct walk walk = {.tasks = tasks, .threads = threads};

	return tasks < 0 ? -errno : entries_each(tasks, take, &walk);
}
