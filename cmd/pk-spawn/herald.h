#ifndef PK_SPAWN_HERALD_H
#define PK_SPAWN_HERALD_H

#include <stdbool.h>

#include "common/base.h"

/* The word to the outside that all is ready, and that the end begins: a file,
 * and the service manager. */
struct herald {
	const char *file; /* of --ready-file; NULL: none, or COMMAND's guard sees to it */
	bool said;	  /* ready */
	bool over;	  /* the end has begun: nothing is ready any more */
};

/*
 * Remove the file of --ready-file, if there is one: what an earlier run has left would be taken for this
 * one's. Only when the lock and all that is waited for have been obtained: until then it may be that of
 * a run that still goes on.
 */
void herald_clear(const char *file);

/* Make it. A file that cannot be created is told. */
void herald_create(const char *file);

/* All is ready; said once, and not after the end has begun. */
void herald_ready(struct herald *herald);

/* The end begins: to be called before anything is sent to anybody to end it. */
void herald_stopping(struct herald *herald);

#endif
