/* Jobs under way. */
#include "flights.h"

#include <errno.h>
#include <stdlib.h>

/* Memory for one job's items that is kept for the next. */
#define KEPT_MOST 4096

int flights_open(struct flights *flights, int size)
{
	*flights =
		(struct flights){.all = calloc((size_t)size, sizeof(*flights->all)), .size = size};
	return flights->all ? 0 : -ENOMEM;
}

void flights_drop(struct flights *flights)
{
	for (int i = 0; flights->all && i < flights->size; i++)
		buf_drop(&flights->all[i].items);
	free(flights->all);
	*flights = (struct flights){0};
}

struct flight *flights_find(const struct flights *flights, int64_t seq)
{
	for (int i = 0; i < flights->size; i++)
		if (flights->all[i].seq == seq)
			return &flights->all[i];
	return NULL;
}

struct flight *flights_add(struct flights *flights, int64_t seq, const char *items, size_t len,
			   size_t count)
{
	struct flight *flight = flights_find(flights, 0);

	if (!flight)
		return NULL;
	flight->items.cap = SIZE_MAX / 4;
	flight->items.len = 0;
	if (buf_add(&flight->items, items, len) < 0)
		return NULL;
	flight->seq = seq;
	flight->slot = -1;
	flight->count = count;
	flights->used++;
	return flight;
}

struct flight *flights_any(const struct flights *flights)
{
	for (int i = 0; i < flights->size; i++)
		if (flights->all[i].seq > 0)
			return &flights->all[i];
	return NULL;
}

int flights_running(const struct flights *flights)
{
	int count = 0;

	for (int i = 0; i < flights->size; i++)
		count += flights->all[i].seq > 0 && flights->all[i].slot >= 0;
	return count;
}

const struct flight *flights_oldest(const struct flights *flights)
{
	const struct flight *oldest = NULL;

	for (int i = 0; i < flights->size; i++) {
		const struct flight *flight = &flights->all[i];

		if (flight->seq > 0 && flight->slot >= 0 &&
		    (!oldest || flight->started < oldest->started))
			oldest = flight;
	}
	return oldest;
}

void flights_remove(struct flights *flights, struct flight *flight)
{
	flight->seq = 0;
	flights->used--;
	if (flight->items.size > KEPT_MOST)
		buf_drop(&flight->items);
}
