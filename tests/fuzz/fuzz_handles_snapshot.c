/* Lines of a snapshot, which --diff reads from anywhere. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void visit(void *arg, const struct diff_group *group)
{
	*(size_t *)arg += strlen(group->kind) + strlen(group->target);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = malloc(size ? size : 1);
	struct diff diff;
	size_t sum = 0;

	if (!line)
		return 0;
	memcpy(line, data, size);
	diff_init(&diff, ~0U);
	(void)!diff_add(&diff, DIFF_OLD, line, size);
	(void)!diff_add(&diff, DIFF_NEW, line, size / 2);
	(void)!diff_compare(&diff, visit, &sum);
	diff_drop(&diff);
	free(line);
	return 0;
}
