/* The texts of /proc: links, fdinfo, status, limits, syscall, mountinfo. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "fdinfo.h"
#include "kind.h"
#include "process.h"
#include "slow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int visit(void *arg, const struct fdinfo_watch *watch)
{
	*(uint64_t *)arg += (uint64_t)watch->fd;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct fdinfo info = FDINFO_NONE;
	struct process process = {0};
	struct buf mounts = {.cap = 1 << 20};
	uint64_t sum = 0;
	uint32_t set;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	(void)!fdinfo_parse(text, &info, visit, &sum);
	(void)kind_of_link(text);
	(void)!kind_parse_set(text, &set);
	(void)call_parse(text);
	process_parse_status(text, &process);
	process_parse_limits(text, &process);
	(void)!slow_parse_mounts(text, &mounts);
	buf_drop(&mounts);
	free(text);
	return 0;
}
