#ifndef PK_ATOMIC_WRITE_INPUT_H
#define PK_ATOMIC_WRITE_INPUT_H

#include <stdbool.h>

#include "common/base.h"
#include "work.h"

/*
 * Read stdin to its end into the new file. With -u it is compared with FILE while it comes, and the
 * new file is made at the first difference only: when there is none, nothing was written and
 * work->unchanged is set.
 */
must_check bool input_stage(struct work *work);

/* Refuse a stdin that cannot be read, before anything is done. */
must_check bool input_check(struct work *work);

#endif
