/* Top-level members of a JSON object (RFC 8259) on one line. */
#include "members.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

static void skip_blanks(struct members *members)
{
	while (members->at < members->end && memchr(" \t\r\n", *members->at, 4))
		members->at++;
}

static bool take(struct members *members, char c)
{
	skip_blanks(members);
	if (members->at >= members->end || *members->at != c)
		return false;
	members->at++;
	return true;
}

int members_begin(struct members *members, const char *line, size_t len)
{
	*members = (struct members){.at = line, .end = line + len, .first = true};
	return take(members, '{') ? 0 : -EINVAL;
}

static int hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = memchr(digits, c | 0x20, 16);

	return at ? (int)(at - digits) : -1;
}

/* Four hexadecimal digits, or -1. */
static long take_unit(struct members *members)
{
	long unit = 0;

	if (members->end - members->at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		const int digit = hex_value(*members->at++);

		if (digit < 0)
			return -1;
		unit = unit * 16 + digit;
	}
	return unit;
}

/* A code point of the basic plane as UTF-8; our own records escape nothing else. */
static size_t encode(long code, char out[static 3])
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	out[0] = (char)(0xe0 | code >> 12);
	out[1] = (char)(0x80 | (code >> 6 & 0x3f));
	out[2] = (char)(0x80 | (code & 0x3f));
	return 3;
}

/* What follows a backslash. Returns the bytes written, or 0. */
static size_t take_escape(struct members *members, char out[static 3])
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;
	long unit;

	if (members->at >= members->end)
		return 0;
	if (*members->at == 'u') {
		members->at++;
		unit = take_unit(members);
		return unit < 0 ? 0 : encode(unit, out);
	}
	at = memchr(from, *members->at++, sizeof(from) - 1);
	if (!at)
		return 0;
	out[0] = to[at - from];
	return 1;
}

/* A string whose opening quote has been taken, decoded into text. Returns its length or -EINVAL. */
static long take_string(struct members *members, char *text, size_t size)
{
	size_t len = 0;

	while (members->at < members->end) {
		char one[3];
		size_t n = 1;

		one[0] = *members->at++;
		if (one[0] == '"')
			return (long)len;
		if (one[0] == '\\')
			n = take_escape(members, one);
		if (n == 0 || len + n > size)
			return -EINVAL;
		memcpy(text + len, one, n);
		len += n;
	}
	return -EINVAL;
}

/* Pass over a number, a word, an array or an object: brackets are counted outside of strings. */
static int skip_value(struct members *members)
{
	int depth = 0;
	bool quoted = false;

	for (; members->at < members->end; members->at++) {
		const char c = *members->at;

		if (quoted) {
			if (c == '\\' && members->at + 1 < members->end)
				members->at++;
			quoted = c != '"';
			continue;
		}
		if (depth == 0 && (c == ',' || c == '}'))
			return 0;
		quoted = c == '"';
		depth += c == '[' || c == '{';
		depth -= c == ']' || c == '}';
	}
	return -EINVAL;
}

static int take_value(struct members *members, struct member *member, char *text, size_t size)
{
	long len;

	member->is_text = take(members, '"');
	if (!member->is_text) {
		int err;

		member->value = members->at;
		err = skip_value(members);
		member->len = (size_t)(members->at - member->value);
		return err < 0 || member->len == 0 ? -EINVAL : 0;
	}
	len = take_string(members, text, size);
	member->value = text;
	member->len = len < 0 ? 0 : (size_t)len;
	return len < 0 ? -EINVAL : 0;
}

int members_next(struct members *members, struct member *ret, char *text, size_t size)
{
	const char *close;

	if (take(members, '}'))
		return 0;
	if (!members->first && !take(members, ','))
		return -EINVAL;
	members->first = false;
	if (!take(members, '"'))
		return -EINVAL;
	close = memchr(members->at, '"', (size_t)(members->end - members->at));
	if (!close)
		return -EINVAL;
	ret->key = members->at;
	ret->key_len = (size_t)(close - members->at);
	members->at = close + 1;
	if (!take(members, ':'))
		return -EINVAL;
	return take_value(members, ret, text, size) < 0 ? -EINVAL : 1;
}

bool member_is(const struct member *member, const char *key)
{
	return member->key_len == strlen(key) && memcmp(member->key, key, member->key_len) == 0;
}

bool member_says(const struct member *member, const char *value)
{
	return member->is_text && member->len == strlen(value) &&
	       memcmp(member->value, value, member->len) == 0;
}
