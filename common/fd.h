#ifndef PK_FD_H
#define PK_FD_H

#include <stddef.h>
#include <sys/types.h>

#include "common/base.h"

/*
 * Descriptors. -1 is the empty descriptor. Every descriptor of ours is O_CLOEXEC, and only those
 * that we created are ever made non-blocking: the flag is shared with everybody who holds the same
 * open file description, so the caller's may come to us non-blocking and stay what they are.
 */

/* Close *fd if it is not empty and leave it empty; keeps errno. For scoped(). */
void fd_drop(int *fd);

/*
 * Fill descriptors 0-2 that the caller left closed, so that nothing of ours lands there. The
 * placeholders are close-on-exec (the command finds them closed again) and open the wrong way
 * round, so that reading "stdin" or writing "stdout" fails instead of losing bytes in silence.
 * Returns 0 or -errno.
 */
must_check int fd_park_std(void);

/*
 * Write all len bytes, waiting by poll(2) when the descriptor is non-blocking and full. Returns 0
 * or -errno; after a failure some bytes may have been written.
 */
must_check int fd_write_full(int fd, const void *bytes, size_t len);

/*
 * Read until len bytes or end of file, waiting by poll(2) on a non-blocking descriptor. Returns the
 * number of bytes (< len means end of file) or -errno.
 */
must_check ssize_t fd_read_full(int fd, void *bytes, size_t len);

/*
 * Read all of a small file, /proc files included, into buf and end it with a NUL. Returns the
 * length, or -errno: -EFBIG when it does not fit into size - 1 bytes.
 */
must_check ssize_t fd_read_file(int dirfd, const char *path, char *buf, size_t size);

/*
 * Close every descriptor except the count ones in keep (-1 entries are skipped; keep is sorted in
 * place). Uses close_range(2), else /proc/self/fd; where neither works nothing is closed: this is a
 * courtesy to whoever waits for end of file on a descriptor of the caller's, not a correctness rule.
 */
void fd_close_others(int *keep, size_t count);

#endif
