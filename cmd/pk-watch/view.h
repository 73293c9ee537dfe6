#ifndef PK_WATCH_VIEW_H
#define PK_WATCH_VIEW_H

#include <limits.h>
#include <stdbool.h>

#include "common/base.h"
#include "watchset.h"

/*
 * A watched directory as the place where names are judged: its path and the ignore lists that apply,
 * copied out of the forest so that threads can judge without the lock.
 */
#define VIEW_LISTS_MAX 48

struct view {
	const struct watchset *set;
	const struct root *root;
	size_t len;    /* of the path, with the slash behind it */
	size_t within; /* where the part below the root begins */
	size_t count;
	struct {
		const struct rules *rules;
		size_t skip;	 /* where the part below the list's directory begins */
	} lists[VIEW_LISTS_MAX]; /* nearest first */
	char path[PATH_MAX];
};

/* Look at dir. Returns 0 or -ENAMETOOLONG. */
must_check int view_at(struct view *view, const struct watchset *set, int dir);

/*
 * Put a name behind the path. Returns the length of the whole or -ENAMETOOLONG. The functions below
 * are about this name.
 */
must_check int view_name(struct view *view, const char *name);

/* Is it ignored? The nearest list that has an opinion decides. */
bool view_ignores(const struct view *view, bool is_dir);

/* Is it one of those that -e and -f ask for, or below one? */
bool view_selects(const struct view *view, bool is_dir);

#endif
