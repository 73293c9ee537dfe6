#ifndef PK_JSONL_GROUPS_H
#define PK_JSONL_GROUPS_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"
#include "stats.h"

/* Counts by value: a hash table of byte strings, which also keeps statistics when they are wanted. */
struct group {
	const char *value; /* in the table's memory; valid once it is complete */
	size_t at, len;
	uint64_t hash;
	int64_t count;
	struct stats *stats; /* or NULL */
};

struct groups {
	struct buf groups; /* of struct group, in order of arrival */
	struct buf slots;  /* of uint32_t: index into groups + 1; a power of two of them */
	struct buf text;   /* the values */
	size_t most;
};

#define GROUPS_EMPTY(limit)                                                                        \
	((struct groups){.groups = {.cap = (size_t)1 << 40},                                       \
			 .slots = {.cap = (size_t)1 << 40},                                        \
			 .text = {.cap = (size_t)1 << 40},                                         \
			 .most = (limit)})

void groups_drop(struct groups *groups);

/* The group of the value, made when there is none. Returns its index, -ENOMEM or -EFBIG (too many). */
must_check int64_t groups_find(struct groups *groups, const char *value, size_t len);

struct group *groups_at(const struct groups *groups, size_t index);
size_t groups_count(const struct groups *groups);

/* Order by count, most first, then by value. Nothing can be found after it. */
void groups_sort(struct groups *groups);

#endif
