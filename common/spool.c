/* Files without a name. */
#include "common/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *directory(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && dir[0] == '/' ? dir : "/tmp";
}

static int open_unnamed(void)
{
	int fd = openat(AT_FDCWD, directory(), O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

/* For file systems without O_TMPFILE (overlayfs before Linux 6.3, NFS): the name is gone at once. */
static int open_unlinked(const char *name)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s-XXXXXX", directory(), name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (unlink(path) < 0) {
		int err = -errno;

		(void)close(fd); /* nothing was written to it */
		return err;
	}
	return fd;
}

static int open_memory(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int spool_open(const char *name)
{
	int fd = open_unnamed(), err = fd;

	if (fd < 0)
		fd = open_unlinked(name);
	if (fd < 0)
		fd = open_memory(name);
	return fd < 0 ? err : fd;
}

int spool_open_small(const char *name)
{
	int fd = open_memory(name);

	return fd < 0 ? spool_open(name) : fd;
}

int spool_clear(int fd)
{
	if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	return 0;
}
