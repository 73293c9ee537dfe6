/* The new file, before it has a name. */
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "tell.h"

/* A file system that is not FILE's will do where FILE is to be rewritten anyway. */
static int open_spare(struct work *work)
{
	const char *dir = getenv("TMPDIR");
	char path[PATH_MAX];
	int err;

	if (snprintf(path, sizeof(path), "%s/%s", dir && *dir ? dir : "/tmp",
		     work->target.place.name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	err = place_open(&work->spare, path, false);
	if (err == 0)
		err = replace_stage(&work->new, &work->spare, 0600);
	work->in_place = err == 0;
	return err;
}

bool stage_open(struct work *work)
{
	const struct target *target = &work->target;
	const mode_t mode = target->fd >= 0 ? 0600 : 0666;
	int err = replace_stage(&work->new, &target->place, mode);

	if ((err == -EACCES || err == -EROFS || err == -EPERM) && target->fd >= 0 &&
	    work->plan->in_place_fallback)
		err = open_spare(work);
	if (err == 0)
		return true;
	return tell_failed(work, "stage", err, "cannot create a file beside '%s'",
			   work->plan->file);
}

int stage_reopen(int fd)
{
	char path[40];
	int again;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDONLY | O_CLOEXEC);
	return again < 0 ? -errno : again;
}

/* The bits that differ in the next eight bytes. */
static uint64_t differing(const char *a, const char *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x ^ y;
}

bool stage_equal(const void *a, const void *b, size_t len)
{
	const char *p = a, *q = b;

	for (; len >= 32; p += 32, q += 32, len -= 32)
		if ((differing(p, q) | differing(p + 8, q + 8) | differing(p + 16, q + 16) |
		     differing(p + 24, q + 24)) != 0)
			return false;
	return memcmp(p, q, len) == 0;
}

static ssize_t read_at(int fd, void *bytes, size_t len, int64_t at)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = pread(fd, (char *)bytes + got, len - got, at + (off_t)got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

static int compare(int a, int b, char *bytes)
{
	for (int64_t at = 0;;) {
		ssize_t n = read_at(a, bytes, STAGE_CHUNK, at);
		ssize_t m = n < 0 ? n : read_at(b, bytes + STAGE_CHUNK, STAGE_CHUNK, at);

		if (m < 0)
			return (int)m;
		if (n != m || !stage_equal(bytes, bytes + STAGE_CHUNK, (size_t)n))
			return 0;
		if (n < (ssize_t)STAGE_CHUNK)
			return 1;
		at += n;
	}
}

int stage_same(int a, int b)
{
	char *bytes = malloc(2 * STAGE_CHUNK);
	int same = bytes ? compare(a, b, bytes) : -ENOMEM;

	free(bytes);
	return same;
}

int64_t stage_copy(int to, int from, int64_t len)
{
	const size_t size = len < (int64_t)STAGE_CHUNK ? (size_t)len + 1 : STAGE_CHUNK;
	char *bytes = malloc(size);
	int64_t done = 0;
	int err = bytes ? 0 : -ENOMEM;

	while (err == 0 && done < len) {
		size_t want =
			len - done < (int64_t)STAGE_CHUNK ? (size_t)(len - done) : STAGE_CHUNK;
		ssize_t n = read_at(from, bytes, want, done);

		err = n < 0 ? (int)n : fd_write_full(to, bytes, (size_t)n);
		if (n <= 0)
			break;
		done += err == 0 ? n : 0;
	}
	free(bytes);
	return err < 0 ? err : done;
}
