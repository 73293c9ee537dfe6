#ifndef PK_ATOMIC_WRITE_WORK_H
#define PK_ATOMIC_WRITE_WORK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "common/base.h"
#include "common/events.h"
#include "common/guard.h"
#include "common/place.h"
#include "common/replace.h"
#include "common/status.h"
#include "plan.h"

/*
 * One replacement from the first look at FILE to the end. Every step returns true to go on; false
 * means that the end is reached: the reason has been told, as message and as last event, and `ending`
 * says how to exit.
 */
struct target {
	struct place place;
	bool exists;   /* something has the name */
	bool link;     /* it is a symlink, to be replaced itself (-P) */
	int fd;	       /* the regular file; -1: there is none */
	bool readable; /* fd is open for reading */
	bool locked;
	struct stat st; /* of fd, when it was opened */
};

/*
 * How far the replacement has come, in memory that the front shares with the guard: when the guard is
 * killed, the front looks whether the new file has got its name already.
 */
struct progress {
	dev_t dev; /* the new file, from just before it gets its name; 0 0: not yet */
	ino_t ino;
	bool rewriting; /* FILE is being changed in place */
};

struct work {
	const struct plan *plan;
	struct progress *progress; /* NULL without a guard */
	struct events *events;
	struct guard *guard; /* runs COMMAND and --check; NULL: there are none */
	int sigs;	     /* without a guard: the signals that end us */
	int stop_signal;     /* the one that has */
	int forgiven;	     /* with a guard: a signal that was COMMAND's business */
	int64_t begun;
	struct target target;
	bool existed;	   /* FILE was there when its content was first looked at */
	struct stat input; /* stdin, when it is the new content */
	struct replace new;
	struct place spare; /* where new is when FILE's directory cannot be written */
	int64_t size;	    /* of the new content, once it is staged */
	bool unchanged;	    /* stdin was what FILE holds (-u): nothing is staged */
	int sealed;	    /* what replace_seal has said */
	dev_t kept_dev;	    /* the file whose metadata new has; 0 0: none */
	ino_t kept_ino;
	bool in_place; /* FILE was or will be rewritten instead of replaced */
	struct ending ending;
};

/*
 * Wait until fd is readable or `until` has come; fd may be -1. Returns WAIT_STOP when a signal asks
 * us to end, or -errno.
 */
enum wait_end { WAIT_READY, WAIT_TIME, WAIT_STOP };
must_check int work_wait(struct work *work, int fd, int64_t until);

/* The signal that WAIT_STOP was about. */
int work_stop_signal(const struct work *work);

/* Do it all. */
must_check struct ending work_run(struct work *work);

#endif
