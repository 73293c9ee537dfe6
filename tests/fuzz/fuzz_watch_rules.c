/* Ignore lists: any bytes are parsed, any path is judged, in a time that the lengths bound. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first line is the path, the rest the list. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	struct rules *rules = NULL;
	size_t len;
	char *path;

	if (!end || size > 4096)
		return 0;
	len = (size_t)(end - data);
	path = strndup((const char *)data, len);
	if (!path)
		return 0;
	if (rules_parse((const char *)end + 1, size - len - 1, &rules) == 0) {
		enum rule as_file = rules_ask(rules, path, false),
			  as_dir = rules_ask(rules, path, true);

		assert(rules || (as_file == RULE_NONE && as_dir == RULE_NONE));
	}
	rules_drop(&rules);
	free(path);
	return 0;
}
