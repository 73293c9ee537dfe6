/* The set of changed paths. */
#include "batch.h"

#include <stdlib.h>
#include <string.h>

#define ENTRIES_LEAST 32

void batch_drop(struct batch *batch)
{
	free(batch->entries);
	table_drop(&batch->by_path);
	buf_drop(&batch->bytes);
	*batch = BATCH_EMPTY(batch->wanted);
}

void batch_clear(struct batch *batch)
{
	if (batch->used == 0)
		return;
	table_clear(&batch->by_path);
	batch->used = batch->count = batch->unfinished = 0;
	batch->bytes.len = 0;
	batch->lost = false;
}

static struct batch_entry *find(const struct batch *batch, const char *path, size_t len,
				uint32_t hash)
{
	size_t at;

	for (int i = table_first(&batch->by_path, hash, &at); i >= 0;
	     i = table_next(&batch->by_path, hash, &at)) {
		struct batch_entry *entry = &batch->entries[i];

		if (entry->len == len && memcmp(batch_path(batch, entry), path, len) == 0)
			return entry;
	}
	return NULL;
}

static bool grow(struct batch *batch)
{
	size_t size = batch->size ? batch->size * 2 : ENTRIES_LEAST;
	struct batch_entry *entries;

	if (batch->used < batch->size)
		return true;
	entries = realloc(batch->entries, size * sizeof(*entries));
	if (!entries)
		return false;
	batch->entries = entries;
	batch->size = size;
	return true;
}

static struct batch_entry *find_or_add(struct batch *batch, const char *path, size_t len)
{
	uint32_t hash = table_hash(0, path, len);
	struct batch_entry *entry = find(batch, path, len, hash);

	if (entry)
		return entry;
	if (!grow(batch) || buf_reserve(&batch->bytes, len + 1) < 0 ||
	    table_add(&batch->by_path, hash, (int)batch->used) < 0)
		return NULL;
	entry = &batch->entries[batch->used++];
	*entry = (struct batch_entry){
		.at = (uint32_t)batch->bytes.len, .len = (uint32_t)len, .hash = hash};
	memcpy(batch->bytes.bytes + batch->bytes.len, path, len);
	batch->bytes.bytes[batch->bytes.len + len] = '\0';
	batch->bytes.len += len + 1;
	return entry;
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

static enum kind guess(const struct batch *batch)
{
	static const enum kind likely[] = {KIND_MODIFY, KIND_CREATE, KIND_ATTRIB, KIND_DELETE};
	size_t i = 0;

	while (i + 1 < array_len(likely) && !(batch->wanted & likely[i]))
		i++;
	return likely[i];
}

void batch_add(struct batch *batch, const char *path, size_t len, enum kind kind, unsigned flags)
{
	struct batch_entry *entry = find_or_add(batch, path, len);

	batch->noted++;
	if (!entry) {
		batch->lost = true;
		return;
	}
	if (flags & BATCH_GUESSED)
		kind = guess(batch);
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
