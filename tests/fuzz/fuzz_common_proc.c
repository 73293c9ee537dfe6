/* A stat line of /proc: names with any byte, lines cut anywhere. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/proc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proc_stat stat = {.pid = -7};
	char text[2048];

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (proc_parse_stat(text, &stat) < 0)
		assert(stat.pid == -7);
	else
		assert(strlen(stat.comm) < PROC_COMM_MAX);
	return 0;
}
