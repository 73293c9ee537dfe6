/* From changes to the moment of a run. */
#include "debounce.h"

#include "common/clock.h"

void debounce_clear(struct debounce *debounce)
{
	debounce->first = debounce->last = NS_NEVER;
}

void debounce_note(struct debounce *debounce, int64_t now)
{
	if (debounce->first == NS_NEVER)
		debounce->first = now;
	debounce->last = now;
}

int64_t debounce_due(const struct debounce *debounce, bool held)
{
	int64_t latest;

	if (debounce->first == NS_NEVER)
		return NS_NEVER;
	latest = ns_add(debounce->first, debounce->max_wait);
	return held ? latest : ns_min(ns_add(debounce->last, debounce->quiet), latest);
}
