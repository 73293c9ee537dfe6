/* The set of changed paths. */
#include "batch.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS_LEAST 64

void batch_drop(struct batch *batch)
{
	free(batch->entries);
	free(batch->slots);
	buf_drop(&batch->bytes);
	*batch = BATCH_EMPTY(batch->wanted);
}

void batch_clear(struct batch *batch)
{
	if (batch->used == 0)
		return;
	if (batch->slot_count > 0)
		memset(batch->slots, 0, batch->slot_count * sizeof(*batch->slots));
	batch->used = batch->count = batch->unfinished = 0;
	batch->bytes.len = 0;
	batch->lost = false;
}

/* FNV-1a. */
static uint32_t hash_path(const char *path, size_t len)
{
	uint32_t hash = UINT32_C(2166136261);

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)path[i]) * UINT32_C(16777619);
	return hash;
}

static uint32_t *slot_of(const struct batch *batch, const char *path, size_t len, uint32_t hash)
{
	for (size_t at = hash;; at++) {
		uint32_t *slot = &batch->slots[at & (batch->slot_count - 1)];
		const struct batch_entry *entry;

		if (*slot == 0)
			return slot;
		entry = &batch->entries[*slot - 1];
		if (entry->hash == hash && entry->len == len &&
		    memcmp(batch_path(batch, entry), path, len) == 0)
			return slot;
	}
}

/* Room for one more entry, and slots that are at most half full. */
static bool grow(struct batch *batch)
{
	size_t size = batch->size ? batch->size * 2 : SLOTS_LEAST / 2;
	struct batch_entry *entries;
	uint32_t *slots;

	if (batch->used < batch->size)
		return true;
	entries = realloc(batch->entries, size * sizeof(*entries));
	if (!entries)
		return false;
	batch->entries = entries;
	slots = calloc(size * 2, sizeof(*slots));
	if (!slots)
		return false;
	free(batch->slots);
	batch->slots = slots;
	batch->slot_count = size * 2;
	batch->size = size;
	for (size_t i = 0; i < batch->used; i++) {
		const struct batch_entry *entry = &entries[i];

		*slot_of(batch, batch_path(batch, entry), entry->len, entry->hash) =
			(uint32_t)i + 1;
	}
	return true;
}

static struct batch_entry *find_or_add(struct batch *batch, const char *path, size_t len)
{
	uint32_t hash = hash_path(path, len), *slot;

	if (!grow(batch))
		return NULL;
	slot = slot_of(batch, path, len, hash);
	if (*slot != 0)
		return &batch->entries[*slot - 1];
	if (buf_reserve(&batch->bytes, len + 1) < 0)
		return NULL;
	batch->entries[batch->used] = (struct batch_entry){
		.at = (uint32_t)batch->bytes.len, .len = (uint32_t)len, .hash = hash};
	memcpy(batch->bytes.bytes + batch->bytes.len, path, len);
	batch->bytes.bytes[batch->bytes.len + len] = '\0';
	batch->bytes.len += len + 1;
	*slot = (uint32_t)++batch->used;
	return &batch->entries[batch->used - 1];
}

bool batch_counts(const struct batch *batch, const struct batch_entry *entry)
{
	return (entry->kinds & batch->wanted) != 0 && !(entry->born && entry->last == KIND_DELETE);
}

/* Take the entry out of the counters (-1) before a change, put it back (+1) behind. */
static void count(struct batch *batch, const struct batch_entry *entry, int sign)
{
	if (!batch_counts(batch, entry))
		return;
	batch->count += (size_t)sign;
	if (entry->unfinished)
		batch->unfinished += (size_t)sign;
}

void batch_add(struct batch *batch, const char *path, size_t len, enum kind kind, unsigned flags)
{
	struct batch_entry *entry = find_or_add(batch, path, len);

	batch->noted++;
	if (!entry) {
		batch->lost = true;
		return;
	}
	count(batch, entry, -1);
	if (entry->kinds == 0) {
		entry->first = (uint8_t)kind;
		entry->born = (flags & BATCH_BORN) != 0;
	}
	entry->kinds |= (uint8_t)kind;
	entry->is_dir = (flags & BATCH_DIR) != 0;
	if (kind != KIND_ATTRIB) {
		entry->last = (uint8_t)kind;
		entry->unfinished = (flags & BATCH_UNFINISHED) != 0;
	}
	count(batch, entry, 1);
}

const char *batch_path(const struct batch *batch, const struct batch_entry *entry)
{
	return batch->bytes.bytes + entry->at;
}

const struct batch_entry *batch_first(const struct batch *batch)
{
	for (size_t i = 0; i < batch->used; i++)
		if (batch_counts(batch, &batch->entries[i]))
			return &batch->entries[i];
	return NULL;
}

enum kind batch_kind(const struct batch_entry *entry)
{
	if (entry->last == KIND_DELETE)
		return KIND_DELETE;
	if (entry->first == KIND_DELETE)
		return KIND_MODIFY;
	if (entry->kinds & KIND_CREATE)
		return KIND_CREATE;
	return entry->kinds & KIND_MODIFY ? KIND_MODIFY : KIND_ATTRIB;
}

void batch_finish(struct batch *batch, struct batch_entry *entry)
{
	count(batch, entry, -1);
	entry->unfinished = false;
	count(batch, entry, 1);
}

uint64_t batch_signature(const struct batch *batch)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < batch->used; i++)
		if (batch_counts(batch, &batch->entries[i]))
			sum += (batch->entries[i].hash + UINT64_C(1)) *
			       UINT64_C(0x9e3779b97f4a7c15);
	return sum;
}
