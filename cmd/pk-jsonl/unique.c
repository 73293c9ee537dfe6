/* Keys that occur twice. */
#include "unique.h"

#include <string.h>

#include "common/jsonread.h"
#include "common/jsontext.h"

#define LEAST_SLOTS ((size_t)64)

struct slot {
	const char *key; /* NULL: free */
	size_t len;
	uint64_t hash;
	size_t object; /* the offset where it begins */
};

void unique_drop(struct unique *unique)
{
	buf_drop(&unique->table);
}

static size_t slots(const struct unique *unique)
{
	return unique->table.len / sizeof(struct slot);
}

/* FNV-1a of the decoded key and its object. */
static uint64_t hash_of(const char *key, size_t len, size_t object)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ object;

	for (size_t i = 0; i < len;) {
		char one[4];
		size_t n;

		i += jsontext_decode_one(one, &n, key + i, len - i);
		for (size_t k = 0; k < n; k++)
			hash = (hash ^ (unsigned char)one[k]) * UINT64_C(0x100000001b3);
	}
	return hash ^ hash >> 29;
}

static bool same(const struct slot *a, const struct slot *b)
{
	char text[4];

	if (a->hash != b->hash || a->object != b->object)
		return false;
	for (size_t i = 0, k = 0; i < a->len || k < b->len;) {
		char other[4];
		size_t n, m;

		if (i == a->len || k == b->len)
			return false;
		i += jsontext_decode_one(text, &n, a->key + i, a->len - i);
		k += jsontext_decode_one(other, &m, b->key + k, b->len - k);
		for (size_t more; n < m && i < a->len; n += more)
			i += jsontext_decode_one(text + n, &more, a->key + i, 1);
		for (size_t more; m < n && k < b->len; m += more)
			k += jsontext_decode_one(other + m, &more, b->key + k, 1);
		if (n != m || memcmp(text, other, n) != 0)
			return false;
	}
	return true;
}

/* The slot of the key, or the free one where it belongs. */
static struct slot *find(const struct unique *unique, const struct slot *wanted)
{
	struct slot *table = (struct slot *)(void *)unique->table.bytes;
	size_t i = wanted->hash & (slots(unique) - 1);

	while (table[i].key && !same(&table[i], wanted))
		i = (i + 1) & (slots(unique) - 1);
	return &table[i];
}

/* Twice the slots; the keys move over. */
static int grow(struct unique *unique)
{
	const size_t want = slots(unique) ? 2 * slots(unique) : LEAST_SLOTS;
	struct unique bigger = {.table = {.cap = unique->table.cap}};
	int err = buf_reserve(&bigger.table, want * sizeof(struct slot));

	if (err < 0)
		return err;
	bigger.table.len = want * sizeof(struct slot);
	memset(bigger.table.bytes, 0, bigger.table.len);
	for (size_t i = 0; i < slots(unique); i++) {
		const struct slot *slot =
			(const struct slot *)(const void *)unique->table.bytes + i;

		if (slot->key)
			*find(&bigger, slot) = *slot;
	}
	bigger.used = unique->used;
	unique_drop(unique);
	*unique = bigger;
	return 0;
}

/* 1: it was there, 0: it is new, or -errno. */
static int add(struct unique *unique, const struct jsonread *json, size_t object)
{
	const struct slot slot = {.key = json->token,
				  .len = json->token_len,
				  .object = object,
				  .hash = hash_of(json->token, json->token_len, object)};
	struct slot *place;
	int err = 2 * unique->used >= slots(unique) ? grow(unique) : 0;

	if (err < 0)
		return err;
	place = find(unique, &slot);
	if (place->key)
		return 1;
	*place = slot;
	unique->used++;
	return 0;
}

bool unique_check(struct unique *unique, const char *line, size_t len, size_t *ret_at,
		  const char **ret_reason)
{
	size_t starts[JSONREAD_DEPTH + 1] = {0};
	struct jsonread json;
	int token;

	if (unique->used > 0)
		memset(unique->table.bytes, 0, unique->table.len);
	unique->used = 0;
	jsonread_begin(&json, line, len);
	while ((token = jsonread_next(&json)) > JSONREAD_END) {
		if (token == JSONREAD_OBJECT)
			starts[json.depth] = json.at;
		if (token != JSONREAD_KEY)
			continue;
		const int found = add(unique, &json, starts[json.depth]);

		if (found == 0)
			continue;
		*ret_at = (size_t)(json.token - line) - 1;
		*ret_reason = found > 0 ? "duplicate key" : "too many keys for the memory there is";
		return false;
	}
	return true;
}
