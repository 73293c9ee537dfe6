#ifndef PK_SPAWN_PLAN_H
#define PK_SPAWN_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base.h"
#include "common/child.h"
#include "common/deadline.h"
#include "common/opt.h"
#include "common/stop.h"

/* What the command line asks for. */
struct plan {
	char **command; /* argv of the command, NULL-terminated */
	int64_t timeout;
	int64_t deadline;   /* a duration; 0: none */
	int64_t kill_after; /* PLAN_GRACE_UNSET until -k is given */
	int signal;
	int signal_to;
	int orphans; /* enum orphans */
	bool preserve_status;
	const char *lock;	      /* NULL: none */
	int64_t slots;		      /* of it; 0: it is a mutex */
	int64_t wait;		      /* PLAN_WAIT_UNSET until -w is given */
	const char *input;	      /* "inherit", "null" or a file */
	struct child_limit limits[8]; /* one for each name that --limit knows */
	size_t limit_count;
	const char *events;
	bool events_argv;
	bool verbose;
	bool quiet;
	bool no_inherit;
	struct deadline inherited; /* what an enclosing tool allows */
};

#define PLAN_GRACE_UNSET INT64_C(-1)
#define PLAN_WAIT_UNSET INT64_C(-1)

/* The option table with its help, for tests too. */
extern const struct opt_program plan_program;

/*
 * Read the command line. Returns true with a command to run, or false with *ret_status set: help
 * was printed or a mistake was told.
 */
must_check bool plan_parse(struct plan *plan, int argc, char **argv, int *ret_status);

/* The name under which --limit has a resource. */
const char *plan_limit_name(int resource);

/* The rules of stopping that the plan asks for, from now on. */
struct stop_policy plan_policy(const struct plan *plan, bool is_init, int64_t now);

#endif
