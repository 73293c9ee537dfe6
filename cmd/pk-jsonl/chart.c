/* Bars for a terminal. */
#include "chart.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/utf8.h"

#define VALUE_WIDTH 40
#define BAR_MOST 60

bool chart_is_wanted(int choice)
{
	return choice == CHART_BARS || (choice != CHART_TSV && isatty(STDOUT_FILENO));
}

/*
 * The value in at most VALUE_WIDTH characters, control characters (U+0080 to U+009F too) and what is
 * no UTF-8 as a question mark; out may be NULL. Returns how many characters.
 */
static size_t put_value(struct output *output, const char *value, size_t len)
{
	size_t width = 0;

	for (size_t i = 0, n; i < len && width < VALUE_WIDTH; i += n, width++) {
		const unsigned char c = (unsigned char)value[i];

		n = utf8_len(value + i, len - i);
		if (n == 0 || c < 0x20 || c == 0x7f ||
		    (n == 2 && c == 0xc2 && (unsigned char)value[i + 1] < 0xa0)) {
			n = n ? n : 1;
			if (output)
				output_char(output, '?');
		} else if (output) {
			output_add(output, value + i, n);
		}
	}
	return width;
}

static int bar_room(size_t value_width)
{
	struct winsize size;
	int columns = 80;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		columns = size.ws_col;
	columns -= (int)value_width + 24;
	return columns < 4 ? 4 : columns > BAR_MOST ? BAR_MOST : columns;
}

void chart_show(struct output *output, const struct groups *groups, int64_t total)
{
	const size_t count = groups_count(groups);
	size_t widest = 0;

	for (size_t i = 0; i < count; i++) {
		const size_t width =
			put_value(NULL, groups_at(groups, i)->value, groups_at(groups, i)->len);

		widest = width > widest ? width : widest;
	}
	for (size_t i = 0; i < count; i++) {
		const struct group *group = groups_at(groups, i);
		const double most = (double)groups_at(groups, 0)->count;
		const int bar = (int)((double)bar_room(widest) * (double)group->count / most + 0.5);
		char text[64];

		for (size_t width = put_value(output, group->value, group->len); width < widest;
		     width++)
			output_char(output, ' ');
		(void)snprintf(text, sizeof(text), " %12lld %5.1f%%  ", (long long)group->count,
			       100.0 * (double)group->count / (double)total);
		output_text(output, text);
		for (int k = 0; k < bar; k++)
			output_char(output, '#');
		output_char(output, '\n');
	}
}
