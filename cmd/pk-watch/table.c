/* Open addressing with linear probing; the hashes are kept, so that nobody is asked for them again. */
#include "table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_LEAST 64

struct table_slot {
	uint32_t hash;
	int item; /* + 1; 0: empty */
};

uint32_t table_hash(uint32_t seed, const char *bytes, size_t len)
{
	uint32_t hash = UINT32_C(2166136261) ^ seed * UINT32_C(0x9e3779b9);

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * UINT32_C(16777619);
	return hash ^ hash >> 15;
}

void table_drop(struct table *table)
{
	free(table->slots);
	*table = (struct table){0};
}

void table_clear(struct table *table)
{
	if (table->used > 0)
		memset(table->slots, 0, table->size * sizeof(*table->slots));
	table->used = 0;
}

static void put(struct table *table, struct table_slot slot)
{
	size_t at = slot.hash & (table->size - 1);

	while (table->slots[at].item != 0)
		at = (at + 1) & (table->size - 1);
	table->slots[at] = slot;
	table->used++;
}

/* Room for one more at a load of at most two thirds. */
static int grow(struct table *table)
{
	struct table bigger = {.size = table->size ? table->size * 2 : SIZE_LEAST};

	if (3 * (table->used + 1) <= 2 * table->size)
		return 0;
	bigger.slots = calloc(bigger.size, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < table->size; i++)
		if (table->slots[i].item != 0)
			put(&bigger, table->slots[i]);
	free(table->slots);
	*table = bigger;
	return 0;
}

int table_add(struct table *table, uint32_t hash, int item)
{
	int err = grow(table);

	if (err >= 0)
		put(table, (struct table_slot){.hash = hash, .item = item + 1});
	return err;
}

/* Linear probing leaves no hole: what stands behind is moved up when it may. */
static void close_gap(struct table *table, size_t at)
{
	const size_t mask = table->size - 1;

	for (size_t next = (at + 1) & mask; table->slots[next].item != 0;
	     next = (next + 1) & mask) {
		size_t home = table->slots[next].hash & mask;

		if (((next - home) & mask) >= ((next - at) & mask)) {
			table->slots[at] = table->slots[next];
			at = next;
		}
	}
	table->slots[at].item = 0;
	table->used--;
}

void table_take(struct table *table, uint32_t hash, int item)
{
	for (size_t at = hash; table->size > 0; at++) {
		const struct table_slot *slot = &table->slots[at & (table->size - 1)];

		if (slot->item == item + 1)
			close_gap(table, at & (table->size - 1));
		if (slot->item == item + 1 || slot->item == 0)
			return;
	}
}

int table_first(const struct table *table, uint32_t hash, size_t *ret_at)
{
	*ret_at = hash;
	return table_next(table, hash, ret_at);
}

int table_next(const struct table *table, uint32_t hash, size_t *at)
{
	while (table->size > 0) {
		const struct table_slot *slot = &table->slots[(*at)++ & (table->size - 1)];

		if (slot->item == 0)
			break;
		if (slot->hash == hash)
			return slot->item - 1;
	}
	return -1;
}
