#ifndef PK_JSONL_PROGRESS_H
#define PK_JSONL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base.h"
#include "common/clock.h"

/*
 * A line on a terminal's stderr while files are read that take long: how much of them, how fast, how
 * long still. It comes after PROGRESS_WAIT and is gone before anything else is printed there.
 */
#define PROGRESS_WAIT (INT64_C(500) * NS_PER_MS)
#define PROGRESS_STEP (INT64_C(200) * NS_PER_MS)

struct progress {
	int64_t total; /* bytes of all files; 0: nothing is shown */
	int64_t begun, next;
	bool shown;
};

/* Begin with the files; nothing will be shown when one is no regular file, or stderr no terminal. */
void progress_begin(struct progress *progress, char *const *files, int count);

/* So many bytes have been read: show it when it is time. */
void progress_update(struct progress *progress, int64_t bytes);

/* Erase the line. It comes again with the next update that is due. */
void progress_hide(struct progress *progress);

/* The line: bytes of total after elapsed ns. Returns its length. */
#define PROGRESS_MAX 128
int progress_text(char text[static PROGRESS_MAX], int64_t bytes, int64_t total, int64_t elapsed);

#endif
