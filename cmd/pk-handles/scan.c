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
#include "entries.h"

#define INFO_CAP ((size_t)64 << 20)

/* Up to so many sockets are asked one by one; for more a dump of the system's tables is cheaper. */
#define PROBE_MAX 1000

/* Reading one directory of descriptors. */
struct walk {
	struct scan *scan;
	struct table *table;
	int fd_dir, info_dir;
	pid_t tid;
	int err;
};

void scan_init(struct scan *scan, int proc, uint32_t kinds, int64_t timeout)
{
	struct stat st;

	*scan = (struct scan){.proc = proc,
			      .kinds = kinds,
			      .slow = SLOW_NONE(timeout),
			      .text = {.cap = INFO_CAP}};
	if (fstatat(proc, "self/ns/net", &st, 0) == 0)
		scan->netns = st.st_ino;
}

void scan_drop(struct scan *scan)
{
	slow_drop(&scan->slow);
	sock_table_drop(&scan->socks);
	buf_drop(&scan->text);
}

/* Failures that are ours; any other means that the process or the descriptor is gone or closed to us. */
static bool is_own(int err)
{
	return err == -ENOMEM || err == -EMFILE || err == -ENFILE || err == -EFBIG;
}

/* Read fdinfo whole: an epoll descriptor has a line for each watch. */
static int read_info(struct walk *walk, const char *name, bool is_long)
{
	scoped(fd_drop) int fd = openat(walk->info_dir, name, O_RDONLY | O_CLOEXEC);
	struct buf *text = &walk->scan->text;

	text->len = 0;
	if (fd < 0)
		return -errno;
	for (;;) {
		int err = buf_reserve(text, 4096);
		ssize_t len;

		if (err < 0)
			return err;
		len = read(fd, text->bytes + text->len, text->size - text->len - 1);
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return -errno;
		text->len += (size_t)len;
		text->bytes[text->len] = '\0';
		/* The first read holds all that one descriptor of another kind has to say. */
		if (len == 0 || !is_long)
			return 0;
	}
}

struct watch_walk {
	struct table *table;
	int epoll;
};

static int add_watch(void *arg, const struct fdinfo_watch *seen)
{
	const struct watch_walk *walk = arg;
	const struct watch watch = {
		.epoll = walk->epoll, .fd = seen->fd, .events = seen->events, .ino = seen->ino};

	return buf_add(&walk->table->watches, &watch, sizeof(watch));
}

/* Is the process that a pidfd means alive, dead but not waited for, or gone? */
static enum target target_of(const struct scan *scan, pid_t pid)
{
	struct proc_stat stat;

	if (pid == 0)
		return TARGET_OUTSIDE;
	if (pid < 0 || proc_stat(scan->proc, pid, &stat) < 0)
		return TARGET_REAPED;
	return stat.state == 'Z' ? TARGET_ZOMBIE : TARGET_ALIVE;
}

static int take_info(struct walk *walk, struct handle *handle, const char *name)
{
	const bool is_long = handle->kind == KIND_EPOLL || handle->kind == KIND_INOTIFY;
	struct watch_walk watches = {.table = walk->table, .epoll = handle->fd};
	int err = read_info(walk, name, is_long);

	if (err < 0)
		return is_own(err) ? err : 0;
	handle->has_info = true;
	handle->watch = walk->table->watches.len / sizeof(struct watch);
	err = fdinfo_parse(walk->scan->text.bytes, &handle->info, add_watch, &watches);
	handle->watch_count = walk->table->watches.len / sizeof(struct watch) - handle->watch;
	if (handle->ino == 0)
		handle->ino = handle->info.ino;
	if (handle->kind == KIND_PIDFD)
		handle->target = target_of(walk->scan, handle->info.target);
	return err;
}

static enum kind kind_of_mode(const struct stat *st)
{
	if (S_ISDIR(st->st_mode))
		return KIND_DIR;
	if (S_ISFIFO(st->st_mode))
		return KIND_FIFO;
	if (S_ISSOCK(st->st_mode))
		return KIND_OTHER;
	if (S_ISBLK(st->st_mode))
		return KIND_DEV;
	if (S_ISCHR(st->st_mode)) {
		const unsigned number = major(st->st_rdev);

		/* devices.txt: 4 and 5 are tty and console, 136 to 143 pseudo-terminals. */
		return number == 4 || number == 5 || (number >= 136 && number <= 143) ? KIND_TTY
										      : KIND_DEV;
	}
	return KIND_FILE;
}

/* An open file without a name left. memfd and O_TMPFILE never had one. */
static bool is_deleted(const struct handle *handle, const struct stat *st)
{
	const unsigned tmpfile = O_TMPFILE & ~(unsigned)O_DIRECTORY;

	return st->st_nlink == 0 && handle->kind != KIND_MEMFD && !(handle->info.flags & tmpfile);
}

static int stat_path(struct walk *walk, const struct handle *handle, const char *name,
		     struct stat *st)
{
	struct scan *scan = walk->scan;

	/* Without fdinfo the mount is unknown, and with it whether the call may block. */
	if (!handle->has_info)
		return -EACCES;
	if (slow_is_mount(&scan->slow, scan->proc, handle->info.mnt))
		return slow_stat(&scan->slow, handle->info.mnt, walk->fd_dir, name, st);
	return fstatat(walk->fd_dir, name, st, 0) < 0 ? -errno : 0;
}

static void take_stat(struct walk *walk, struct handle *handle, const char *name, char *text)
{
	static const char suffix[] = " (deleted)";
	const size_t tail = sizeof(suffix) - 1;
	struct stat st;
	int err = stat_path(walk, handle, name, &st);

	if (err == -ETIMEDOUT) {
		handle->timed_out = true;
		walk->table->timeouts++;
	}
	if (err < 0)
		return;
	handle->has_stat = true;
	if (handle->kind != KIND_MEMFD)
		handle->kind = kind_of_mode(&st);
	handle->ino = st.st_ino;
	handle->dev = st.st_dev;
	handle->size = st.st_size;
	handle->disk = (int64_t)st.st_blocks * 512;
	handle->deleted = is_deleted(handle, &st);
	/* The kernel's mark is a suffix that a name may have too; ours is `deleted`. */
	if (st.st_nlink == 0 && handle->name_len > tail &&
	    memcmp(text + handle->name_len - tail, suffix, tail) == 0)
		handle->name_len -= tail;
	text[handle->name_len] = '\0';
}

static int keep(struct walk *walk, struct handle *handle, const char *text)
{
	int err;

	handle->name = walk->table->text.len;
	err = buf_add(&walk->table->text, text, handle->name_len + 1);
	return err < 0 ? err : buf_add(&walk->table->handles, handle, sizeof(*handle));
}

/* One entry of the directory: read all about it. */
static int take_descriptor(void *arg, const char *name)
{
	struct walk *walk = arg;
	static char text[4096 + 1];
	struct handle handle = {.tid = walk->tid, .info = FDINFO_NONE};
	struct kind_link link;
	ssize_t len;
	int err;

	if (name[0] == '.')
		return 0;
	len = readlinkat(walk->fd_dir, name, text, sizeof(text) - 1);
	if (len < 0)
		return 0;
	text[len] = '\0';
	link = kind_of_link(text);
	handle.fd = (int)strtol(name, NULL, 10);
	handle.kind = link.kind;
	handle.ino = link.ino;
	handle.socket = link.socket;
	handle.name_len = (size_t)len;
	err = take_info(walk, &handle, name);
	if (err < 0)
		return err;
	if (link.path)
		take_stat(walk, &handle, name, text);
	return keep(walk, &handle, text);
}

/* Read the descriptors of dir, which is PID or PID/task/TID. */
static int walk_table(struct scan *scan, int dir, pid_t tid, struct table *table)
{
	scoped(fd_drop) int fd_dir = openat(dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const int opened = fd_dir < 0 ? -errno : 0;
	scoped(fd_drop) int info_dir = openat(dir, "fdinfo", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct walk walk = {
		.scan = scan, .table = table, .fd_dir = fd_dir, .info_dir = info_dir, .tid = tid};

	if (fd_dir < 0)
		return opened;
	return entries_each(fd_dir, take_descriptor, &walk);
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
	return is_own(err) ? err : 0;
}

/* Threads that have left the process's table (unshare(CLONE_FILES)) have descriptors of their own. */
static int walk_threads(struct scan *scan, const struct process *process, struct table *table)
{
	scoped(fd_drop) int tasks =
		openat(process->dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct thread_walk walk = {.scan = scan, .process = process, .table = table};

	return tasks < 0 ? 0 : entries_each(tasks, take_thread, &walk);
}

static size_t count_sockets(const struct table *table)
{
	size_t count = 0;

	for (size_t i = 0; i < table_count(table); i++)
		count += table_at(table, i)->socket;
	return count;
}

static int dump_wanted(struct scan *scan, const struct table *table)
{
	int err = 0;

	if (scan->dumped)
		return 0;
	sock_table_clear(&scan->socks);
	scan->socks.open = scan->whole_system;
	for (size_t i = 0; i < table_count(table) && err >= 0; i++)
		if (table_at(table, i)->socket)
			err = sock_want(&scan->socks, table_at(table, i)->ino);
	if (err < 0)
		return err;
	scan->dumped = true;
	/* Refused (a sandbox): the sockets are asked one by one. */
	(void)!sock_dump(&scan->socks);
	return 0;
}

/* The facts of one socket from the dump, else from itself. */
static bool tell_sock(const struct scan *scan, int pidfd, const struct handle *handle,
		      struct sock *sock)
{
	const struct sock *dumped = sock_find(&scan->socks, handle->ino);

	*sock = (struct sock){.ino = handle->ino};
	if (dumped && dumped->known) {
		*sock = *dumped;
		sock->netns = scan->netns;
		return true;
	}
	/* A thread's private descriptors are not reached through the process. */
	if (pidfd < 0 || handle->tid || sock_probe(pidfd, handle->fd, sock) < 0)
		return false;
	/* In another namespace a listener's queue stays unknown. */
	if (sock->kind == KIND_UNIX && sock->state == TCP_LISTEN)
		(void)!sock_ask_unix(sock);
	return true;
}

static int tell_sockets(struct scan *scan, const struct process *process, struct table *table)
{
	const size_t count = count_sockets(table);
	scoped(fd_drop) int pidfd = -1;
	struct sock sock;
	int err = 0;

	if (count == 0)
		return 0;
	pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
	if (!scan->whole_system) {
		sock_table_clear(&scan->socks);
		scan->dumped = false;
	}
	if (scan->whole_system || count > PROBE_MAX || pidfd < 0)
		err = dump_wanted(scan, table);
	for (size_t i = 0; i < table_count(table) && err >= 0; i++) {
		struct handle *handle = table_at(table, i);
		bool told;

		if (!handle->socket)
			continue;
		told = tell_sock(scan, pidfd, handle, &sock);
		if (!told && !scan->dumped) {
			err = dump_wanted(scan, table);
			told = tell_sock(scan, -1, handle, &sock);
		}
		if (!told)
			continue;
		handle->kind = sock.kind;
		err = buf_add(&table->socks, &sock, sizeof(sock));
		handle->sock = table->socks.len / sizeof(sock);
	}
	return err;
}

int scan_process(struct scan *scan, const struct process *process, struct table *table)
{
	int err;

	table_clear(table);
	if (process->stat.state == 'Z')
		return 0;
	err = walk_table(scan, process->dir, 0, table);
	table->own = table_count(table);
	if (err < 0 && !is_own(err)) {
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
