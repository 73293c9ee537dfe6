/* Sets of outcomes and backoff factors: refused and untouched, or accepted and within range. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "backoff.h"
#include "common/outcome.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome_set set, before;
	char text[256];
	int64_t factor = -7;

	memset(&set, 0, sizeof(set));
	set.codes[7] = true;
	before = set;
	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (outcome_set_parse(&set, text) < 0)
		assert(memcmp(&set, &before, sizeof(set)) == 0);
	else
		(void)outcome_in(&set, (struct outcome){.status = 137, .signal = 9});
	if (backoff_parse_factor(text, &factor) < 0)
		assert(factor == -7);
	else
		assert(factor >= FACTOR_ONE);
	return 0;
}
