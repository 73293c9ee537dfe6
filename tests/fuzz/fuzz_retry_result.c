/* The record of a shared result: refused without a trace, or written and read again the same. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/clock.h"
#include "result.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct shared_result result = {.status = -7}, again;
	char bytes[RESULT_SIZE], back[RESULT_SIZE];
	int64_t file = RESULT_SIZE;

	if (size < 1)
		return 0;
	file += data[0];
	memset(bytes, ' ', sizeof(bytes));
	memcpy(bytes, data + 1, size - 1 < sizeof(bytes) ? size - 1 : sizeof(bytes));
	if (result_parse(bytes, file, &result) < 0) {
		assert(result.status == -7);
		return 0;
	}
	assert(result.bytes == data[0] && result.at_ms >= 0);
	assert(result.status >= 0 && result.status <= 255);
	assert(result.signal >= 0 && result.signal <= 64);
	assert(strlen(result.id) == RESULT_ID && strlen(result.key) == SHA256_TEXT - 1);
	assert(strlen(result.boot) == BOOT_ID || strlen(result.boot) == 0);
	assert(!result_is_fresh(&result, 0, result.boot, result.at_ms));
	result_format(&result, back);
	assert(back[RESULT_SIZE - 1] == '\n');
	assert(result_parse(back, file, &again) == 0);
	assert(strcmp(again.id, result.id) == 0 && again.at_ms == result.at_ms);
	assert(again.failed == result.failed);
	return 0;
}
