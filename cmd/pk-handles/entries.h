#ifndef PK_HANDLES_ENTRIES_H
#define PK_HANDLES_ENTRIES_H

#include "common/base.h"

/*
 * Call visit for each name in the directory, without memory of its own: `.` and `..` too. dir is read
 * from where it is. Returns 0, -errno, or visit's negative result.
 */
typedef int entries_visit(void *arg, const char *name);
must_check int entries_each(int dir, entries_visit *visit, void *arg);

#endif
