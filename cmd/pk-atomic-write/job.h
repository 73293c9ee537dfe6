#ifndef PK_ATOMIC_WRITE_JOB_H
#define PK_ATOMIC_WRITE_JOB_H

#include <stdbool.h>

#include "common/base.h"
#include "work.h"

/*
 * COMMAND writes the new file itself: it is its stdout, seekable and on FILE's file system, so that
 * nothing is copied. Only status 0 goes on, and only when nobody has the new file open for writing
 * any more at that instant.
 */
must_check bool job_command(struct work *work);

/* --check: the shell text judges the complete new file. */
must_check bool job_check(struct work *work);

#endif
