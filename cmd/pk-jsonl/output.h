#ifndef PK_JSONL_OUTPUT_H
#define PK_JSONL_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

/*
 * Buffered bytes for stdout. The first failure is kept and everything after it dropped: the verb
 * looks at error when it would write, and ends.
 */
#define OUTPUT_BUFFER ((size_t)64 * 1024)

struct output {
	int fd;
	int error; /* -errno, or 0 */
	size_t len;
	char bytes[OUTPUT_BUFFER];
};

void output_begin(struct output *output, int fd);

void output_add(struct output *output, const void *bytes, size_t len);
void output_char(struct output *output, char c);
void output_text(struct output *output, const char *text);
void output_int(struct output *output, int64_t number);

/* Write out what is buffered. Returns 0 or the first failure. */
int output_flush(struct output *output);

#endif
