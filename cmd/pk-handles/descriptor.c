/* One descriptor: fdinfo, its link, and stat where it has a path. */
#include "descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/num.h"

#define INFO_USUAL 4096

/* A link has at most a page, a mark of the kernel included. */
#define NAME_ROOM 4097

/* Read fdinfo whole: an epoll descriptor has a line for each watch. A short read is the end. */
static int read_info(struct walk *walk, const char *name)
{
	scoped(fd_drop) int fd = openat(walk->info_dir, name, O_RDONLY | O_CLOEXEC);
	struct buf *text = &walk->scan->text;

	text->len = 0;
	if (fd < 0)
		return -errno;
	for (;;) {
		int err = buf_reserve(text, INFO_USUAL);
		const size_t room = text->size - text->len - 1;
		ssize_t len;

		if (err < 0)
			return err;
		len = read(fd, text->bytes + text->len, room);
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return -errno;
		text->len += (size_t)len;
		text->bytes[text->len] = '\0';
		if ((size_t)len < room)
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
	struct watch_walk watches = {.table = walk->table, .epoll = handle->fd};
	int err = read_info(walk, name);

	handle->watch = walk->table->watches.len / sizeof(struct watch);
	if (err < 0)
		return err;
	handle->has_info = true;
	err = fdinfo_parse(walk->scan->text.bytes, &handle->info, add_watch, &watches);
	handle->watch_count = walk->table->watches.len / sizeof(struct watch) - handle->watch;
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
	const struct slow_file file = {.proc = scan->proc,
				       .process = walk->process,
				       .mount = handle->info.mnt,
				       .dir = walk->fd_dir,
				       .name = name};

	/* Without fdinfo the mount is unknown, and with it whether the call may block. */
	if (!handle->has_info)
		return -EACCES;
	/* Memory of the kernel's own mount, which no mountinfo has. */
	if (handle->kind == KIND_MEMFD)
		return fstatat(walk->fd_dir, name, st, 0) < 0 ? -errno : 0;
	return slow_stat(&scan->slow, &file, st);
}

static void take_stat(struct walk *walk, struct handle *handle, const char *name, const char *text)
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
}

/*
 * Pipes and sockets live each on a mount of their own that only the kernel has. Once a link has told its id,
 * fdinfo says all that further links would (Linux 5.14), in one look instead of two.
 */
static bool is_known_home(const struct scan *scan, const struct handle *handle)
{
	return handle->info.ino && handle->info.mnt >= 0 &&
	       (handle->info.mnt == scan->pipes || handle->info.mnt == scan->sockets);
}

static void learn_home(struct scan *scan, const struct handle *handle)
{
	if (handle->info.ino == 0 || handle->info.ino != handle->ino)
		return;
	if (handle->kind == KIND_PIPE)
		scan->pipes = handle->info.mnt;
	else if (handle->socket)
		scan->sockets = handle->info.mnt;
}

static void take_home(struct walk *walk, struct handle *handle, char *text)
{
	char digits[NUM_TEXT_MAX];

	handle->socket = handle->info.mnt == walk->scan->sockets;
	handle->kind = handle->socket ? KIND_OTHER : KIND_PIPE;
	handle->ino = handle->info.ino;
	(void)stpcpy(stpcpy(stpcpy(text, handle->socket ? "socket:[" : "pipe:["),
			    num_text(digits, (int64_t)handle->ino)),
		     "]");
	handle->name_len = strlen(text);
}

/* What the link says, and for what has a path, stat(2). Returns 0 or -errno: it is gone. */
static int take_link(struct walk *walk, struct handle *handle, const char *name, char *text)
{
	const ssize_t len = readlinkat(walk->fd_dir, name, text, NAME_ROOM - 1);
	struct kind_link link;

	if (len < 0)
		return -errno;
	text[len] = '\0';
	link = kind_of_link(text);
	handle->kind = link.kind;
	handle->ino = link.ino ? link.ino : handle->info.ino;
	handle->socket = link.socket;
	handle->name_len = (size_t)len;
	learn_home(walk->scan, handle);
	if (handle->kind == KIND_PIDFD && handle->has_info)
		handle->target = target_of(walk->scan, handle->info.target);
	if (link.path)
		take_stat(walk, handle, name, text);
	return 0;
}

static int keep(struct table *table, struct handle *handle)
{
	handle->name = table->text.len;
	table->text.bytes[handle->name + handle->name_len] = '\0';
	table->text.len += handle->name_len + 1;
	return buf_add(&table->handles, handle, sizeof(*handle));
}

int descriptor_take(void *arg, const char *name)
{
	struct walk *walk = arg;
	struct handle handle = {.tid = walk->tid, .info = FDINFO_NONE};
	struct buf *names = &walk->table->text;
	char *text;
	int err;

	if (name[0] == '.')
		return 0;
	handle.fd = (int)strtol(name, NULL, 10);
	err = take_info(walk, &handle, name);
	if (err == -ENOENT)
		return 0;
	if (!scan_is_own(err))
		err = buf_reserve(names, NAME_ROOM);
	if (err < 0)
		return err;
	text = names->bytes + names->len;
	if (is_known_home(walk->scan, &handle))
		take_home(walk, &handle, text);
	else if (take_link(walk, &handle, name, text) < 0)
		handle.name_len = 0;
	if (handle.name_len > 0)
		return keep(walk->table, &handle);
	/* Closed between two looks. */
	walk->table->watches.len = handle.watch * sizeof(struct watch);
	return 0;
}
