#ifndef PK_ATOMIC_WRITE_IN_PLACE_H
#define PK_ATOMIC_WRITE_IN_PLACE_H

#include <stdbool.h>

#include "common/base.h"
#include "work.h"

/*
 * --in-place-fallback, where no rename is possible (a bind-mounted file, a directory that cannot be
 * written): rewrite the inode itself. Readers can see half of it, a crash can leave half of it; but
 * the new content is complete and on disk elsewhere, room for it is reserved before the first byte
 * of FILE is touched, and when the writing fails all the same it is kept under a name that the
 * message gives. Returns true when FILE is rewritten.
 */
must_check bool in_place(struct work *work);

#endif
