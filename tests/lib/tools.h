#ifndef PK_TEST_TOOLS_H
#define PK_TEST_TOOLS_H

#include <stddef.h>

#include "tests/check.h"
#include "tests/lib/run.h"

/*
 * The conditions that every tool must meet, whatever it does: tests/conformance/test_*.c. A tool joins by
 * one row in the table of tools.c: a harmless command line that ends with 0, what it prints, and what else
 * a condition needs. A tool that is not in $PK_BIN is left out.
 */
enum { TOOL_ARGS = 12 };

struct tool {
	const char *name;
	const char *args[TOOL_ARGS]; /* a harmless job (FILE: a path that it may write) ... */
	const char *input;	     /* ... with this stdin (NULL: /dev/null) ... */
	const char *output;	     /* ... and exactly this stdout, status 0 */
	const char
		*waiting[TOOL_ARGS]; /* a job that lasts until TERM, for signals; none: filters */
	const char *copying
		[TOOL_ARGS]; /* a job that copies lines `{"a":1}` to stdout; none: it has no stdin */
	const char *hostile[TOOL_ARGS]; /* a job that fails and quotes HOSTILE in its message */
	int hostile_status;
	int slots; /* descriptors that suffice */
};

/* Control bytes, an escape sequence, a line end, invalid UTF-8. */
#define HOSTILE "no\033[31m\n\r\001\177\377\xed\xa0\x80"

/* The row of the running test. */
const struct tool *tool(void);

/* The argv of `before` (may be NULL; names helpers), the tool and its arguments. */
const char *const *tool_line(const char *const before[], const char *const args[]);

/* The harmless job does its work in this world. */
void tool_works(const char *const before[], struct how how);

struct condition {
	const char *title;
	CMUnitTestFunction run;
};

#define CONDITION(function)                                                                        \
	{                                                                                          \
#function, function                                                                \
	}

/* main: every condition for every tool. */
int tools_run(const char *group, const struct condition *conditions, size_t count);

#endif
