#ifndef PK_HANDLES_LINE_H
#define PK_HANDLES_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

/*
 * One line for people, built up and printed whole. What does not fit is left out. Bytes from outside go
 * through line_name, so that no file name can forge a line or move the cursor.
 */
#define LINE_SIZE 20480
struct line {
	size_t len;
	size_t column; /* where the text that is being padded began */
	char bytes[LINE_SIZE];
};

/* Our own words. */
void line_text(struct line *line, const char *text);

/* A number. */
void line_number(struct line *line, int64_t value);

/* Bytes from outside: control bytes and invalid UTF-8 as \xNN. */
void line_name(struct line *line, const char *bytes, size_t len);

/* A size as people read it: 512, 4.0K, 1.5G. */
void line_size(struct line *line, int64_t bytes);

/* A duration in its largest unit, or "never". */
void line_duration(struct line *line, int64_t ns);

/* End a column: at least width wide, and one blank. */
void line_pad(struct line *line, size_t width);

/* Print the line on stdout and empty it. A failure is stdio's to remember (program_finish). */
void line_print(struct line *line);

#endif
