#ifndef PK_HANDLES_KIND_H
#define PK_HANDLES_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

/* What a descriptor refers to. */
enum kind {
	KIND_FILE,
	KIND_DIR,
	KIND_PIPE,
	KIND_FIFO,
	KIND_TCP,
	KIND_UDP,
	KIND_UNIX,
	KIND_NETLINK,
	KIND_PACKET,
	KIND_EPOLL,
	KIND_TIMERFD,
	KIND_EVENTFD,
	KIND_SIGNALFD,
	KIND_INOTIFY,
	KIND_PIDFD,
	KIND_IO_URING,
	KIND_MEMFD,
	KIND_TTY,
	KIND_DEV,
	KIND_NS,
	KIND_OTHER,
	KIND_COUNT,
};

/* "file", "dir", ... as records and --kind have them. */
const char *kind_name(enum kind kind);

/* Read a name of len bytes. Returns 0 and sets *ret, or -EINVAL. */
must_check int kind_parse(const char *name, size_t len, enum kind *ret);

/* Read a list `tcp,udp` into a set with bit 1 << kind for each. Returns 0 or -EINVAL. */
must_check int kind_parse_set(const char *list, uint32_t *ret_set);

/* What the text of a link in /proc/PID/fd says (proc(5)). */
struct kind_link {
	enum kind kind; /* KIND_OTHER for a socket, whose family only the kernel's tables tell */
	bool socket;
	bool path; /* a name in the file system: stat(2) tells file, dir, fifo, tty and dev apart */
	uint64_t ino; /* of pipe:[N], socket:[N], net:[N]; else 0 */
};
struct kind_link kind_of_link(const char *text);

#endif
