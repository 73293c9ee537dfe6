#ifndef PK_ATOMIC_WRITE_COMMIT_H
#define PK_ATOMIC_WRITE_COMMIT_H

#include <stdbool.h>

#include "common/base.h"
#include "work.h"

/*
 * The new content is complete and wanted: give it FILE's metadata, check it, make it durable, take
 * the lock, look whether the conditions still hold, and put it in FILE's place. Returns true when
 * FILE is replaced: work->ending is 0 or 122 then.
 */
must_check bool commit(struct work *work);

#endif
