#ifndef PK_ATOMIC_WRITE_PARENTS_H
#define PK_ATOMIC_WRITE_PARENTS_H

#include <stdbool.h>

#include "common/base.h"

/*
 * Make the missing directories above path (-D), each with mode 0777 under the umask; with durable
 * each new entry is made durable before the next is made. Returns 0 or -errno; what was made stays.
 */
must_check int parents_make(const char *path, bool durable);

#endif
