/* What is mounted below the PATHs. */
#include "mounted.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>

#include "common/fd.h"
#include "mounts.h"
#include "polling.h"
#include "roots.h"
#include "walk.h"

void mounted_look(struct watchset *set)
{
	uint64_t all = 0;

	for (size_t i = 0; i < set->root_count && set->plan->poll == 0; i++) {
		const char *path = set->roots[i].path[0] ? set->roots[i].path : ".";
		scoped(fd_drop) int fd = open(path, O_PATH | O_CLOEXEC);
		char real[PATH_MAX];
		uint64_t below = 0;

		if (fd >= 0 && mounts_is_remote(fd))
			set->roots[i].remote = set->remote = true;
		if (set->mounts >= 0 && realpath(path, real) &&
		    mounts_below(set->mounts, real, &below) == 0)
			all += below;
	}
	set->mounted = all;
}

void watchset_mounts(struct watchset *set)
{
	const uint64_t before = set->mounted;

	mounted_look(set);
	if (set->mounted == before)
		return;
	for (size_t i = 0; i < set->root_count; i++) {
		struct root *root = &set->roots[i];

		root->dirty = true;
		/* Directories that are others now get their watches, and are reported. */
		if (root->dir != DIR_NONE)
			(void)!walk_tree(set, root->dir, VISIT_SINCE);
	}
	roots_refresh(set);
	(void)!poll_prime(set);
}
