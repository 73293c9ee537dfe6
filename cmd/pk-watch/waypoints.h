#ifndef PK_WATCH_WAYPOINTS_H
#define PK_WATCH_WAYPOINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "table.h"

/*
 * The watches that are there for the PATHs themselves, by what an event says: a watch descriptor and
 * a name. {0} is empty.
 */
struct waypoint {
	int wd;
	int root;     /* number of the PATH */
	bool is_last; /* the name is that of the PATH's file */
	size_t len;   /* of the name; 0: the directory itself is moved or deleted */
	char *name;   /* owned */
	uint32_t hash;
};

struct waypoints {
	struct waypoint *all;
	size_t count, size;
	struct table by_event;
};

void waypoints_drop(struct waypoints *points);

/* Add one; wd, root and is_last are taken from point. Returns 0 or -ENOMEM. */
must_check int waypoints_add(struct waypoints *points, struct waypoint point, const char *name);

/* Forget those of a PATH. */
void waypoints_forget(struct waypoints *points, int root);

/* Does one use the watch? */
bool waypoints_use(const struct waypoints *points, int wd);

/* Those that an event of wd with that name is about, one after another; NULL at the end. */
struct waypoint_at {
	int wd;
	const char *name;
	size_t len, at;
	uint32_t hash;
};
const struct waypoint *waypoints_first(const struct waypoints *points, int wd, const char *name,
				       struct waypoint_at *ret_at);
const struct waypoint *waypoints_next(const struct waypoints *points, struct waypoint_at *at);

#endif
