/* From stdin to the new file. */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "stage.h"
#include "target.h"
#include "tell.h"
#include "trace.h"

/* Below this size the system calls that speed up a big copy cost more than they save. */
#define BIG ((int64_t)1 << 20)
/* Early write-back: the disk works while input comes, and the final fsync(2) has little left to do. */
#define WRITE_BACK ((int64_t)8 << 20)

struct input {
	struct work *work;
	struct stat st;
	char *bytes;	 /* one chunk, and a second one to compare with */
	int64_t done;	 /* bytes read */
	int64_t flushed; /* bytes whose write-back was begun */
	int64_t reserved;
	bool same; /* so far it is what FILE holds: nothing is staged yet */
};

bool input_check(struct work *work)
{
	const int flags = fcntl(STDIN_FILENO, F_GETFL);

	if (flags < 0 || fstat(STDIN_FILENO, &work->input) < 0)
		return tell_failed(work, "input", -errno, "cannot read stdin");
	if ((flags & O_ACCMODE) == O_WRONLY || flags & O_PATH)
		return tell_failed(work, "input", 0,
				   "cannot read stdin: it is closed or not open for reading");
	if (S_ISDIR(work->input.st_mode))
		return tell_failed(work, "input", -EISDIR, "cannot read stdin");
	return true;
}

/* Read what there is, waiting for it. Returns bytes, 0 at the end, or -errno; -EINTR: a signal
 * ends us, -ETIME: the inherited deadline has passed. */
static ssize_t read_some(struct input *in)
{
	for (;;) {
		int end = work_wait(in->work, STDIN_FILENO, in->work->plan->inherited.at);
		ssize_t n;

		if (end != WAIT_READY)
			return end < 0 ? end : end == WAIT_STOP ? -EINTR : -ETIME;
		n = read(STDIN_FILENO, in->bytes, STAGE_CHUNK);
		if (n >= 0)
			return n;
		if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
}

static bool read_failed(struct work *work, ssize_t err)
{
	if (err == -EINTR)
		return tell_stopped(work, "input");
	if (err == -ETIME) {
		tell_warning(work,
			     "stdin has not ended in time (inherited deadline); '%s' is untouched",
			     work->plan->file);
		trace_deadline(work);
		return tell_rejected(work, "deadline", (struct ending){.code = STATUS_TIMEOUT});
	}
	return tell_failed(work, "input", (int)err, "cannot read stdin");
}

static bool write_failed(struct work *work, int err)
{
	return tell_failed(work, "stage", err, "cannot write the new content of '%s'",
			   work->plan->file);
}

/* tmpfs has no blocks to lay out: there it costs instead. */
static bool is_tmpfs(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == TMPFS_MAGIC;
}

/*
 * A big regular file: share its blocks where the file system can (btrfs, xfs), else reserve room, so
 * that blocks are laid out at once and a full disk is met before the work. Returns 0 or -errno.
 */
static int prepare(struct input *in)
{
	const int fd = in->work->new.fd;
	off_t at;

	if (!S_ISREG(in->work->input.st_mode) || in->work->input.st_size < BIG)
		return 0;
	at = lseek(STDIN_FILENO, 0, SEEK_CUR);
	if (at < 0 || in->work->input.st_size - at < BIG)
		return 0;
	if (at == 0 && ioctl(fd, FICLONE, STDIN_FILENO) == 0) {
		/* What was appended meanwhile is read in the ordinary way. */
		in->done = lseek(fd, 0, SEEK_END);
		return in->done < 0 || lseek(STDIN_FILENO, in->done, SEEK_SET) < 0 ? -errno : 0;
	}
	if (is_tmpfs(fd))
		return 0;
	if (fallocate(fd, 0, 0, in->work->input.st_size - at) == 0)
		in->reserved = in->work->input.st_size - at;
	else if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
		return -errno;
	return 0;
}

static void write_back(struct input *in)
{
	if (in->work->plan->sync == REPLACE_LAZY || in->done - in->flushed < WRITE_BACK)
		return;
	/* Only a hint: fsync(2) has the last word. */
	(void)sync_file_range(in->work->new.fd, in->flushed, in->done - in->flushed,
			      SYNC_FILE_RANGE_WRITE);
	in->flushed = in->done;
}

static int take(struct input *in, size_t len)
{
	int err = fd_write_full(in->work->new.fd, in->bytes, len);

	in->done += (int64_t)len;
	write_back(in);
	return err;
}

/* Is the chunk what FILE has in this place? */
static bool is_same(const struct input *in, size_t len)
{
	char *other = in->bytes + STAGE_CHUNK;
	size_t got = 0;

	while (got < len) {
		ssize_t n =
			pread(in->work->target.fd, other + got, len - got, in->done + (off_t)got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		got += (size_t)n;
	}
	return memcmp(in->bytes, other, len) == 0;
}

/* The first difference: make the new file and give it what was the same so far. */
static bool diverge(struct input *in)
{
	struct work *work = in->work;
	int64_t copied;

	in->same = false;
	if (!stage_open(work))
		return false;
	copied = stage_copy(work->new.fd, work->target.fd, in->done);
	if (copied >= 0 && copied < in->done)
		return tell_failed(work, "stage", 0, "'%s' shrank while it was compared",
				   work->plan->file);
	return copied >= 0 || write_failed(work, (int)copied);
}

static bool pump(struct input *in)
{
	for (;;) {
		ssize_t n = read_some(in);
		int err;

		if (n <= 0)
			return n == 0 || read_failed(in->work, n);
		if (in->same && is_same(in, (size_t)n)) {
			in->done += n;
			continue;
		}
		if (in->same && !diverge(in))
			return false;
		err = take(in, (size_t)n);
		if (err < 0)
			return write_failed(in->work, err);
	}
}

/* All of stdin has been read and was FILE's beginning: was it all of FILE, and is that still there? */
static bool settle_same(struct input *in)
{
	struct work *work = in->work;
	struct stat st;

	if (fstat(work->target.fd, &st) == 0 && st.st_size == in->done &&
	    target_is_as_seen(work, &st))
		return tell_unchanged(work);
	return diverge(in);
}

/* The file was shorter than its size had said. */
static bool trim(struct input *in)
{
	if (in->reserved <= in->done || ftruncate(in->work->new.fd, in->done) == 0)
		return true;
	return write_failed(in->work, -errno);
}

static bool run(struct input *in)
{
	struct work *work = in->work;
	int err;

	if (!in->same) {
		if (!stage_open(work))
			return false;
		err = prepare(in);
		if (err < 0)
			return write_failed(work, err);
	}
	if (!pump(in) || (in->same && !settle_same(in)) || !trim(in))
		return false;
	work->size = in->done;
	return true;
}

bool input_stage(struct work *work)
{
	struct input in = {.work = work, .same = work->plan->if_changed && work->target.readable};
	/* Not from the heap: a small input touches one page of it, and nothing else is allocated. */
	const size_t size = (in.same ? 2 : 1) * STAGE_CHUNK;
	bool ok;

	in.bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (in.bytes == MAP_FAILED)
		return tell_failed(work, "input", -errno, "cannot read stdin");
	ok = run(&in);
	(void)munmap(in.bytes, size);
	return ok;
}
