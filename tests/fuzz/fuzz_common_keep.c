/* keep_mode: whatever bytes an ACL attribute holds, no class of users gets a right that the old mode did not give. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/keep.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct keep_lost lost = {0};
	mode_t mode, kept;

	if (size < 3)
		return 0;
	lost.owner = data[0] & 1;
	lost.group = data[0] & 2;
	lost.acl = data[0] & 4;
	mode = (mode_t)(data[1] | data[2] << 8) & 07777;
	kept = keep_mode(mode, &lost, data + 3, size - 3);
	if ((kept & ~(mode & 01777)) != 0)
		abort();
	if (keep_all(&lost) && kept != (mode & 01777))
		abort();
	return 0;
}
