/* A validating pull tokenizer for one JSON text in memory. */
#include "common/jsonread.h"

#include <errno.h>
#include <string.h>

#include "common/utf8.h"

/* What may come next. */
enum want {
	WANT_VALUE,
	WANT_ITEM_OR_END,
	WANT_KEY_OR_END,
	WANT_COMMA_OR_END,
	WANT_NOTHING,
	WANT_FAILED
};

static int fail(struct jsonread *json, size_t at, const char *reason)
{
	json->at = at;
	json->reason = reason;
	json->want = WANT_FAILED;
	return -EINVAL;
}

/* The byte at `at`, or -1 behind the end. */
static int byte_at(const struct jsonread *json, size_t at)
{
	return at < json->len ? (unsigned char)json->bytes[at] : -1;
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool in_object(const struct jsonread *json)
{
	const unsigned level = (unsigned)json->depth - 1;

	return json->objects[level / 64] >> (level % 64) & 1;
}

static void set_token(struct jsonread *json, size_t from, size_t to)
{
	json->token = json->bytes + from;
	json->token_len = to - from;
}

/* A value has ended: what may follow it. */
static void end_value(struct jsonread *json)
{
	json->want = json->depth > 0 ? WANT_COMMA_OR_END : WANT_NOTHING;
}

/* Does the word hold a byte below 0x20, a quote, a backslash or a byte above 0x7f? */
static bool needs_look(uint64_t word)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
	const uint64_t quote = word ^ ones * '"', slash = word ^ ones * '\\';

	return ((word - ones * 0x20) | (quote - ones) | (slash - ones) | word) & high;
}

/* Go over the bytes of a string that mean themselves, eight at a time. */
static size_t skip_plain(const struct jsonread *json, size_t at)
{
	uint64_t word;

	while (json->len - at >= sizeof(word)) {
		memcpy(&word, json->bytes + at, sizeof(word));
		if (needs_look(word))
			break;
		at += sizeof(word);
	}
	return at;
}

/* The length of the escape at `at`, or 0. */
static size_t escape_len(const struct jsonread *json, size_t at)
{
	int c = byte_at(json, at + 1);

	if (c > 0 && strchr("\"\\/bfnrt", c))
		return 2;
	if (c != 'u')
		return 0;
	for (size_t i = 2; i < 6; i++) {
		c = byte_at(json, at + i);
		if (!is_digit(c) && !((c | 0x20) >= 'a' && (c | 0x20) <= 'f'))
			return 0;
	}
	return 6;
}

/* Read the string whose quote is at json->at. Returns 0 or -EINVAL. */
static int read_string(struct jsonread *json)
{
	const size_t start = json->at + 1;
	size_t at = start, n;

	json->escaped = false;
	for (;;) {
		at = skip_plain(json, at);
		int c = byte_at(json, at);

		if (c < 0)
			return fail(json, at, "unterminated string");
		if (c == '"')
			break;
		if (c < 0x20)
			return fail(json, at,
				    c == 0 ? "NUL byte" : "control character in a string");
		if (c == '\\') {
			json->escaped = true;
			n = escape_len(json, at);
			if (n == 0)
				return fail(json, at,
					    at + 1 < json->len ? "invalid escape"
							       : "unterminated string");
		} else {
			n = utf8_len(json->bytes + at, json->len - at);
			if (n == 0)
				return fail(json, at, "invalid UTF-8");
		}
		at += n;
	}
	set_token(json, start, at);
	json->at = at + 1;
	return 0;
}

static size_t skip_digits(const struct jsonread *json, size_t at)
{
	while (is_digit(byte_at(json, at)))
		at++;
	return at;
}

static int read_number(struct jsonread *json)
{
	const size_t start = json->at;
	size_t at = start + (byte_at(json, start) == '-'), digits = at;

	at = skip_digits(json, digits);
	if (at == digits)
		return fail(json, at, "expected a digit");
	if (byte_at(json, digits) == '0' && at > digits + 1)
		return fail(json, digits, "number with a leading zero");
	if (byte_at(json, at) == '.') {
		digits = at + 1;
		at = skip_digits(json, digits);
		if (at == digits)
			return fail(json, at, "expected a digit after the point");
	}
	if (byte_at(json, at) == 'e' || byte_at(json, at) == 'E') {
		digits = at + 1;
		digits += byte_at(json, digits) == '+' || byte_at(json, digits) == '-';
		at = skip_digits(json, digits);
		if (at == digits)
			return fail(json, at, "expected a digit in the exponent");
	}
	set_token(json, start, at);
	json->at = at;
	end_value(json);
	return JSONREAD_NUMBER;
}

static int read_name(struct jsonread *json, const char *name, int token)
{
	const size_t len = strlen(name);

	if (json->len - json->at < len || memcmp(json->bytes + json->at, name, len) != 0)
		return fail(json, json->at, "expected a value");
	set_token(json, json->at, json->at + len);
	json->at += len;
	end_value(json);
	return token;
}

static int open_container(struct jsonread *json, bool object)
{
	const unsigned level = (unsigned)json->depth;
	const uint64_t bit = UINT64_C(1) << (level % 64);

	if (level == JSONREAD_DEPTH)
		return fail(json, json->at, "nested too deeply");
	/* A word's bits begin to mean something with its first level. */
	if (level % 64 == 0)
		json->objects[level / 64] = 0;
	json->objects[level / 64] =
		object ? json->objects[level / 64] | bit : json->objects[level / 64] & ~bit;
	json->depth++;
	set_token(json, json->at, json->at + 1);
	json->at++;
	json->want = object ? WANT_KEY_OR_END : WANT_ITEM_OR_END;
	return object ? JSONREAD_OBJECT : JSONREAD_ARRAY;
}

static int close_container(struct jsonread *json)
{
	const bool object = in_object(json);

	json->depth--;
	set_token(json, json->at, json->at + 1);
	json->at++;
	end_value(json);
	return object ? JSONREAD_OBJECT_END : JSONREAD_ARRAY_END;
}

static int read_value(struct jsonread *json)
{
	int c = byte_at(json, json->at);

	switch (c) {
	case '{':
	case '[':
		return open_container(json, c == '{');
	case '"':
		if (read_string(json) < 0)
			return -EINVAL;
		end_value(json);
		return JSONREAD_STRING;
	case 't':
		return read_name(json, "true", JSONREAD_TRUE);
	case 'f':
		return read_name(json, "false", JSONREAD_FALSE);
	case 'n':
		return read_name(json, "null", JSONREAD_NULL);
	case 0:
		return fail(json, json->at, "NUL byte");
	case -1:
		return fail(json, json->at, "unexpected end");
	default:
		return c == '-' || is_digit(c) ? read_number(json)
					       : fail(json, json->at, "expected a value");
	}
}

static void skip_space(struct jsonread *json)
{
	size_t at = json->at;
	int c;

	do
		c = byte_at(json, at++);
	while (c == ' ' || c == '\t' || c == '\n' || c == '\r');
	json->at = at - 1;
}

static int read_key(struct jsonread *json)
{
	const int c = byte_at(json, json->at);

	if (c != '"')
		return fail(json, json->at, c < 0 ? "unexpected end" : "expected a key in quotes");
	if (read_string(json) < 0)
		return -EINVAL;
	skip_space(json);
	if (byte_at(json, json->at) != ':')
		return fail(json, json->at, "expected ':' after the key");
	json->at++;
	json->want = WANT_VALUE;
	return JSONREAD_KEY;
}

/* Behind a value inside a container. */
static int read_comma_or_end(struct jsonread *json)
{
	const bool object = in_object(json);
	const int c = byte_at(json, json->at);

	if (c == (object ? '}' : ']'))
		return close_container(json);
	if (c < 0)
		return fail(json, json->at, "unexpected end");
	if (c != ',')
		return fail(json, json->at, object ? "expected ',' or '}'" : "expected ',' or ']'");
	json->at++;
	skip_space(json);
	return object ? read_key(json) : read_value(json);
}

void jsonread_begin(struct jsonread *json, const char *bytes, size_t len)
{
	json->bytes = bytes;
	json->len = len;
	json->at = 0;
	json->token = bytes;
	json->token_len = 0;
	json->escaped = false;
	json->depth = 0;
	json->reason = NULL;
	json->want = WANT_VALUE;
}

int jsonread_next(struct jsonread *json)
{
	if (json->want == WANT_FAILED)
		return -EINVAL;
	skip_space(json);
	switch ((enum want)json->want) {
	case WANT_ITEM_OR_END:
		return byte_at(json, json->at) == ']' ? close_container(json) : read_value(json);
	case WANT_KEY_OR_END:
		return byte_at(json, json->at) == '}' ? close_container(json) : read_key(json);
	case WANT_COMMA_OR_END:
		return read_comma_or_end(json);
	case WANT_NOTHING:
		return json->at == json->len ? JSONREAD_END
					     : fail(json, json->at, "bytes after the value");
	case WANT_VALUE:
	case WANT_FAILED:
		break;
	}
	return read_value(json);
}

int jsonread_skip(struct jsonread *json)
{
	const int outside = json->depth - 1;
	const char *start = json->token;
	int token;

	do
		token = jsonread_next(json);
	while (token >= 0 && json->depth > outside);
	if (token >= 0) {
		json->token = start;
		json->token_len = (size_t)(json->bytes + json->at - start);
	}
	return token;
}

bool jsonread_check(const char *bytes, size_t len, size_t *ret_at, const char **ret_reason)
{
	struct jsonread json;
	int token;

	jsonread_begin(&json, bytes, len);
	do
		token = jsonread_next(&json);
	while (token > JSONREAD_END);
	if (token == JSONREAD_END)
		return true;
	*ret_at = json.at;
	*ret_reason = json.reason;
	return false;
}
