/* Walking a PATH from its beginning, as path_resolution(7) does, with a watch on each step. */
#include "way.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as the kernel's own limit, path_resolution(7) */
#define SELF_MASK (IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR | IN_MASK_ADD)
#define NAME_MASK (SELF_MASK | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)
#define FILE_MASK (NAME_MASK | IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB)

/* Watch one step: a name in the directory `at`, or ("") that directory itself. */
static int watch_step(struct watchset *set, int root, const char *at, const char *name,
		      bool is_last)
{
	const uint32_t mask = is_last ? FILE_MASK : name[0] ? NAME_MASK : SELF_MASK;
	struct waypoint point = {.root = root, .is_last = is_last};

	if (set->inotify < 0 || set->roots[root].remote)
		return 0;
	point.wd = inotify_add_watch(set->inotify, at, mask);
	if (point.wd >= 0)
		return waypoints_add(&set->waypoints, point, name);
	/* A directory on the way may be unreadable, or the limit be reached: then the PATH is only less
	 * well guarded against being replaced. The PATH's own errors show up elsewhere. */
	if (is_last && (errno == ENOSPC || errno == ENOMEM)) {
		set->roots[root].remote = true;
		set->news.limited = true;
		set->news.limit_errno = ENOSPC;
	}
	return 0;
}

/* What is left to walk: rest is the unread part of the path, at the directory reached. */
struct way {
	char at[PATH_MAX];
	char rest[PATH_MAX];
	int links;
};

/* The next step of the way into name (at most NAME_MAX bytes); false at the end. */
static bool next_step(struct way *way, char name[static NAME_MAX + 2])
{
	const char *step = way->rest + strspn(way->rest, "/");
	size_t len = strcspn(step, "/");

	if (len == 0)
		return false;
	len = len > NAME_MAX + 1 ? NAME_MAX + 1 : len;
	memcpy(name, step, len);
	name[len] = '\0';
	memmove(way->rest, step + len, strlen(step + len) + 1);
	return true;
}

static int append(char path[static PATH_MAX], const char *name)
{
	size_t at = strlen(path), len = strlen(name);
	bool slash = at > 0 && path[at - 1] != '/';

	if (at + slash + len >= PATH_MAX)
		return -ENAMETOOLONG;
	if (slash)
		path[at++] = '/';
	memcpy(path + at, name, len + 1);
	return 0;
}

/* Put the text of the link `path` in front of what is left. */
static int follow_link(struct way *way, const char *path)
{
	char text[PATH_MAX];
	ssize_t n = readlink(path, text, sizeof(text) - 1);
	size_t rest = strlen(way->rest);

	if (n < 0)
		return -errno;
	if (++way->links > LINKS_MAX)
		return -ELOOP;
	if ((size_t)n + rest + 2 > PATH_MAX)
		return -ENAMETOOLONG;
	memmove(way->rest + n + 1, way->rest, rest + 1);
	memcpy(way->rest, text, (size_t)n);
	way->rest[n] = '/';
	if (text[0] == '/')
		memcpy(way->at, "/", 2);
	return 0;
}

static const char *here(const struct way *way)
{
	return way->at[0] ? way->at : ".";
}

/*
 * Take one step, watched before it is looked at. Returns 1 to go on, 0 at the end with *ret the
 * status of what is there (st_nlink 0: nothing), or -errno.
 */
static int take_step(struct watchset *set, int root, struct way *way, struct stat *ret)
{
	char name[NAME_MAX + 2], path[PATH_MAX];
	bool is_last;
	int err;

	if (!next_step(way, name)) {
		err = watch_step(set, root, here(way), "", false);
		return err < 0 ? err : stat(here(way), ret) < 0 ? -errno : 0;
	}
	if (strcmp(name, ".") == 0)
		return 1;
	memcpy(path, way->at, sizeof(path));
	err = append(path, name);
	if (err >= 0)
		err = watch_step(set, root, here(way), "", false);
	if (err < 0)
		return err;
	/* Most steps are directories, and those speak for themselves when they are moved. */
	if (lstat(path, ret) == 0 && S_ISDIR(ret->st_mode)) {
		memcpy(way->at, path, sizeof(path));
		return 1;
	}
	is_last = way->rest[strspn(way->rest, "/")] == '\0';
	err = watch_step(set, root, here(way), name, is_last);
	if (err < 0)
		return err;
	if (lstat(path, ret) < 0) {
		*ret = (struct stat){0};
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	}
	if (S_ISLNK(ret->st_mode)) {
		err = follow_link(way, path);
		return err < 0 ? err : 1;
	}
	memcpy(way->at, path, sizeof(path));
	if (S_ISDIR(ret->st_mode))
		return 1;
	if (is_last)
		return 0;
	*ret = (struct stat){0};
	return 0;
}

int way_walk(struct watchset *set, int root, struct stat *ret)
{
	const char *path = set->roots[root].path;
	const size_t len = strlen(path);
	struct way way = {.links = 0};
	int more;

	if (len >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(way.rest, path, len + 1);
	/* A relative way begins nowhere: the current directory may move. */
	way.at[0] = path[0] == '/' ? '/' : '\0';
	do
		more = take_step(set, root, &way, ret);
	while (more > 0);
	if (more == -ENOENT || more == -ENOTDIR) {
		*ret = (struct stat){0};
		more = 0;
	}
	return more;
}
