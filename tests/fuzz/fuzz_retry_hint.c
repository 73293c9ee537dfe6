/* Retry-After in all its forms: whatever comes, a delay is never negative and a status has three digits. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "date.h"
#include "hint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_date(const char *text, int64_t now)
{
	int64_t at = -7;

	if (date_parse(text, now, &at) < 0)
		assert(at == -7);
	else
		assert(at >= INT64_C(-62135596800) && at <= INT64_C(253402300800));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy without a NUL behind it: the parser has only the length. */
	char *text = malloc(size + 1);
	struct hint hint;

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	hint = hint_parse(text, size, 1700000000);
	assert(hint.kind != HINT_DELAY || hint.delay >= 0);
	assert(hint.http_status >= 0 && hint.http_status <= 999);
	text[size] = '\0';
	try_date(text, 1700000000);
	free(text);
	return 0;
}
