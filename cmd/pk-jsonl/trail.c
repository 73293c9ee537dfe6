/* A follower's place in a rotated file. */
#include "trail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "logfile.h"

#define ROTATED_MOST 1001
#define BLOCK ((size_t)64 * 1024)

void trail_drop(struct trail *trail)
{
	fd_drop(&trail->fd);
}

int trail_open(struct trail *trail, const char *path)
{
	struct stat st;
	/* A FIFO must not stop us; a regular file does not care. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		fd_drop(&fd);
		return -EINVAL;
	}
	*trail = (struct trail){.fd = fd, .dev = st.st_dev, .ino = st.st_ino};
	return 0;
}

/* 0 is path itself. */
static int name_of(char name[static 4096], const char *path, int64_t n)
{
	if (n > 0)
		return logfile_name(name, path, n);
	if (strlen(path) >= 4096)
		return -ENAMETOOLONG;
	memcpy(name, path, strlen(path) + 1);
	return 0;
}

/* The number under which the file is found, or -1. One missing number may be a rotation going on. */
static int64_t number_of(const char *path, dev_t dev, ino_t ino)
{
	char name[4096];
	int missing = 0;

	for (int64_t n = 0; n < ROTATED_MOST && missing < 3 && name_of(name, path, n) == 0; n++) {
		struct stat st;

		if (stat(name, &st) < 0)
			missing++;
		else if (st.st_dev == dev && st.st_ino == ino)
			return n;
	}
	return -1;
}

int trail_find(struct trail *trail, const char *path, dev_t dev, ino_t ino, int64_t offset)
{
	char name[4096];
	const int64_t n = number_of(path, dev, ino);
	int err;

	if (n < 0 || name_of(name, path, n) < 0)
		return -ENOENT;
	err = trail_open(trail, name);
	if (err < 0)
		return err;
	if (trail->ino != ino || trail->dev != dev) {
		trail_drop(trail);
		return -ENOENT;
	}
	trail_advance(trail, offset);
	return 0;
}

int trail_next(const struct trail *trail, const char *path, struct trail *ret)
{
	char name[4096];
	const int64_t n = number_of(path, trail->dev, trail->ino);
	int err;

	if (n == 0)
		return 0;
	/* Gone, or renamed to another pattern: path is all there is. */
	err = name_of(name, path, n < 0 ? 0 : n - 1);
	if (err >= 0)
		err = trail_open(ret, name);
	if (err < 0)
		return err == -ENOENT ? 0 : err;
	/* A rotation renames the oldest first: while ours has kept its number, so had the one opened. */
	if (number_of(path, trail->dev, trail->ino) == n)
		return 1;
	trail_drop(ret);
	return 0;
}

void trail_advance(struct trail *trail, int64_t offset)
{
	const size_t want = offset < TRAIL_CHECK ? (size_t)offset : TRAIL_CHECK;
	const ssize_t n = pread(trail->fd, trail->before, want, offset - (int64_t)want);

	trail->offset = offset;
	trail->before_len = n == (ssize_t)want ? want : 0;
}

bool trail_is_intact(const struct trail *trail)
{
	char now[TRAIL_CHECK];
	struct stat st;

	if (fstat(trail->fd, &st) < 0 || st.st_size < trail->offset)
		return false;
	return pread(trail->fd, now, trail->before_len,
		     trail->offset - (int64_t)trail->before_len) == (ssize_t)trail->before_len &&
	       memcmp(now, trail->before, trail->before_len) == 0;
}

/* How many newlines there are before offset; at most `most` are counted, *ret_end is behind the last. */
static int count_lines(int fd, int64_t most, int64_t offset, int64_t *ret_count, int64_t *ret_end)
{
	char block[BLOCK];
	int64_t at = 0;

	*ret_count = *ret_end = 0;
	while (at < offset && *ret_count < most) {
		const size_t want = offset - at < (int64_t)BLOCK ? (size_t)(offset - at) : BLOCK;
		const ssize_t n = pread(fd, block, want, at);

		if (n <= 0)
			return n < 0 ? -errno : 0;
		for (const char *p = block;
		     *ret_count < most && (p = memchr(p, '\n', (size_t)(block + n - p))); p++) {
			++*ret_count;
			*ret_end = at + (p + 1 - block);
		}
		at += n;
	}
	return 0;
}

/* The offset where the last `lines` lines begin. */
static int seek_back(int fd, int64_t size, int64_t lines, int64_t *ret_offset)
{
	char block[BLOCK];
	bool ending = true; /* the newline at the very end begins no line */

	for (int64_t end = size; end > 0;) {
		const size_t want = end < (int64_t)BLOCK ? (size_t)end : BLOCK;
		const ssize_t n = pread(fd, block, want, end - (int64_t)want);

		if (n < (ssize_t)want)
			return n < 0 ? -errno : -EAGAIN;
		for (size_t i = want; i > 0; i--) {
			if (block[i - 1] == '\n' && !ending && --lines <= 0) {
				*ret_offset = end - (int64_t)want + (int64_t)i;
				return 0;
			}
			ending = false;
		}
		end -= (int64_t)want;
	}
	*ret_offset = 0;
	return 0;
}

int trail_seek(const struct trail *trail, int64_t lines, bool from_start, int64_t *ret_offset,
	       int64_t *ret_before)
{
	struct stat st;
	int64_t end;
	char last;
	int err;

	if (fstat(trail->fd, &st) < 0)
		return -errno;
	if (from_start)
		return count_lines(trail->fd, lines > 0 ? lines - 1 : 0, st.st_size, ret_before,
				   ret_offset);
	/* No line at all: behind the last newline; a line that is being written is still to come. */
	*ret_offset = st.st_size;
	if (lines == 0 && st.st_size > 0 && pread(trail->fd, &last, 1, st.st_size - 1) == 1 &&
	    last != '\n')
		lines = 1;
	err = lines > 0 ? seek_back(trail->fd, st.st_size, lines, ret_offset) : 0;
	return err < 0 ? err : count_lines(trail->fd, INT64_MAX, *ret_offset, ret_before, &end);
}
