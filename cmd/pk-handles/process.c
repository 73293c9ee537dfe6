/* A process as a whole: stat, status, limits, the number of descriptors. */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "entries.h"

void process_close(struct process *process)
{
	fd_drop(&process->dir);
}

void process_parse_status(const char *text, struct process *process)
{
	static const char *const keys[] = {"\nVmRSS:", "\nSigBlk:", "\nSigIgn:", "\nSigCgt:"};
	const char *at[array_len(keys)];

	for (size_t i = 0; i < array_len(keys); i++) {
		at[i] = strstr(text, keys[i]);
		at[i] = at[i] ? at[i] + strlen(keys[i]) : NULL;
	}
	if (at[0])
		process->rss_kb = strtoll(at[0], NULL, 10);
	if (at[1])
		process->blocked = strtoull(at[1], NULL, 16);
	if (at[2])
		process->ignored = strtoull(at[2], NULL, 16);
	if (at[3])
		process->caught = strtoull(at[3], NULL, 16);
}

/* A number, or -1 for `unlimited`. */
static int64_t parse_limit(const char *text, char **end)
{
	text += strspn(text, " ");
	if (strncmp(text, "unlimited", 9) != 0)
		return strtoll(text, end, 10);
	*end = (char *)(uintptr_t)text + 9;
	return -1;
}

void process_parse_limits(const char *text, struct process *process)
{
	static const char key[] = "Max open files";
	const char *line = strstr(text, key);
	char *end;

	if (!line)
		return;
	process->soft = parse_limit(line + strlen(key), &end);
	process->hard = parse_limit(end, &end);
}

static int count_entry(void *arg, const char *name)
{
	int64_t *count = arg;

	*count += name[0] != '.';
	return 0;
}

int64_t process_count_fds(const struct process *process)
{
	scoped(fd_drop) int dir = openat(process->dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	int64_t count = 0;
	int err;

	if (dir < 0)
		return -errno;
	if (fstat(dir, &st) == 0 && st.st_size > 0)
		return st.st_size;
	err = entries_each(dir, count_entry, &count);
	return err < 0 && err != -ENOENT ? err : count;
}

static int count_child(void *arg, pid_t pid)
{
	int64_t *count = arg;

	(void)pid;
	++*count;
	return 0;
}

static int read_stat(struct process *process)
{
	char text[2048];
	ssize_t len = fd_read_file(process->dir, "stat", text, sizeof(text));

	return len < 0 ? (int)len : proc_parse_stat(text, &process->stat);
}

int process_refresh(struct process *process)
{
	static char text[16384];
	int64_t children = 0;
	int err = read_stat(process);

	if (err < 0)
		return err;
	process->soft = process->hard = process->rss_kb = -1;
	if (fd_read_file(process->dir, "status", text, sizeof(text)) > 0)
		process_parse_status(text, process);
	if (fd_read_file(process->dir, "limits", text, sizeof(text)) > 0)
		process_parse_limits(text, process);
	process->fds = process->stat.state == 'Z' ? 0 : process_count_fds(process);
	if (process->fds < 0)
		process->fds = -1;
	err = proc_each_child(process->proc, process->pid, process->stat.threads, count_child,
			      &children);
	process->children = err < 0 ? -1 : children;
	return 0;
}

int process_open(struct process *ret, int proc, pid_t pid)
{
	struct process process = {.pid = pid,
				  .proc = proc,
				  .fds = -1,
				  .soft = -1,
				  .hard = -1,
				  .rss_kb = -1,
				  .children = -1};
	char path[16];
	int err;

	(void)snprintf(path, sizeof(path), "%d", (int)pid);
	process.dir = openat(proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (process.dir < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	err = read_stat(&process);
	if (err < 0) {
		process_close(&process);
		return err == -ENOENT ? -ESRCH : err;
	}
	*ret = process;
	return 0;
}

enum handling process_handling(const struct process *process, int signal)
{
	const uint64_t bit = UINT64_C(1) << (signal - 1);

	if (process->ignored & bit)
		return HANDLING_IGNORED;
	if (process->blocked & bit)
		return HANDLING_BLOCKED;
	return process->caught & bit ? HANDLING_CAUGHT : HANDLING_DEFAULT;
}

const char *handling_name(enum handling handling)
{
	static const char *const names[] = {[HANDLING_DEFAULT] = "default",
					    [HANDLING_CAUGHT] = "caught",
					    [HANDLING_IGNORED] = "ignored",
					    [HANDLING_BLOCKED] = "blocked"};

	return names[handling];
}

int64_t process_percent(const struct process *process)
{
	if (process->fds < 0 || process->soft <= 0)
		return -1;
	return process->fds * 100 / process->soft;
}

struct each {
	proc_visit *visit;
	void *arg;
};

static int visit_name(void *arg, const char *name)
{
	const struct each *each = arg;

	if (name[0] < '1' || name[0] > '9')
		return 0;
	return each->visit(each->arg, (pid_t)strtol(name, NULL, 10));
}

int process_each(int proc, proc_visit *visit, void *arg)
{
	scoped(fd_drop) int dir = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct each each = {.visit = visit, .arg = arg};

	return dir < 0 ? -errno : entries_each(dir, visit_name, &each);
}

void process_boot_id(int proc, char text[static 40])
{
	if (fd_read_file(proc, "sys/kernel/random/boot_id", text, 40) < 0)
		text[0] = '\0';
	text[strcspn(text, "\n")] = '\0';
}
