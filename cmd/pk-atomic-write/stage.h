#ifndef PK_ATOMIC_WRITE_STAGE_H
#define PK_ATOMIC_WRITE_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base.h"
#include "work.h"

/*
 * Create the new file beside FILE; with --in-place-fallback in TMPDIR when FILE's directory cannot
 * be written.
 */
must_check bool stage_open(struct work *work);

/*
 * A descriptor of its own for an open file, for reading from the beginning, by /proc. Returns it or
 * -errno.
 */
must_check int stage_reopen(int fd);

/* Are the bytes the same? Eight at a time: musl's memcmp(3) takes each alone. */
bool stage_equal(const void *a, const void *b, size_t len);

/* Do two files hold the same bytes? Returns 1, 0 or -errno. */
must_check int stage_same(int a, int b);

/* The size that bytes are copied in: larger ones leave the cache (measured: 1 MiB is 2.5 times slower). */
#define STAGE_CHUNK ((size_t)256 << 10)

/* Copy len bytes from the beginning of a file to the end of another; less when it is shorter. Returns
 * the number of bytes or -errno. */
must_check int64_t stage_copy(int to, int from, int64_t len);

#endif
