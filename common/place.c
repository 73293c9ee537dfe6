/* From a path to a directory and a name. */
#include "common/place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/fd.h"

/* As the kernel has it (path_resolution(7)). */
#define LINKS_MAX 40

void place_drop(struct place *place)
{
	fd_drop(&place->dir);
}

/* Open the directory `path` (relative to dir) as well as it lets us. */
static int open_dir(struct place *place, int dir, const char *path)
{
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	place->blind = fd < 0 && errno == EACCES;
	if (place->blind)
		fd = openat(dir, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	fd_drop(&place->dir);
	place->dir = fd;
	return 0;
}

static bool names_directory(const char *name)
{
	return *name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Take one more path, relative to where the place is now. */
static int enter(struct place *place, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	unzeroed char dir[PATH_MAX];
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (*path == '\0')
		return -ENOENT;
	if (names_directory(name))
		return -EISDIR;
	if (strlen(name) >= sizeof(place->name) || len >= sizeof(dir))
		return -ENAMETOOLONG;
	memcpy(place->name, name, strlen(name) + 1);
	if (!slash && place->dir >= 0)
		return 0;
	memcpy(dir, path, len);
	dir[len] = '\0';
	return open_dir(place, place->dir >= 0 ? place->dir : AT_FDCWD,
			len > 0 ? dir
			: slash ? "/"
				: ".");
}

/* A link of /proc is not the text it shows: it is an open file, which may have no name at all. */
static bool is_magic(const struct place *place)
{
	struct statfs fs;

	return fstatfs(place->dir, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

/* Does the kernel let us follow this link? Its target need not be there. */
static int ask_kernel(const struct place *place)
{
	int fd = openat(place->dir, place->name, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	fd_drop(&fd);
	return 0;
}

/* Follow the symlink that the place names, one step. Returns 1 when there is none, 0 or -errno. */
static int follow_link(struct place *place)
{
	unzeroed char text[PATH_MAX];
	ssize_t len = readlinkat(place->dir, place->name, text, sizeof(text));
	int err;

	if (len < 0)
		return errno == EINVAL || errno == ENOENT ? 1 : -errno;
	if ((size_t)len == sizeof(text))
		return -ENAMETOOLONG;
	text[len] = '\0';
	if (is_magic(place))
		return -EBADF;
	err = ask_kernel(place);
	return err < 0 ? err : enter(place, text);
}

int place_open(struct place *ret, const char *path, bool follow)
{
	scoped(place_drop) struct place place = PLACE_NONE;
	int err = enter(&place, path);

	for (int links = 0; follow && err == 0; links++)
		err = links == LINKS_MAX ? -ELOOP : follow_link(&place);
	if (err < 0)
		return err;
	*ret = place;
	place.dir = -1;
	return 0;
}

int place_writable(const struct place *place)
{
	/* The system call: glibc's faccessat tries a newer one first and takes EPERM from a sandbox that
	 * does not know it for an answer. */
	return syscall(SYS_faccessat, place->dir, place->name, W_OK) < 0 ? -errno : 0;
}

int place_fsync(int fd)
{
	while (fsync(fd) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

int place_sync(const struct place *place, int file)
{
	int err = place->blind ? -EINVAL : place_fsync(place->dir);

	if (err != -EINVAL && err != -ENOTSUP)
		return err;
	return syncfs(file) < 0 ? -errno : 0;
}
