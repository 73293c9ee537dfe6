/* What is a UTF-8 sequence and what is not. */
#include "common/utf8.h"

#include <stdbool.h>

static bool between(unsigned char c, unsigned char low, unsigned char high)
{
	return c >= low && c <= high;
}

size_t utf8_len(const char *bytes, size_t len)
{
	const unsigned char *s = (const unsigned char *)bytes;
	unsigned char low = 0x80, high = 0xbf;
	size_t want;

	if (len == 0)
		return 0;
	if (s[0] < 0x80)
		return 1;
	if (between(s[0], 0xc2, 0xdf))
		want = 2;
	else if (between(s[0], 0xe0, 0xef))
		want = 3;
	else if (between(s[0], 0xf0, 0xf4))
		want = 4;
	else
		return 0;
	/* The second byte excludes overlong forms, surrogates and what lies beyond U+10FFFF. */
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (want > len || !between(s[1], low, high))
		return 0;
	for (size_t i = 2; i < want; i++)
		if (!between(s[i], 0x80, 0xbf))
			return 0;
	return want;
}

size_t utf8_shown(const char *bytes, size_t len)
{
	const size_t n = utf8_len(bytes, len);
	const unsigned char *s = (const unsigned char *)bytes;

	if (n == 1 && (s[0] < 0x20 || s[0] == 0x7f))
		return 0;
	return n == 2 && s[0] == 0xc2 && s[1] < 0xa0 ? 0 : n;
}
