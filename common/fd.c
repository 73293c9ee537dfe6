/* Descriptor helpers: parking, full reads and writes, closing all but some. */
#include "common/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

void fd_drop(int *fd)
{
	int saved = errno;

	/* What was written to it has been checked by whoever wrote. */
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	errno = saved;
}

int fd_park_std(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		int got;

		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* open(2) takes the lowest free number, which is fd. */
		got = open("/dev/null", (fd == 0 ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
		if (got < 0)
			got = open("/", O_PATH | O_CLOEXEC);
		if (got < 0)
			return -errno;
	}
	return 0;
}

/* Wait until a non-blocking descriptor of the caller's can go on. */
static int wait_ready(int fd, short events)
{
	struct pollfd pfd = {.fd = fd, .events = events};

	return poll(&pfd, 1, -1) < 0 && errno != EINTR ? -errno : 0;
}

int fd_write_full(int fd, const void *bytes, size_t len)
{
	const char *p = bytes;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n > 0) {
			p += n;
			len -= (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			int err = wait_ready(fd, POLLOUT);

			if (err < 0)
				return err;
		} else if (n == 0 || errno != EINTR) {
			return n == 0 ? -EIO : -errno;
		}
	}
	return 0;
}

ssize_t fd_read_full(int fd, void *bytes, size_t len)
{
	char *p = bytes;
	size_t got = 0;

	while (got < len) {
		ssize_t n = read(fd, p + got, len - got);

		if (n > 0) {
			got += (size_t)n;
		} else if (n == 0) {
			break;
		} else if (errno == EAGAIN) {
			int err = wait_ready(fd, POLLIN);

			if (err < 0)
				return err;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return (ssize_t)got;
}

ssize_t fd_read_file(int dirfd, const char *path, char *buf, size_t size)
{
	scoped(fd_drop) int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return -errno;
	len = fd_read_full(fd, buf, size);
	if (len < 0)
		return len;
	if ((size_t)len == size)
		return -EFBIG;
	buf[len] = '\0';
	return len;
}

static int compare(const void *a, const void *b)
{
	const int *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Close first..last-1. */
static int close_gap(unsigned first, unsigned last)
{
	return first >= last ? 0 : (int)syscall(SYS_close_range, first, last - 1, 0U);
}

static bool is_kept(int fd, const int *keep, size_t count)
{
	return bsearch(&fd, keep, count, sizeof(*keep), compare) != NULL;
}

/* Kernels before 5.9 and some sandboxes have no close_range. */
static void close_listed(const int *keep, size_t count)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		char *end;
		long fd = strtol(entry->d_name, &end, 10);

		if (*end == '\0' && end != entry->d_name && fd != dirfd(dir) &&
		    !is_kept((int)fd, keep, count))
			(void)close((int)fd);
	}
	(void)closedir(dir);
}

void fd_close_others(int *keep, size_t count)
{
	unsigned next = 0;

	qsort(keep, count, sizeof(*keep), compare);
	for (size_t i = 0; i < count; i++) {
		if (keep[i] < 0)
			continue;
		if (close_gap(next, (unsigned)keep[i]) < 0) {
			close_listed(keep, count);
			return;
		}
		next = (unsigned)keep[i] + 1;
	}
	if (close_gap(next, ~0U) < 0)
		close_listed(keep, count);
}
