#ifndef PK_WATCH_LISTS_H
#define PK_WATCH_LISTS_H

#include <stdbool.h>

#include "common/base.h"
#include "rules.h"

/* Which ignore files a directory is known to have. */
struct lists_present {
	bool git, gitignore, ignore; /* entries `.git`, `.gitignore`, `.ignore` */
};

/*
 * Read the ignore lists of the directory open as dirfd into one: `.git/info/exclude`, `.gitignore`
 * (inside a work tree), `.ignore`, later ones deciding. What cannot be read is passed over. Returns 0
 * with *ret set (NULL: nothing), or -ENOMEM.
 */
must_check int lists_read(int dirfd, struct lists_present present, bool in_git, struct rules **ret);

/* Look which of them the directory has. */
struct lists_present lists_look(int dirfd);

#endif
