#ifndef PK_ATOMIC_WRITE_TARGET_H
#define PK_ATOMIC_WRITE_TARGET_H

#include <stdbool.h>

#include "common/base.h"
#include "work.h"

/* FILE as it is now: what may be replaced, and the lock that all of our writers take. */
#define TARGET_NONE ((struct target){.place = PLACE_NONE, .fd = -1})
void target_drop(struct target *target);

/*
 * Find FILE and refuse what is no regular file, or one that the caller may not write: `>` would not
 * either, and a rename needs only the directory. Nothing has been read or written then, except that
 * missing parents were made (-D).
 */
must_check bool target_find(struct work *work);

/* Is FILE where events go? Then the first of them would change it. */
must_check bool target_is_events(const struct work *work);

/* Look again at what has the name. */
must_check bool target_look(struct work *work);

/*
 * Take the lock on the file that has the name now, waiting as -w says. A rename changes which file
 * that is: then it is opened anew and *ret_changed is set. Where there is none, nothing is locked.
 */
must_check bool target_lock(struct work *work, bool *ret_changed);

/* Is the open file still the one with the name? */
must_check bool target_is_current(const struct target *target);

/* Has nobody written to the open file since it was opened? By its size and time. */
must_check bool target_is_unwritten(const struct target *target);

/* May FILE stay as it is (-u)? Yes when it is unwritten, still has the name and the mode that was
 * asked for. */
must_check bool target_is_as_seen(const struct work *work);

#endif
