/* What the cgroup tells: OOM kills, and how much CPU there is. */
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

/* A file that holds a number of microseconds, or -errno. */
static int64_t read_number(const char *dir, const char *file)
{
	char path[PATH_MAX], text[64];

	if (snprintf(path, sizeof(path), "%s/%s", dir, file) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	return fd_read_file(AT_FDCWD, path, text, sizeof(text)) > 0 ? strtoll(text, NULL, 10)
								    : -ENOENT;
}

static int64_t thousandths(int64_t quota, int64_t period)
{
	return quota > 0 && period > 0 && quota < INT64_MAX / 1000 ? quota * 1000 / period
								   : -ENOENT;
}

/* cpu.max is "QUOTA PERIOD", or "max PERIOD" without a limit (cgroups(7)). */
static int64_t quota_v2(const char *dir)
{
	char path[PATH_MAX], text[64], *end;
	int64_t quota;

	if (snprintf(path, sizeof(path), "%s/cpu.max", dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	if (fd_read_file(AT_FDCWD, path, text, sizeof(text)) <= 0)
		return -ENOENT;
	quota = strtoll(text, &end, 10);
	return end == text ? -ENOENT : thousandths(quota, strtoll(end, NULL, 10));
}

static int64_t quota_v1(const char *dir)
{
	return thousandths(read_number(dir, "cpu.cfs_quota_us"),
			   read_number(dir, "cpu.cfs_period_us"));
}

/* The least quota from the group of the line with `mark` up to the mount. */
static int64_t least_quota(const char *groups, const char *mark, const char *mount,
			   int64_t (*quota_of)(const char *dir))
{
	const char *path = strstr(groups, mark);
	int64_t least = -ENOENT;
	char dir[PATH_MAX];

	if (!path)
		return -ENOENT;
	path += strlen(mark);
	if (snprintf(dir, sizeof(dir), "%s%.*s", mount, (int)strcspn(path, "\n"), path) >=
	    (int)sizeof(dir))
		return -ENAMETOOLONG;
	for (;;) {
		const int64_t quota = quota_of(dir);
		char *slash = strrchr(dir + strlen(mount), '/');

		if (quota > 0 && (least < 0 || quota < least))
			least = quota;
		if (!slash)
			return least;
		*slash = '\0';
	}
}

int64_t cgroup_cpu_quota(void)
{
	char groups[4096];
	int64_t quota;

	if (fd_read_file(AT_FDCWD, "/proc/self/cgroup", groups, sizeof(groups)) < 0)
		return -ENOENT;
	quota = least_quota(groups, "0::", "/sys/fs/cgroup", quota_v2);
	if (quota < 0)
		quota = least_quota(groups, ":cpu,cpuacct:", "/sys/fs/cgroup/cpu,cpuacct",
				    quota_v1);
	return quota < 0 ? least_quota(groups, ":cpu:", "/sys/fs/cgroup/cpu", quota_v1) : quota;
}
