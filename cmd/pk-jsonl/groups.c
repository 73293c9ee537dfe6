/* A hash table of values and how often they occurred. */
#include "groups.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_SLOTS ((size_t)256)

void groups_drop(struct groups *groups)
{
	for (size_t i = 0; i < groups_count(groups); i++)
		free(groups_at(groups, i)->stats);
	buf_drop(&groups->groups);
	buf_drop(&groups->slots);
	buf_drop(&groups->text);
}

struct group *groups_at(const struct groups *groups, size_t index)
{
	return (struct group *)(void *)groups->groups.bytes + index;
}

size_t groups_count(const struct groups *groups)
{
	return groups->groups.len / sizeof(struct group);
}

static uint64_t hash_of(const char *value, size_t len)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ len;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)value[i]) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 32;
}

static uint32_t *slot_of(const struct groups *groups, uint64_t hash, const char *value, size_t len)
{
	uint32_t *slots = (uint32_t *)(void *)groups->slots.bytes;
	const size_t mask = groups->slots.len / sizeof(*slots) - 1;
	size_t i = hash & mask;

	for (; slots[i]; i = (i + 1) & mask) {
		const struct group *group = groups_at(groups, slots[i] - 1);

		if (group->hash == hash && group->len == len &&
		    memcmp(groups->text.bytes + group->at, value, len) == 0)
			break;
	}
	return &slots[i];
}

static int grow(struct groups *groups)
{
	size_t want = groups->slots.len ? 2 * groups->slots.len : LEAST_SLOTS * sizeof(uint32_t);
	int err = buf_reserve(&groups->slots, want - groups->slots.len);

	if (err < 0)
		return err;
	memset(groups->slots.bytes, 0, want);
	groups->slots.len = want;
	for (size_t i = 0; i < groups_count(groups); i++) {
		const struct group *group = groups_at(groups, i);

		*slot_of(groups, group->hash, groups->text.bytes + group->at, group->len) =
			(uint32_t)i + 1;
	}
	return 0;
}

static int64_t add(struct groups *groups, uint64_t hash, const char *value, size_t len)
{
	const struct group group = {.at = groups->text.len, .len = len, .hash = hash};
	const size_t count = groups_count(groups);
	int err;

	if (count >= groups->most)
		return -EFBIG;
	err = 2 * count * sizeof(uint32_t) >= groups->slots.len ? grow(groups) : 0;
	if (err >= 0)
		err = buf_reserve(&groups->groups, sizeof(group));
	if (err >= 0)
		err = buf_reserve(&groups->text, len + 1); /* never NULL, even for empty values */
	if (err >= 0)
		err = buf_add(&groups->text, value, len);
	if (err >= 0)
		err = buf_add(&groups->groups, &group, sizeof(group));
	if (err < 0)
		return err == -EFBIG ? -ENOMEM : err;
	*slot_of(groups, hash, value, len) = (uint32_t)count + 1;
	return (int64_t)count;
}

int64_t groups_find(struct groups *groups, const char *value, size_t len)
{
	const uint64_t hash = hash_of(value, len);
	uint32_t index = groups->slots.len ? *slot_of(groups, hash, value, len) : 0;

	return index ? (int64_t)index - 1 : add(groups, hash, value, len);
}

static int compare(const void *a, const void *b)
{
	const struct group *x = a, *y = b;
	int order;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	order = memcmp(x->value, y->value, x->len < y->len ? x->len : y->len);
	return order ? order : (x->len > y->len) - (x->len < y->len);
}

void groups_sort(struct groups *groups)
{
	for (size_t i = 0; i < groups_count(groups); i++)
		groups_at(groups, i)->value = groups->text.bytes + groups_at(groups, i)->at;
	if (groups_count(groups) > 0)
		qsort(groups->groups.bytes, groups_count(groups), sizeof(struct group), compare);
}
