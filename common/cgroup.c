/* The one figure that tells an OOM kill from any other SIGKILL. */
#include "common/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fd.h"

/* The number behind "oom_kill " at the start of a line of the file, or -errno. */
static int64_t read_counter(const char *path)
{
	unzeroed char text[2048];
	ssize_t len = fd_read_file(AT_FDCWD, path, text, sizeof(text));
	const char *line = text;

	if (len < 0)
		return len;
	while (line && strncmp(line, "oom_kill ", 9) != 0) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return line ? strtoll(line + 9, NULL, 10) : -ENOENT;
}

/* Find the line of /proc/self/cgroup that contains mark and read the counter below mount. */
static int64_t read_below(const char *groups, const char *mark, const char *mount, const char *file)
{
	const char *path = strstr(groups, mark);
	unzeroed char full[PATH_MAX];

	if (!path)
		return -ENOENT;
	path += strlen(mark);
	if (snprintf(full, sizeof(full), "%s%.*s/%s", mount, (int)strcspn(path, "\n"), path,
		     file) >= (int)sizeof(full))
		return -ENAMETOOLONG;
	return read_counter(full);
}

int64_t cgroup_oom_kills(void)
{
	unzeroed char groups[4096];
	ssize_t len = fd_read_file(AT_FDCWD, "/proc/self/cgroup", groups, sizeof(groups));
	int64_t kills;

	if (len < 0)
		return len;
	kills = read_below(groups, "0::", "/sys/fs/cgroup", "memory.events");
	if (kills < 0)
		kills = read_below(groups, ":memory:", "/sys/fs/cgroup/memory",
				   "memory.oom_control");
	return kills;
}
