/* The meaning of JSON strings and integers. */
#include "common/jsontext.h"

#include <errno.h>
#include <string.h>

#define REPLACEMENT 0xfffd

static unsigned hex4(const char *digits)
{
	unsigned value = 0;

	for (int i = 0; i < 4; i++) {
		const unsigned c = (unsigned char)digits[i];

		value = value << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return value;
}

static size_t put_utf8(char out[static 4], unsigned code)
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
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

/* \uXXXX, and the second half of a surrogate pair when it follows. */
static size_t decode_u(char out[static 4], size_t *ret_len, const char *raw, size_t len)
{
	unsigned code = hex4(raw + 2);
	size_t used = 6;

	if (code >= 0xd800 && code < 0xdc00 && len >= 12 && raw[6] == '\\' && raw[7] == 'u') {
		const unsigned low = hex4(raw + 8);

		if (low >= 0xdc00 && low < 0xe000) {
			code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
			used = 12;
		}
	}
	if (code >= 0xd800 && code < 0xe000)
		code = REPLACEMENT;
	*ret_len = put_utf8(out, code);
	return used;
}

size_t jsontext_decode_one(char out[static 4], size_t *ret_len, const char *raw, size_t len)
{
	static const char escapes[] = "b\bf\fn\nr\rt\t";

	*ret_len = 1;
	out[0] = raw[0];
	if (raw[0] != '\\' || len < 2)
		return 1;
	if (raw[1] == 'u' && len >= 6)
		return decode_u(out, ret_len, raw, len);
	out[0] = raw[1];
	for (size_t i = 0; i + 1 < sizeof(escapes); i += 2)
		if (raw[1] == escapes[i])
			out[0] = escapes[i + 1];
	return 2;
}

size_t jsontext_decode(char *out, const char *raw, size_t len)
{
	size_t end = 0;

	for (size_t i = 0; i < len;) {
		char one[4];
		size_t n;

		i += jsontext_decode_one(one, &n, raw + i, len - i);
		memcpy(out + end, one, n);
		end += n;
	}
	return end;
}

bool jsontext_is(const char *raw, size_t len, const char *text, size_t text_len)
{
	size_t seen = 0;

	for (size_t i = 0; i < len;) {
		char one[4];
		size_t n;

		i += jsontext_decode_one(one, &n, raw + i, len - i);
		if (text_len - seen < n || memcmp(text + seen, one, n) != 0)
			return false;
		seen += n;
	}
	return seen == text_len;
}

int jsontext_int(const char *number, size_t len, int64_t *ret)
{
	const bool negative = number[0] == '-';
	int64_t value = 0;

	for (size_t i = negative; i < len; i++) {
		const int digit = number[i] - '0';

		if (digit < 0 || digit > 9)
			return -EINVAL;
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, negative ? -digit : digit, &value))
			return -ERANGE;
	}
	*ret = value;
	return 0;
}
