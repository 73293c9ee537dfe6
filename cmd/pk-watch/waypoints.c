/* Watches on the ways to the PATHs. */
#include "waypoints.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void waypoints_drop(struct waypoints *points)
{
	for (size_t i = 0; i < points->count; i++)
		free(points->all[i].name);
	free(points->all);
	table_drop(&points->by_event);
	*points = (struct waypoints){0};
}

static int make_room(struct waypoints *points)
{
	size_t size = points->size ? points->size * 2 : 16;
	struct waypoint *all;

	if (points->count < points->size)
		return 0;
	all = realloc(points->all, size * sizeof(*all));
	if (!all)
		return -ENOMEM;
	points->all = all;
	points->size = size;
	return 0;
}

int waypoints_add(struct waypoints *points, struct waypoint point, const char *name)
{
	int err = make_room(points);

	if (err < 0)
		return err;
	point.len = strlen(name);
	point.hash = table_hash((uint32_t)point.wd, name, point.len);
	point.name = strdup(name);
	if (!point.name)
		return -ENOMEM;
	err = table_add(&points->by_event, point.hash, (int)points->count);
	if (err < 0)
		free(point.name);
	else
		points->all[points->count++] = point;
	return err;
}

void waypoints_forget(struct waypoints *points, int root)
{
	size_t kept = 0;

	table_clear(&points->by_event);
	for (size_t i = 0; i < points->count; i++) {
		if (points->all[i].root == root) {
			free(points->all[i].name);
			continue;
		}
		points->all[kept] = points->all[i];
		/* There was room for as many before. */
		(void)!table_add(&points->by_event, points->all[kept].hash, (int)kept);
		kept++;
	}
	points->count = kept;
}

bool waypoints_use(const struct waypoints *points, int wd)
{
	for (size_t i = 0; i < points->count; i++)
		if (points->all[i].wd == wd)
			return true;
	return false;
}

/* The one at index i, or the next behind it that is meant; -1 is the end. */
static const struct waypoint *pick(const struct waypoints *points, int i, struct waypoint_at *at)
{
	for (; i >= 0; i = table_next(&points->by_event, at->hash, &at->at)) {
		const struct waypoint *point = &points->all[i];

		if (point->wd == at->wd && point->len == at->len &&
		    memcmp(point->name, at->name, at->len) == 0)
			return point;
	}
	return NULL;
}

const struct waypoint *waypoints_first(const struct waypoints *points, int wd, const char *name,
				       struct waypoint_at *ret_at)
{
	const size_t len = strlen(name);

	*ret_at = (struct waypoint_at){
		.wd = wd, .name = name, .len = len, .hash = table_hash((uint32_t)wd, name, len)};
	return pick(points, table_first(&points->by_event, ret_at->hash, &ret_at->at), ret_at);
}

const struct waypoint *waypoints_next(const struct waypoints *points, struct waypoint_at *at)
{
	return pick(points, table_next(&points->by_event, at->hash, &at->at), at);
}
