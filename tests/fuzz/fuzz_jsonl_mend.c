/* Mending: every piece is a record, and every other byte is white space or a hole in front. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/jsonread.h"
#include "mend.h"

static void need(bool holds)
{
	if (!holds)
		abort();
}

static void only_space(const char *bytes, size_t len, bool front)
{
	for (size_t i = 0; i < len; i++)
		need(bytes[i] == ' ' || bytes[i] == '\t' || bytes[i] == '\r' ||
		     (front && bytes[i] == '\0'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mend mend;
	char *line = malloc(size + 1);
	size_t from, len, at, end = 0;
	const char *reason;

	need(line);
	if (size > 0)
		memcpy(line, data, size);
	for (size_t i = 0; i < size; i++)
		line[i] = line[i] == '\n' ? ' ' : line[i];
	if (mend_begin(&mend, line, size)) {
		while (mend_next(&mend, &from, &len)) {
			need(from >= end && from + len <= size);
			only_space(line + end, from - end, end == 0);
			need(mend.blank || jsonread_check(line + from, len, &at, &reason));
			end = from + len;
		}
		only_space(line + end, size - end, false);
	}
	free(line);
	return 0;
}
