/* A JSON object on one line of bounded size. */
#include "common/json.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/num.h"
#include "common/utf8.h"

/*
 * Three marks in the buffer keep the object whole: one text may take TEXT_MAX bytes, or a quarter of a
 * larger buffer, items stop when fewer than ITEM_RESERVE are left, members when fewer than END_RESERVE
 * are.
 */
#define TEXT_MAX ((size_t)1024)
#define ITEM_RESERVE 256
#define END_RESERVE 32

static size_t left(const struct json *json, size_t reserve)
{
	return json->size > json->len + reserve ? json->size - json->len - reserve : 0;
}

/* Most pieces are a few bytes long, for which a call of memcpy is the larger part of the work. */
static void put(struct json *json, const char *bytes, size_t len)
{
	char *to = json->line + json->len;

	json->len += len;
	if (len > 32) {
		memcpy(to, bytes, len);
		return;
	}
	for (; len >= 8; len -= 8, to += 8, bytes += 8)
		memcpy(to, bytes, 8);
	for (; len > 0; len--)
		*to++ = *bytes++;
}

/* One escaped character of text into out; returns the bytes consumed. */
static size_t escape(char out[static 8], size_t *ret_len, const char *text, size_t len)
{
	static const char escapes[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	const unsigned char c = (unsigned char)text[0];
	size_t n = utf8_len(text, len);

	if (n == 0) {
		memcpy(out, "\xef\xbf\xbd", 3);
		*ret_len = 3;
		return 1;
	}
	for (size_t i = 0; i + 1 < sizeof(escapes) && c < 0x80; i += 2) {
		if (text[0] == escapes[i]) {
			out[0] = '\\';
			out[1] = escapes[i + 1];
			*ret_len = 2;
			return 1;
		}
	}
	if (c < 0x20 || c == 0x7f) {
		*ret_len = (size_t)snprintf(out, 8, "\\u%04x", c);
		return 1;
	}
	memcpy(out, text, n);
	*ret_len = n;
	return n;
}

/* How many bytes at the start of text stand for themselves: most texts are nothing else. */
static size_t plain_len(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] >= 0x20 && text[n] < 0x7f && text[n] != '"' && text[n] != '\\')
		n++;
	return n;
}

/* A quoted string of at most room bytes; room >= 2. */
static void put_string(struct json *json, const char *text, size_t len, size_t room)
{
	size_t most = json->size / 4 > TEXT_MAX ? json->size / 4 : TEXT_MAX;
	size_t end = json->len + (room < most ? room : most) - 1;

	put(json, "\"", 1);
	for (size_t i = 0; i < len;) {
		char one[8];
		size_t n = plain_len(text + i, len - i), used;

		if (n > 0 && json->len + n <= end) {
			put(json, text + i, n);
			i += n;
			continue;
		}
		used = escape(one, &n, text + i, len - i);
		if (json->len + n > end) {
			json->truncated = true;
			break;
		}
		put(json, one, n);
		i += used;
	}
	put(json, "\"", 1);
}

/* The separator before a member or item that needs `need` bytes; false when it must be left out. */
static bool begin(struct json *json, size_t need, size_t reserve)
{
	if (left(json, reserve) < need + 1) {
		json->truncated = true;
		return false;
	}
	if (!json->first)
		put(json, ",", 1);
	json->first = false;
	return true;
}

static bool begin_member(struct json *json, const char *key, size_t need)
{
	size_t len = strlen(key);

	if (!begin(json, len + 3 + need, END_RESERVE))
		return false;
	put(json, "\"", 1);
	put(json, key, len);
	put(json, "\":", 2);
	return true;
}

void json_begin(struct json *json, char *line, size_t size)
{
	assert(size >= JSON_LEAST);
	*json = (struct json){.line = line, .size = size, .first = true};
	put(json, "{", 1);
}

void json_bytes(struct json *json, const char *key, const char *bytes, size_t len)
{
	if (begin_member(json, key, 8))
		put_string(json, bytes, len, left(json, END_RESERVE));
}

void json_text(struct json *json, const char *key, const char *text)
{
	if (text)
		json_bytes(json, key, text, strlen(text));
}

static void put_member(struct json *json, const char *key, const char *value)
{
	size_t len = strlen(value);

	if (begin_member(json, key, len))
		put(json, value, len);
}

void json_int(struct json *json, const char *key, int64_t value)
{
	char text[NUM_TEXT_MAX];

	put_member(json, key, num_text(text, value));
}

void json_bool(struct json *json, const char *key, bool value)
{
	put_member(json, key, value ? "true" : "false");
}

void json_ms(struct json *json, const char *key, int64_t ns)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%lld.%03d", (long long)(ns / 1000000),
		       (int)(ns / 1000 % 1000));
	put_member(json, key, text);
}

void json_open(struct json *json, const char *key)
{
	/* A member is always begun, so that close has something to close; it is only a few bytes. */
	if (!json->first)
		put(json, ",", 1);
	put(json, "\"", 1);
	put(json, key, strlen(key));
	put(json, "\":[", 3);
	json->first = true;
}

void json_item_text(struct json *json, const char *text)
{
	if (begin(json, 8, ITEM_RESERVE))
		put_string(json, text, strlen(text), left(json, ITEM_RESERVE));
}

void json_item_int(struct json *json, int64_t value)
{
	char text[NUM_TEXT_MAX];
	const char *number = num_text(text, value);
	size_t len = strlen(number);

	if (begin(json, len, ITEM_RESERVE))
		put(json, number, len);
}

void json_close(struct json *json)
{
	put(json, "]", 1);
	json->first = false;
}

bool json_object(struct json *json, const char *key)
{
	if (key ? !begin_member(json, key, ITEM_RESERVE) : !begin(json, ITEM_RESERVE, ITEM_RESERVE))
		return false;
	put(json, "{", 1);
	json->first = true;
	return true;
}

void json_object_end(struct json *json)
{
	put(json, "}", 1);
	json->first = false;
}

size_t json_end(struct json *json)
{
	if (json->truncated)
		put(json, ",\"truncated\":true", 17);
	put(json, "}\n", 2);
	return json->len;
}
