/* The names in a directory, by getdents64(2). */
#include "entries.h"

#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The layout that getdents64(2) fills; no header has it. */
struct entry {
	uint64_t ino;
	int64_t off;
	unsigned short len;
	unsigned char type;
	char name[];
};

int entries_each(int dir, entries_visit *visit, void *arg)
{
	_Alignas(struct entry) char block[16384];

	for (;;) {
		long len = syscall(SYS_getdents64, dir, block, sizeof(block));

		if (len <= 0)
			return len < 0 ? -errno : 0;
		for (long at = 0; at < len;) {
			const struct entry *entry =
				(const struct entry *)(const void *)(block + at);
			int result = visit(arg, entry->name);

			if (result < 0)
				return result;
			at += entry->len;
		}
	}
}
