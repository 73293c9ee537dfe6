#ifndef PK_JSONL_APPENDER_H
#define PK_JSONL_APPENDER_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"
#include "logfile.h"
#include "stamp.h"
#include "verbs.h"

/*
 * Records into the file, in batches. A batch is composed under the lock, from its first record until
 * it is written with one write(2), so that times and ids grow along the file.
 */
#define APPENDER_NOISE 32

struct appender {
	struct work *work;
	struct logfile log;
	struct buf batch; /* its first byte is room for a newline */
	int64_t records;  /* in the batch */
	int64_t written;  /* records, in all */
	struct stamp stamp;
	uint64_t noise[APPENDER_NOISE];
	size_t noise_left;
	sigset_t caller;	   /* mask */
	int ts, id;		   /* indexes into the plan's fields; -1: no stamp */
	struct buf ts_key, id_key; /* as they stand in a record: "key":" */
	bool late;		   /* the lock was not obtained */
	bool unsynced;
};

/* For records into path, as the work's plan has it. Returns 0 or -ENOMEM. */
must_check int appender_begin(struct appender *a, struct work *work, const char *path);
void appender_drop(struct appender *a);

/* Add a record whose values are in the plan's fields. Returns 0, or STREAM_STOP after a message. */
must_check int appender_add(struct appender *a, const struct record *record);

/* Write what has been added and give the lock back: the pause of a stream. Returns as appender_add. */
must_check int appender_flush(void *a);

/* Append text as a JSON string; bytes that are no UTF-8 become U+FFFD. Returns 0 or -ENOMEM. */
must_check int appender_add_string(struct buf *out, const char *text);

#endif
