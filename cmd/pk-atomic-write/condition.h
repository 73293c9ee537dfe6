#ifndef PK_ATOMIC_WRITE_CONDITION_H
#define PK_ATOMIC_WRITE_CONDITION_H

#include <stdbool.h>

#include "common/base.h"
#include "work.h"

/* What must hold, or FILE stays as it is. */

/* Before any input is read: --if-match, a stdin that can be read; with -e the lock is taken first. */
must_check bool condition_before(struct work *work);

/* Once the new content is complete: --non-empty, --verify, -u. */
must_check bool condition_after(struct work *work);

/* --if-match of the current content; again under the lock. */
must_check bool condition_match(struct work *work);

#endif
