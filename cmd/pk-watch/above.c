/* The ignore lists between the top of a work tree and a PATH inside it. */
#include "above.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "lists.h"

/* The directory at path, cut at len: its lists, which are to see paths with lead in front. */
static int read_one(struct watchset *set, const char *path, const char *lead)
{
	scoped(fd_drop) int fd = open(path[0] ? path : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct above *above;
	struct rules *rules = NULL;
	int err = fd < 0 ? 0 : lists_read(fd, lists_look(fd), true, &rules);

	if (err < 0 || !rules)
		return err;
	above = realloc(set->above, (set->above_count + 1) * sizeof(*above));
	if (above) {
		set->above = above;
		above[set->above_count] = (struct above){.rules = rules, .lead = strdup(lead)};
		if (above[set->above_count].lead) {
			set->above_count++;
			return 0;
		}
	}
	rules_drop(&rules);
	return -ENOMEM;
}

/* Where the last component of path begins, or NULL at `/`. */
static char *last_slash(char *path)
{
	return path[0] ? strrchr(path, '/') : NULL;
}

static bool has_git(const char *path)
{
	char git[PATH_MAX + 8];

	(void)snprintf(git, sizeof(git), "%s/.git", path);
	return access(git, F_OK) == 0;
}

/* Length of the path of the nearest directory, path or above, that has a `.git`; 0: none. */
static size_t work_tree(const char *path, bool *ret_found)
{
	char at[PATH_MAX];
	char *slash;

	(void)snprintf(at, sizeof(at), "%s", path);
	while (!(*ret_found = has_git(at)) && (slash = last_slash(at)))
		*slash = '\0';
	return strlen(at);
}

int above_read(struct watchset *set, struct root *root)
{
	char path[PATH_MAX], up[PATH_MAX];
	size_t top;
	int err = 0;

	root->above = set->above_count;
	if (!realpath(root->path[0] ? root->path : ".", path))
		return 0;
	if (strcmp(path, "/") == 0)
		path[0] = '\0';
	top = work_tree(path, &root->in_git);
	if (!root->in_git)
		return 0;
	for (size_t len = top; len < strlen(path) && err >= 0;
	     len += 1 + strcspn(path + len + 1, "/")) {
		memcpy(up, path, len);
		up[len] = '\0';
		err = read_one(set, up, path + len + 1);
	}
	root->above_count = set->above_count - root->above;
	return err;
}

void above_drop(struct watchset *set)
{
	for (size_t i = 0; i < set->above_count; i++) {
		rules_drop(&set->above[i].rules);
		free(set->above[i].lead);
	}
	free(set->above);
}
