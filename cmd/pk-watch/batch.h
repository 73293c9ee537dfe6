#ifndef PK_WATCH_BATCH_H
#define PK_WATCH_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"
#include "plan.h"
#include "table.h"

/*
 * The changes that have come in since the last run: each path once, in order of appearance, with
 * what became of it. Pure. A path that was created and deleted again within the batch is no change; a
 * path that somebody is still writing is unfinished, and the batch is held for it.
 */
struct batch_entry {
	uint32_t at; /* in bytes; NUL-terminated */
	uint32_t len;
	uint32_t hash;
	uint8_t kinds; /* set of enum kind */
	uint8_t first, last;
	bool is_dir;
	bool born;	 /* did not exist before the batch */
	bool unfinished; /* written to, and not closed yet */
};

struct batch {
	unsigned wanted; /* set of enum kind: others do not count */
	struct batch_entry *entries;
	size_t used, size;
	struct buf bytes;
	struct table by_path;
	size_t count;	   /* entries that count */
	size_t unfinished; /* those among them */
	size_t noted;	   /* calls of batch_add, ever */
	bool lost;	   /* out of memory: paths are missing */
};

#define BATCH_EMPTY(kinds) ((struct batch){.wanted = (kinds), .bytes = {.cap = UINT32_MAX}})

enum batch_flag {
	BATCH_DIR = 1,
	BATCH_BORN = 2,	      /* the path is new for certain */
	BATCH_UNFINISHED = 4, /* a writer has it open */
	BATCH_GUESSED = 8,    /* nobody knows the kind: it counts as one that is wanted */
};

void batch_drop(struct batch *batch);
void batch_clear(struct batch *batch);

/* Note that something happened to path. flags is a set of enum batch_flag. */
void batch_add(struct batch *batch, const char *path, size_t len, enum kind kind, unsigned flags);

/* Does the entry count? Only such are to be shown. */
bool batch_counts(const struct batch *batch, const struct batch_entry *entry);

const char *batch_path(const struct batch *batch, const struct batch_entry *entry);

/* The first that counts, or NULL. */
const struct batch_entry *batch_first(const struct batch *batch);

/* What became of the path, all in all. */
enum kind batch_kind(const struct batch_entry *entry);

/* Nobody writes it (any more). */
void batch_finish(struct batch *batch, struct batch_entry *entry);

/* A number that is the same for two batches of the same paths, whatever their order. */
uint64_t batch_signature(const struct batch *batch);

#endif
