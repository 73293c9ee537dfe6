#ifndef PK_DEADLINE_H
#define PK_DEADLINE_H

#include <stdint.h>

#include "common/base.h"
#include "common/boot.h"

/*
 * One deadline for everything below: a tool that enforces a limit tells its command in PK_DEADLINE
 * when that comes, and a pk tool further down, however deep below sh, make or python, ends earlier
 * by what its own ending may take. So the innermost ends first and reports the cause.
 *
 *	PK_DEADLINE=SECONDS@BOOT[/RUN]    an instant of CLOCK_BOOTTIME, the kernel's boot id, and the
 *	                                  run (events.h) that enforces it
 *	PK_DEADLINE=+DUR                  what a person writes: the first tool resolves it
 *
 * Of the time that is left a tool keeps back its grace period and a margin for what follows SIGKILL,
 * but never more than a quarter, so that a chain of tools under a short limit has some work done:
 *
 *	now ........... begin_by ........... at ............ kill_at ..... the inherited instant
 *	   attempts may begin   <- reserve ->   grace period        margin
 */
struct deadline {
	int64_t at; /* monotonic: this tool ends what it does; NS_NEVER: nothing is inherited */
	int64_t kill_at; /* it insists, at the latest; NS_NEVER: never does */
	int64_t begin_by; /* nothing is begun again: a nested tool would keep back as much once more */
	int64_t left;	  /* ns from the start of this tool until at */
	char from[17];	  /* the run that enforces the inherited instant; empty: not known */
};

#define DEADLINE_NONE                                                                              \
	((struct deadline){                                                                        \
		.at = NS_NEVER, .kill_at = NS_NEVER, .begin_by = NS_NEVER, .left = NS_NEVER})

#define DEADLINE_NAME "PK_DEADLINE"
#define DEADLINE_MAX 128 /* of the assignment */

/*
 * Read the variable's text. boot is the present boot id, now is CLOCK_BOOTTIME. Returns 0 with *ret_end
 * (CLOCK_BOOTTIME; NS_NEVER: none, for `+0` and `+inf`) and ret_from set; else both are untouched:
 *   -EINVAL  neither of the two forms
 *   -EXDEV   of another boot, so of another machine or another life of this one
 *   -ETIME   it has passed
 */
must_check int deadline_parse(const char *text, const char *boot, int64_t now, int64_t *ret_end,
			      char ret_from[static 17]);
#define DEADLINE_FORMS "+DUR such as +25m"

/* Write the assignment for an instant of CLOCK_BOOTTIME; run may be empty. */
void deadline_format(char text[static DEADLINE_MAX], int64_t end, const char *boot,
		     const char *run);

/* What a tool with that grace period (NS_NEVER: it never insists) may use of what is left until end. */
struct deadline deadline_share(int64_t now, int64_t end, int64_t grace);

/*
 * What the environment says, for a tool with that grace period. Returns 0 with *ret set, DEADLINE_NONE
 * when there is nothing, or an error of deadline_parse, or -ENODATA: there is no boot id to compare.
 * Whatever does not count is removed from the environment.
 */
must_check int deadline_inherit(struct deadline *ret, int64_t grace);

/* Remove it from the environment: neither obeyed nor passed on. */
void deadline_forget(void);

/* The variable for commands. It must last as long as the environment is used. */
struct deadline_export {
	char text[DEADLINE_MAX];
	char boot[BOOT_ID + 1];
};

/*
 * Tell the commands started from now on that `at` (monotonic) is enforced by run; NS_NEVER leaves the
 * environment alone. Without a boot id (no /proc) they are told nothing.
 */
void deadline_tell(struct deadline_export *export, int64_t at, const char *run);

#endif
