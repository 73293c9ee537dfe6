#ifndef PK_SPAWN_BACKLOG_H
#define PK_SPAWN_BACKLOG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base.h"
#include "common/buf.h"

/*
 * The output of jobs that ended before their turn (-o keep): in a nameless file, with an entry of fixed
 * size in memory for each job from the next one on. BACKLOG_MOST jobs can be ahead of it.
 */
#define BACKLOG_MOST 65536

struct backlog_entry {
	off_t at;     /* in the file: the tag, stdout, stderr */
	off_t len[2]; /* of stdout and stderr */
	uint32_t tag_len;
	bool done;
};

struct backlog {
	int file; /* -1 until it is needed */
	off_t end;
	int64_t next; /* the number of the job whose turn it is, from 1 */
	struct buf entries;
	size_t first; /* entries before it have had their turn */
};

#define BACKLOG_EMPTY ((struct backlog){.file = -1, .next = 1})

void backlog_drop(struct backlog *backlog);

/* May a job of that number be started? */
bool backlog_has_room(const struct backlog *backlog, int64_t seq);

/*
 * Note a job that has ended, whose output will be written to the file from backlog->end on. Returns 0 or
 * -errno.
 */
must_check int backlog_add(struct backlog *backlog, int64_t seq, const struct backlog_entry *entry);

/* Append to the file. Returns 0 or -errno. */
must_check int backlog_write(struct backlog *backlog, const void *bytes, size_t len);

/* The entry of the job whose turn it is, if that has ended; else NULL. */
const struct backlog_entry *backlog_next(const struct backlog *backlog);

/* The job has had its turn. An empty backlog gives its space back. */
void backlog_advance(struct backlog *backlog);

#endif
