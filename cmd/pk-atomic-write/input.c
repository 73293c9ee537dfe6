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
/* Room that is reserved ahead of an input of unknown size, at most. */
#define AHEAD ((int64_t)64 << 20)

struct input {
	struct work *work;
	char *bytes;	  /* one chunk, and a second one to compare with */
	int64_t expected; /* bytes that a regular file still has to give; 0: unknown or few */
	int64_t done;	  /* bytes read */
	int64_t flushed;  /* bytes whose write-back was begun */
	int64_t reserved; /* the new file may be this long already */
	bool no_reserve;  /* that cannot be done, or does not pay */
	bool same;	  /* so far it is what FILE holds: nothing is staged yet */
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
 * Have the blocks of the first `size` bytes laid out at once: writing to them then takes half the
 * time (ext4), and a full disk is met before the work. Returns 0 or -errno.
 */
static int reserve(struct input *in, int64_t size)
{
	const int fd = in->work->new.fd;

	if (in->no_reserve || size <= in->reserved)
		return 0;
	in->no_reserve = is_tmpfs(fd);
	if (in->no_reserve)
		return 0;
	in->no_reserve = fallocate(fd, 0, in->reserved, size - in->reserved) < 0;
	/* One that fails half way can leave the file longer (ext4): trim() is to know. */
	in->reserved = size;
	return in->no_reserve && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG) ? -errno
											: 0;
}

/* More is coming than there is room for, and nobody knows how much: as much again as there was. */
static void reserve_ahead(struct input *in, int64_t need)
{
	const int64_t more = in->done < AHEAD ? in->done : AHEAD;

	/* A guess may be too big for the disk: what there is may do all the same. */
	if (in->done >= BIG && need > in->reserved)
		(void)!reserve(in, in->done + more);
}

static void look_ahead(struct input *in)
{
	const struct stat *st = &in->work->input;
	off_t at;

	if (!S_ISREG(st->st_mode) || st->st_size < BIG)
		return;
	at = lseek(STDIN_FILENO, 0, SEEK_CUR);
	if (at >= 0 && st->st_size - at >= BIG)
		in->expected = st->st_size - at;
}

/* Share the blocks of a big file where the file system can (btrfs, xfs). Returns 1, 0 or -errno. */
static int share(struct input *in)
{
	const int fd = in->work->new.fd;

	if (in->expected == 0 || in->expected < in->work->input.st_size ||
	    ioctl(fd, FICLONE, STDIN_FILENO) < 0)
		return 0;
	/* What was appended meanwhile is read in the ordinary way. */
	in->done = in->reserved = lseek(fd, 0, SEEK_END);
	return in->done < 0 || lseek(STDIN_FILENO, in->done, SEEK_SET) < 0 ? -errno : 1;
}

/* Whatever makes a big copy fast. Returns 0 or -errno. */
static int prepare(struct input *in)
{
	int shared = share(in);

	return shared == 0 ? reserve(in, in->expected) : shared < 0 ? shared : 0;
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
	int err;

	reserve_ahead(in, in->done + (int64_t)len);
	err = fd_write_full(in->work->new.fd, in->bytes, len);
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
	return stage_equal(in->bytes, other, len);
}

/* The first difference: make the new file and give it what was the same so far. */
static bool diverge(struct input *in)
{
	struct work *work = in->work;
	int64_t copied;

	in->same = false;
	if (!stage_open(work))
		return false;
	copied = reserve(in, in->expected);
	if (copied == 0)
		copied = stage_copy(work->new.fd, work->target.fd, in->done);
	if (copied < 0)
		return write_failed(work, (int)copied);
	/* A writer that takes no lock: what has been read of stdin is nowhere any more. */
	return (copied == in->done && target_is_unwritten(&work->target)) ||
	       tell_failed(work, "stage", 0, "'%s' was written to while it was compared",
			   work->plan->file);
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

	work->unchanged = in->done == work->target.st.st_size && target_is_as_seen(work);
	return work->unchanged || diverge(in);
}

/* More was reserved than has come. */
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

	look_ahead(&in);
	in.bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (in.bytes == MAP_FAILED)
		return tell_failed(work, "input", -errno, "cannot read stdin");
	ok = run(&in);
	(void)munmap(in.bytes, size);
	return ok;
}
