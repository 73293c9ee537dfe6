#ifndef PK_SLOT_H
#define PK_SLOT_H

#include <limits.h>
#include <stdbool.h>

#include "common/base.h"
#include "common/place.h"

/*
 * Temporary names beside a file: `.NAME.pk0` to `.NAME.pk7`. Whoever lives behind one holds flock(2)
 * on that file - a shared lock is enough, and a second descriptor can take it over -, so a name whose
 * lock is free is what a SIGKILL or a power cut has left: whoever needs the slot next removes it. Leftovers are bounded, no directory is scanned, and a live owner is never
 * disturbed.
 */
#define SLOT_COUNT 8

/* Take the name for itself, by open, link or whatever. Returns 0, -EEXIST: it is taken, or -errno. */
typedef int slot_take(void *arg, const char *name);

/*
 * Find a slot for `take`, removing leftovers; each adds 1 to *swept. Returns 0 with the name in
 * ret_name, -EBUSY: all belong to live owners, or what take returned.
 */
must_check int slot_claim(const struct place *place, slot_take *take, void *arg,
			  char ret_name[static NAME_MAX + 1], int *swept);

/* Is this the name of the file that is open as fd? */
must_check bool slot_names(const struct place *place, const char *name, int fd);

#endif
