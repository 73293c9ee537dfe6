/* This boot of this machine. */
#include "common/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/fd.h"

int64_t boot_now_ns(void)
{
	struct timespec now;

	/* Cannot fail: the clock exists on every kernel that we support. */
	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

int boot_read_id(char id[static BOOT_ID + 1])
{
	char text[64];
	ssize_t len = fd_read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id", text, sizeof(text));

	id[0] = '\0';
	if (len < BOOT_ID)
		return -ENODATA;
	memcpy(id, text, BOOT_ID);
	id[BOOT_ID] = '\0';
	return 0;
}
