#ifndef PK_CHECK_H
#define PK_CHECK_H

/*
 * What every test program includes first: cmocka behind its preamble, and assertions that show the
 * text they looked at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

/* The text contains the part; the failure shows both. */
#define assert_has(text, part) check_has(text, part, true, __FILE__, __LINE__)
#define assert_lacks(text, part) check_has(text, part, false, __FILE__, __LINE__)

static inline void check_has(const char *text, const char *part, bool want, const char *file,
			     int line)
{
	if ((strstr(text, part) != NULL) == want)
		return;
	print_error("%s '%s' in:\n%s\n", want ? "no" : "unexpected", part, text);
	_fail(file, line);
}

/* The text is the given number of lines, the last one complete. */
#define assert_lines(text, count) check_lines(text, count, __FILE__, __LINE__)

static inline void check_lines(const char *text, size_t count, const char *file, int line)
{
	size_t seen = 0;
	for (const char *c = text; *c != '\0'; c++)
		seen += *c == '\n';
	if (seen == count && (count == 0 ? *text == '\0' : text[strlen(text) - 1] == '\n'))
		return;
	print_error("%zu lines where %zu were wanted:\n%s\n", seen, count, text);
	_fail(file, line);
}

#endif
