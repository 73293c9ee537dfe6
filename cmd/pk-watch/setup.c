/* From the command line into the set. */
#include "setup.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What editors and version control write beside the files of interest; --help shows the list too. */
static const char built_in[] = ".git\n.hg\n.svn\n.jj\nnode_modules\n__pycache__\n.DS_Store\n*."
			       "swp\n*.swx\n*~\n.#*\n\\#*#\n4913\n";

/* The path without slashes at its end; owned by the root. */
static char *trim_path(const char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	return strndup(path, len);
}

/*
 * How much of a path below the root the patterns of -i, -e and -f do not see: they are relative to
 * the current directory, or to the PATH when it leads elsewhere.
 */
static size_t bytes_unseen(const char *path)
{
	size_t skip = 0;

	if (path[0] == '/' || strcmp(path, "..") == 0 || strncmp(path, "../", 3) == 0 ||
	    strstr(path, "/../"))
		return strlen(path) + (strcmp(path, "/") != 0);
	while (path[skip] == '.' && (path[skip + 1] == '/' || path[skip + 1] == '\0')) {
		skip++;
		skip += strspn(path + skip, "/");
	}
	/* "." alone is followed by the slash of what is below it. */
	return strcmp(path, ".") == 0 ? 2 : skip;
}

static int make_roots(struct watchset *set)
{
	const struct plan *plan = set->plan;

	set->roots = calloc(plan->path_count + 1, sizeof(*set->roots));
	if (!set->roots)
		return -ENOMEM;
	for (size_t i = 0; i < plan->path_count; i++) {
		struct root *root = &set->roots[set->root_count];
		char *path = trim_path(plan->paths[i]);

		if (!path)
			return -ENOMEM;
		*root = (struct root){.path = path, .dir = DIR_NONE, .skip = bytes_unseen(path)};
		set->root_count++;
	}
	return 0;
}

static int parse_lists(struct watchset *set)
{
	const struct plan *plan = set->plan;
	int err = 0;

	if (!plan->no_ignore)
		err = rules_parse(built_in, sizeof(built_in) - 1, &set->built_in);
	if (err >= 0 && plan->ignores.len > 0)
		err = rules_parse(plan->ignores.bytes, plan->ignores.len, &set->ignores);
	if (err >= 0 && plan->selects.len > 0)
		err = rules_parse(plan->selects.bytes, plan->selects.len, &set->selects);
	return err;
}

int setup_plan(struct watchset *set)
{
	int err = make_roots(set);

	return err < 0 ? err : parse_lists(set);
}

/* By inode and, to compare cheaply, by name. */
void setup_own(struct watchset *set, const int fds[static 4])
{
	for (size_t i = 0; i < array_len(set->own); i++) {
		char link[40], path[PATH_MAX];
		const char *slash;
		struct stat st;
		ssize_t n;

		if (fds[i] < 0 || fstat(fds[i], &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fds[i]);
		n = readlink(link, path, sizeof(path) - 1);
		if (n < 0)
			continue;
		path[n] = '\0';
		slash = strrchr(path, '/');
		set->own[i] =
			(struct own_output){st.st_dev, st.st_ino, slash ? strdup(slash + 1) : NULL};
	}
}

void setup_drop(struct watchset *set)
{
	for (size_t i = 0; i < set->root_count; i++)
		free(set->roots[i].path);
	free(set->roots);
	for (size_t i = 0; i < array_len(set->own); i++)
		free(set->own[i].name);
	rules_drop(&set->built_in);
	rules_drop(&set->ignores);
	rules_drop(&set->selects);
}
