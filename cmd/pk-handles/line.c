/* Lines for people. No printf: twenty thousand of them are a matter of milliseconds. */
#include "line.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/num.h"
#include "common/utf8.h"

static void put(struct line *line, const char *bytes, size_t len)
{
	/* The last byte is kept for the newline. */
	const size_t room = sizeof(line->bytes) - 1 - line->len;

	if (len > room)
		len = room;
	memcpy(line->bytes + line->len, bytes, len);
	line->len += len;
}

void line_text(struct line *line, const char *text)
{
	put(line, text, strlen(text));
}

void line_number(struct line *line, int64_t value)
{
	char text[NUM_TEXT_MAX];

	line_text(line, num_text(text, value));
}

static void put_escaped(struct line *line, unsigned char byte)
{
	static const char hex[] = "0123456789abcdef";
	const char text[4] = {'\\', 'x', hex[byte >> 4], hex[byte & 15]};

	put(line, text, sizeof(text));
}

void line_name(struct line *line, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t n = 0;

		while (i + n < len && bytes[i + n] >= 0x20 && bytes[i + n] < 0x7f)
			n++;
		if (n == 0)
			n = utf8_shown(bytes + i, len - i);
		if (n == 0) {
			put_escaped(line, (unsigned char)bytes[i++]);
			continue;
		}
		put(line, bytes + i, n);
		i += n;
	}
}

void line_size(struct line *line, int64_t bytes)
{
	static const char units[] = "BKMGTPE";
	int64_t tenths = bytes > INT64_MAX / 10 ? INT64_MAX : bytes * 10;
	size_t unit = 0;
	char name[2] = "";

	while (tenths >= 10240 && unit + 2 < sizeof(units)) {
		tenths /= 1024;
		unit++;
	}
	line_number(line, tenths / 10);
	if (unit == 0)
		return;
	if (tenths < 100) {
		line_text(line, ".");
		line_number(line, tenths % 10);
	}
	name[0] = units[unit];
	line_text(line, name);
}

void line_duration(struct line *line, int64_t ns)
{
	char text[NS_TEXT_MAX];

	ns_format(text, ns);
	line_text(line, text);
}

void line_pad(struct line *line, size_t width)
{
	size_t used = line->len - line->column;

	do
		put(line, " ", 1);
	while (++used <= width);
	line->column = line->len;
}

void line_print(struct line *line)
{
	line->bytes[line->len++] = '\n';
	(void)fwrite(line->bytes, 1, line->len, stdout);
	line->len = line->column = 0;
}
