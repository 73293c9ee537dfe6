/* A predicate, and behind a newline a record for it: never more than an answer. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pred.h"

/* regcomp(3) writes out `a{255}{255}{255}`: memory of libc's, on the word of whoever wrote the predicate. */
static bool explodes(const uint8_t *text, size_t len)
{
	size_t repeats = 0;

	for (size_t i = 0; i < len; i++)
		repeats += text[i] == '{';
	return repeats > 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fields fields;
	struct pred_set set = {.scratch = {.cap = 1 << 20}};
	const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;
	const char *reason;
	size_t at, record_len;
	char *text, *record;

	if (!newline || explodes(data, (size_t)(newline - data)))
		return 0;
	record_len = size - (size_t)(newline + 1 - data);
	text = strndup((const char *)data, (size_t)(newline - data));
	record = malloc(record_len + 1);
	if (!text || !record)
		abort();
	memcpy(record, newline + 1, record_len);
	record[record_len] = '\n'; /* as in a stream: a byte follows every line */
	if (!pred_add(&set, &fields, text) &&
	    fields_read(&fields, record, record_len, &at, &reason)) {
		const int result = pred_match(&set, &fields);

		if (result < 0 || result > 1)
			abort();
	}
	pred_drop(&set);
	fields_drop(&fields);
	fields = (struct fields){0};
	free(text);
	free(record);
	return 0;
}
