#ifndef PK_JSONL_STAMP_H
#define PK_JSONL_STAMP_H

#include <stdint.h>
#include <time.h>

/*
 * Time and identity of records: RFC 3339 UTC with milliseconds, and a UUIDv7 (RFC 9562 section 5.7)
 * whose 12 bits of rand_a are the fraction of the millisecond (section 6.2, method 3), never less
 * than one more than the last. Taken under the lock, both grow along the file. Pure: time and
 * randomness are arguments.
 */
#define STAMP_TS_LEN 24
#define STAMP_ID_LEN 36

struct stamp {
	uint64_t last; /* milliseconds << 12 | fraction of the last id */
	char ts[STAMP_TS_LEN + 1];
	char id[STAMP_ID_LEN + 1];
};

/* Set ts and id for the next record; noise is 62 random bits. */
void stamp_next(struct stamp *stamp, struct timespec now, uint64_t noise);

#endif
