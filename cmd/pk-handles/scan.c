/* From /proc/PID/fd and fdinfo to a table of handles. */
#include "scan.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/fd.h"
#include "descriptor.h"
#include "entries.h"

#define INFO_CAP ((size_t)64 << 20)
#define NO_MOUNT (-1)

/* Up to so many sockets are asked one by one; for more a dump of the system's tables is cheaper. */
#define PROBE_MAX 1000

bool scan_is_own(int err)
{
	return err == -ENOMEM || err == -EMFILE || err == -ENFILE || err == -EFBIG;
}

void scan_init(struct scan *scan, int proc, int64_t timeout)
{
	struct stat st;

	*scan = (struct scan){.proc = proc,
			      .pipes = NO_MOUNT,
			      .sockets = NO_MOUNT,
			      .slow = SLOW_NONE(timeout),
			      .text = {.cap = INFO_CAP}};
	if (fstatat(proc, "self/ns/net", &st, 0) == 0)
		scan->netns = st.st_ino;
}

void scan_drop(struct scan *scan)
{
	slow_drop(&scan->slow);
	sock_table_drop(&scan->system);
	buf_drop(&scan->text);
}

/* Read the descriptors of dir, which is PID or PID/task/TID. */
static int walk_table(struct scan *scan, int dir, pid_t tid, struct table *table)
{
	scoped(fd_drop) int info_dir = openat(dir, "fdinfo", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const int opened = info_dir < 0 ? -errno : 0;
	scoped(fd_drop) int fd_dir = openat(dir, "fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct walk walk = {.scan = scan,
			    .table = table,
			    .process = dir,
			    .fd_dir = fd_dir,
			    .info_dir = info_dir,
			    .tid = tid};

	if (info_dir < 0)
		return opened;
	return entries_each(info_dir, descriptor_take, &walk);
}

struct thread_walk {
	struct scan *scan;
	const struct process *process;
	struct table *table;
};

static int take_thread(void *arg, const char *name)
{
	struct thread_walk *walk = arg;
	const pid_t tid = (pid_t)strtol(name, NULL, 10);
	char path[32];
	long differ;
	int err;

	if (tid <= 0 || tid == walk->process->pid)
		return 0;
	differ = syscall(SYS_kcmp, walk->process->pid, tid, KCMP_FILES, 0, 0);
	if (differ <= 0)
		return 0;
	(void)snprintf(path, sizeof(path), "task/%d", (int)tid);
	scoped(fd_drop) int dir =
		openat(walk->process->dir, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	err = dir < 0 ? -errno : walk_table(walk->scan, dir, tid, walk->table);
	return scan_is_own(err) ? err : 0;
}

/* Threads that have left the process's table (unshare(CLONE_FILES)) have descriptors of their own. */
static int walk_threads(struct scan *scan, const struct process *process, struct table *table)
{
	scoped(fd_drop) int tasks =
		openat(process->dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct thread_walk walk = {.scan = scan, .process = process, .table = table};

	return tasks < 0 ? 0 : entries_each(tasks, take_thread, &walk);
}

/* Ask for the process's sockets all at once. Refused (a sandbox): they are asked one by one. */
static void dump(const struct scan *scan, struct table *table)
{
	(void)!sock_dump(&table->socks);
	for (size_t i = 0; i < table->socks.count; i++) {
		struct sock *sock = &table->socks.socks[i];

		if (sock->known && !sock->netns)
			sock->netns = scan->netns;
	}
}

/* The system's sockets, once for all processes. */
static const struct sock_table *whole_system(struct scan *scan)
{
	if (!scan->dumped) {
		scan->dumped = true;
		scan->system.open = true;
		(void)!sock_dump(&scan->system);
	}
	return &scan->system;
}

static void copy_known(struct scan *scan, struct table *table)
{
	const struct sock_table *system = whole_system(scan);

	for (size_t i = 0; i < table->socks.count; i++) {
		struct sock *sock = &table->socks.socks[i];
		const struct sock *known = sock_find(system, sock->ino);

		if (!known)
			continue;
		*sock = *known;
		sock->netns = scan->netns;
		table->socks.known++;
	}
}

/* Ask the sockets that nobody has told of themselves. A thread's private ones are not reached that way. */
static void probe(const struct process *process, struct table *table)
{
	scoped(fd_drop) int pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);

	for (size_t i = 0; pidfd >= 0 && i < table_count(table); i++) {
		const struct handle *handle = table_at(table, i);
		struct sock *sock = handle->sock ? &table->socks.socks[handle->sock - 1] : NULL;

		if (!sock || sock->known || handle->tid || sock_probe(pidfd, handle->fd, sock) < 0)
			continue;
		table->socks.known++;
		/* In another namespace a listener's queue stays unknown. */
		if (sock->kind == KIND_UNIX && sock->state == TCP_LISTEN)
			(void)!sock_ask_unix(sock);
	}
}

static int want_sockets(struct table *table)
{
	for (size_t i = 0; i < table_count(table); i++) {
		struct handle *handle = table_at(table, i);
		long place = handle->socket ? sock_want(&table->socks, handle->ino) : -1;

		if (place == -ENOMEM)
			return -ENOMEM;
		handle->sock = (size_t)(place + 1);
	}
	return 0;
}

/* The kind of a socket is what its facts say. */
static void take_kinds(struct table *table)
{
	for (size_t i = 0; i < table_count(table); i++) {
		struct handle *handle = table_at(table, i);
		const struct sock *sock = table_sock(table, handle);

		if (sock && sock->known)
			handle->kind = sock->kind;
		else
			handle->sock = 0;
	}
}

static int tell_sockets(struct scan *scan, const struct process *process, struct table *table)
{
	const struct sock_table *socks = &table->socks;
	const int err = want_sockets(table);
	const bool many = socks->count > PROBE_MAX;

	if (err < 0 || socks->count == 0)
		return err;
	if (scan->whole_system)
		copy_known(scan, table);
	else if (many)
		dump(scan, table);
	if (socks->known < socks->count)
		probe(process, table);
	if (socks->known < socks->count && !scan->whole_system && !many)
		dump(scan, table);
	take_kinds(table);
	return 0;
}

int scan_process(struct scan *scan, const struct process *process, struct table *table)
{
	int err;

	table_clear(table);
	if (process->stat.state == 'Z')
		return 0;
	err = walk_table(scan, process->dir, 0, table);
	table->own = table_count(table);
	if (err < 0 && !scan_is_own(err)) {
		table->unreadable = err == -EACCES || err == -EPERM;
		return table->unreadable ? 0 : -ESRCH;
	}
	if (err >= 0 && process->stat.threads > 1)
		err = walk_threads(scan, process, table);
	if (err >= 0)
		err = tell_sockets(scan, process, table);
	table_link(table);
	return err;
}
