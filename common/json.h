#ifndef PK_JSON_H
#define PK_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

/*
 * Writes one JSON object (RFC 8259) into a buffer of fixed size, one line, always valid: text that
 * does not fit (a quarter of the buffer, at least 1024 bytes) is cut, items and members that do not fit are left out, and then the object ends with
 * "truncated":true. Strings are valid UTF-8 whatever the bytes were (U+FFFD for each bad byte).
 *
 *	json_begin(&json, line, sizeof(line));
 *	json_text(&json, "event", "exit");
 *	json_int(&json, "exit_code", 3);
 *	len = json_end(&json);
 */
struct json {
	char *line;
	size_t size;
	size_t len;
	bool first; /* no member or item yet at this depth */
	bool truncated;
};

/* Start an object in line; size is at least JSON_LEAST. */
#define JSON_LEAST 512
void json_begin(struct json *json, char *line, size_t size);

/* Members. A key is one of our own names: plain ASCII. text may be NULL: the member is left out. */
void json_text(struct json *json, const char *key, const char *text);
void json_bytes(struct json *json, const char *key, const char *bytes, size_t len);
void json_int(struct json *json, const char *key, int64_t value);
void json_bool(struct json *json, const char *key, bool value);

/* A duration in milliseconds with up to three decimals. */
void json_ms(struct json *json, const char *key, int64_t ns);

/* An array member: open, any number of items, close. */
void json_open(struct json *json, const char *key);
void json_item_text(struct json *json, const char *text);
void json_item_int(struct json *json, int64_t value);
void json_close(struct json *json);

/*
 * An object as a member, or with key NULL as an item of the open array. Returns false when it was left
 * out for want of room; otherwise members follow, and json_object_end. Its members are few and small.
 */
must_check bool json_object(struct json *json, const char *key);
void json_object_end(struct json *json);

/* End the object and its line. Returns the length, newline included; there is no NUL. */
size_t json_end(struct json *json);

#endif
