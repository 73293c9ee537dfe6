/* One locked, healed, rotated file. */
#include "logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/keep.h"
#include "common/lock.h"
#include "common/place.h"

#define NAME_LEN 4096

void logfile_drop(struct logfile *log)
{
	fd_drop(&log->fd);
	log->held = false;
}

void logfile_release(struct logfile *log)
{
	if (log->held)
		(void)flock(log->fd, LOCK_UN); /* cannot fail on an open descriptor */
	log->held = false;
}

/* A FIFO opened for reading too would swallow its own records; a file that may only be written cannot
 * be looked at. */
static int open_log(struct logfile *log, bool create)
{
	const int flags = O_APPEND | O_CLOEXEC | O_NOCTTY | (create ? O_CREAT : 0);
	const mode_t mode = log->mode < 0 ? 0666 : (mode_t)log->mode;
	struct stat st;
	int way = O_RDWR;

	if (strcmp(log->path, "-") == 0) {
		log->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	} else {
		if (stat(log->path, &st) == 0 && !S_ISREG(st.st_mode))
			way = O_WRONLY;
		log->fd = open(log->path, way | flags, mode);
		if (log->fd < 0 && errno == EACCES)
			log->fd = open(log->path, O_WRONLY | flags, mode);
	}
	if (log->fd < 0 || fstat(log->fd, &st) < 0)
		return -errno;
	log->regular = S_ISREG(st.st_mode) && strcmp(log->path, "-") != 0;
	return 0;
}

/* Is the open file still the one that the path names? Sets the size. */
static int is_current(struct logfile *log)
{
	struct stat open_one, named;

	if (fstat(log->fd, &open_one) < 0)
		return -errno;
	log->size = open_one.st_size;
	if (stat(log->path, &named) < 0)
		return errno == ENOENT ? 0 : -errno;
	return open_one.st_dev == named.st_dev && open_one.st_ino == named.st_ino;
}

static void look_at_tail(struct logfile *log)
{
	char last = '\n';

	/* A file that cannot be read is taken for whole. */
	if (log->size > 0 && pread(log->fd, &last, 1, log->size - 1) != 1)
		last = '\n';
	log->torn = last != '\n';
}

int logfile_take(struct logfile *log, bool create, int64_t deadline)
{
	for (;;) {
		int err = log->fd < 0 ? open_log(log, create) : 0;

		if (err < 0)
			return err;
		if (!log->regular) {
			log->torn = false;
			return 0;
		}
		err = lock_take(log->fd, LOCK_EX, deadline, -1);
		if (err < 0)
			return err;
		err = is_current(log);
		if (err > 0)
			break;
		logfile_drop(log);
		if (err < 0)
			return err;
	}
	log->held = true;
	look_at_tail(log);
	return 0;
}

/* Cut off what is no whole line, when nobody has appended behind it. Returns how much of ours stays. */
static size_t roll_back(struct logfile *log, const char *bytes, size_t written)
{
	const char *newline = written > 0 ? memrchr(bytes, '\n', written) : NULL;
	const size_t whole = newline ? (size_t)(newline + 1 - bytes) : 0;
	struct stat st;

	if (log->regular && fstat(log->fd, &st) == 0 &&
	    st.st_size == log->size + (int64_t)written &&
	    ftruncate(log->fd, log->size + (int64_t)whole) == 0)
		log->size += (int64_t)whole;
	return whole;
}

int logfile_append(struct logfile *log, char *bytes, size_t len, size_t *ret_written)
{
	const size_t heal = log->torn;
	size_t written = 0;
	int err = 0;

	if (heal)
		*--bytes = '\n';
	len += heal;
	if (!log->regular) {
		err = fd_write_full(log->fd, bytes, len);
		*ret_written = err < 0 ? 0 : len;
		return err;
	}
	while (written < len) {
		const ssize_t n = write(log->fd, bytes + written, len - written);

		if (n < 0 && errno != EINTR) {
			err = -errno;
			break;
		}
		written += n > 0 ? (size_t)n : 0;
	}
	if (err < 0) {
		written = roll_back(log, bytes, written);
		/* Of a heal alone nothing stays. */
		if (heal && written == 1 && ftruncate(log->fd, log->size - 1) == 0)
			written = 0;
	} else {
		log->size += (int64_t)len;
		log->torn = false;
	}
	*ret_written = written > heal ? written - heal : 0;
	return err;
}

int logfile_name(char name[static NAME_LEN], const char *path, int64_t n)
{
	const int len = snprintf(name, NAME_LEN, "%s.%lld", path, (long long)n);

	return len < 0 || len >= NAME_LEN ? -ENAMETOOLONG : 0;
}

static int rename_number(const char *path, int64_t from)
{
	char old[NAME_LEN], new[NAME_LEN];
	int err = logfile_name(new, path, from + 1);

	if (err >= 0 && from > 0)
		err = logfile_name(old, path, from);
	if (err < 0)
		return err;
	if (rename(from > 0 ? old : path, new) < 0)
		return errno == ENOENT && from > 0 ? 0 : -errno;
	return 0;
}

/* Up to the first number that is free, so that a gap stops the shift. */
static int64_t first_gap(const char *path, int64_t keep)
{
	char name[NAME_LEN];
	int64_t n = 1;

	while (n < keep && logfile_name(name, path, n) == 0 && access(name, F_OK) == 0)
		n++;
	return n;
}

/* A new file where there is none: with what the old one had. Another writer may have been faster. */
static int create_like(const char *path, int old)
{
	scoped(fd_drop) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct keep_lost lost;

	if (fd < 0)
		return errno == EEXIST ? 0 : -errno;
	return keep_metadata(fd, old, &lost);
}

int logfile_rotate(struct logfile *log, int64_t keep)
{
	int err = 0;

	for (int64_t n = first_gap(log->path, keep) - 1; n >= 0 && err >= 0; n--)
		err = rename_number(log->path, n);
	if (err >= 0)
		err = create_like(log->path, log->fd);
	if (err >= 0)
		logfile_drop(log);
	return err;
}

int logfile_sync(const struct logfile *log)
{
	scoped(place_drop) struct place place = PLACE_NONE;
	int err;

	if (!log->regular)
		return 0;
	do
		err = fdatasync(log->fd) < 0 ? -errno : 0;
	while (err == -EINTR);
	if (err < 0)
		return err;
	err = place_open(&place, log->path, true);
	return err < 0 ? err : place_sync(&place, log->fd);
}
