#ifndef PK_SPAWN_RECORD_H
#define PK_SPAWN_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/json.h"
#include "common/owner.h"

/* Members that events and result lines have in common. */

/* How a command ended: exit_code or signal, cause, times, memory, timed_out, killed, orphans. */
void record_result(struct json *json, const struct owner_result *result);

/*
 * An item as `key`; where its bytes are not UTF-8 also as KEY_hex, two digits for a byte, since U+FFFD
 * takes the place of a bad byte in the first.
 */
void record_item(struct json *json, const char *key, const char *bytes, size_t len);

/*
 * A stream of a job: KEY_bytes, and of its content `key` when it is all there, else KEY_head and
 * KEY_tail. Nothing is cut inside of a UTF-8 sequence.
 */
struct record_stream {
	int64_t bytes;	  /* that were written; -1: not known */
	const char *head; /* NULL: no content */
	size_t head_len;
	const char *tail; /* NULL: head is all */
	size_t tail_len;
};
void record_stream(struct json *json, const char *key, const struct record_stream *stream);

#endif
