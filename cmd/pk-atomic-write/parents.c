/* Missing parent directories, one after another and each durable. */
#include "parents.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/place.h"

/* Make `name` in the directory, which then becomes it. */
static int descend(struct place *place, const char *name, bool durable)
{
	int err = mkdirat(place->dir, name, 0777) < 0 ? -errno : 0, fd;
	bool blind = false;

	if (err < 0 && err != -EEXIST)
		return err;
	fd = openat(place->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == EACCES) {
		fd = openat(place->dir, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		blind = true;
	}
	if (fd < 0)
		return -errno;
	err = err == 0 && durable ? place_sync(place, fd) : 0;
	fd_drop(&place->dir);
	place->dir = fd;
	place->blind = blind;
	return err;
}

int parents_make(const char *path, bool durable)
{
	scoped(place_drop) struct place place = PLACE_NONE;
	char name[NAME_MAX + 1];
	int err = 0;

	place.dir = open(*path == '/' ? "/" : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (place.dir < 0)
		return -errno;
	for (const char *slash; err == 0 && (slash = strchr(path, '/')); path = slash + 1) {
		size_t len = (size_t)(slash - path);

		if (len == 0)
			continue;
		if (len > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, path, len);
		name[len] = '\0';
		err = descend(&place, name, durable);
	}
	return err;
}
