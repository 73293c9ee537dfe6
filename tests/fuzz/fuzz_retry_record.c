/* The breaker's record: what is accepted survives being written, and any history keeps it valid. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_and_read(struct record *record)
{
	struct record again;
	char bytes[RECORD_SIZE];

	record_format(record, bytes);
	assert(bytes[RECORD_SIZE - 1] == '\n');
	assert(record_parse(bytes, sizeof(bytes), &again) == 0);
	assert(again.seq == record->seq && again.open == record->open &&
	       again.failures == record->failures);
	assert(again.until_ms == record->until_ms && again.gen == record->gen &&
	       again.tokens == record->tokens);
}

/* Each byte is a call: when it is, whether it fails, whether it is the probe, whether it is late. */
static void live(struct record *record, const uint8_t *data, size_t size)
{
	const struct record_rules rules = {.threshold = 3, .cooldown_ms = 10};
	int64_t now = 1000;

	for (size_t i = 0; i < size; i++) {
		bool changed;
		enum admission admission = record_admit(record, &rules, now, &changed);

		assert((admission == ADMIT_FREELY) == !record->open);
		assert(!record->open || record->until_ms <= now + rules.cooldown_ms);
		if (record_count(record, &rules, now, (data[i] & 1) != 0, (data[i] & 2) != 0,
				 record->gen - (data[i] >> 2 & 1)))
			write_and_read(record);
		now += data[i] >> 3;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record record = {.failures = -7};
	char bytes[RECORD_SIZE];

	if (record_parse((const char *)data, size, &record) < 0)
		assert(record.failures == -7);
	else
		write_and_read(&record);
	memset(bytes, ' ', sizeof(bytes));
	memcpy(bytes, data, size < sizeof(bytes) ? size : sizeof(bytes));
	if (record_parse(bytes, sizeof(bytes), &record) == 0)
		write_and_read(&record);
	record = (struct record){0};
	live(&record, data, size);
	return 0;
}
