#ifndef PK_SPOOL_H
#define PK_SPOOL_H

#include "common/base.h"

/*
 * A file without a name, for reading and writing, that is gone with the last process that holds it:
 * in $TMPDIR (else /tmp), so that its size is a matter of disk space and not of memory; where no file
 * can be made there, in memory. name is what the file, or the memory in /proc, is called meanwhile. Returns the descriptor,
 * the caller's to close, or -errno.
 */
must_check int spool_open(const char *name);

/* The same, in memory first: for a few bytes. */
must_check int spool_open_small(const char *name);

/* Make it empty, with its offset at the beginning. Returns 0 or -errno. */
must_check int spool_clear(int fd);

#endif
