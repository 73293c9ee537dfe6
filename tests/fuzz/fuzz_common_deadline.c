/* PK_DEADLINE: refused without a trace, or an instant that is written and read again the same. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/clock.h"
#include "common/deadline.h"

#define BOOT "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[256], again[DEADLINE_MAX], from[17] = "?", back_from[17];
	int64_t end = -7, back;

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (deadline_parse(text, BOOT, 100 * NS_PER_S, &end, from) < 0) {
		assert(end == -7 && strcmp(from, "?") == 0);
		return 0;
	}
	assert(end > 100 * NS_PER_S);
	assert(strlen(from) == 0 || strlen(from) == 16);
	if (end == NS_NEVER)
		return 0;
	deadline_format(again, end, BOOT, from);
	assert(deadline_parse(strchr(again, '=') + 1, BOOT, 100 * NS_PER_S, &back, back_from) == 0);
	assert(back == end && strcmp(back_from, from) == 0);
	return 0;
}
