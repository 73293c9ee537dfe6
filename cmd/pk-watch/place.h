#ifndef PK_WATCH_PLACE_H
#define PK_WATCH_PLACE_H

#include <limits.h>
#include <stdbool.h>

#include "common/base.h"
#include "watchset.h"

/*
 * A watched directory as the place where names are judged: its path and the ignore lists that apply,
 * copied out of the forest so that threads can judge without the lock.
 */
#define PLACE_LISTS_MAX 48

struct place {
	const struct watchset *set;
	const struct root *root;
	size_t len;    /* of the path, with the slash behind it */
	size_t within; /* where the part below the root begins */
	size_t count;
	struct {
		const struct rules *rules;
		size_t skip; /* where the part below the list's directory begins */
	} lists[PLACE_LISTS_MAX]; /* nearest first */
	char path[PATH_MAX];
};

/* Look at dir. Returns 0 or -ENAMETOOLONG. */
must_check int place_at(struct place *place, const struct watchset *set, int dir);

/*
 * Put a name behind the path. Returns the length of the whole or -ENAMETOOLONG. The functions below
 * are about this name.
 */
must_check int place_name(struct place *place, const char *name);

/* Is it ignored? The nearest list that has an opinion decides. */
bool place_ignores(const struct place *place, bool is_dir);

/* Is it one of those that -e and -f ask for, or below one? */
bool place_selects(const struct place *place, bool is_dir);

#endif
