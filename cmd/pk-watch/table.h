#ifndef PK_WATCH_TABLE_H
#define PK_WATCH_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

/*
 * A hash table of numbers >= 0, which stand for things of the caller's: it knows their hashes, and the
 * caller compares. {0} is an empty table. Pure.
 *
 *	for (int item = table_first(&table, hash, &at); item >= 0; item = table_next(&table, hash, &at))
 *		if (is_wanted(item))
 *			return item;
 */
struct table {
	struct table_slot *slots;
	size_t size, used;
};

/* FNV-1a, begun with a seed. */
uint32_t table_hash(uint32_t seed, const char *bytes, size_t len);

void table_drop(struct table *table);

/* Forget all items, keep the memory. */
void table_clear(struct table *table);

/* Put an item in. Returns 0 or -ENOMEM. */
must_check int table_add(struct table *table, uint32_t hash, int item);

/* Take an item out again, if it is there. */
void table_take(struct table *table, uint32_t hash, int item);

/* The first item with that hash, and the next ones; -1 when there is none. */
int table_first(const struct table *table, uint32_t hash, size_t *ret_at);
int table_next(const struct table *table, uint32_t hash, size_t *at);

#endif
