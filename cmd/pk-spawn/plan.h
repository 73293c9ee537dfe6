#ifndef PK_SPAWN_PLAN_H
#define PK_SPAWN_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base.h"
#include "common/child.h"
#include "common/deadline.h"
#include "common/opt.h"
#include "common/stop.h"
#include "pool_plan.h"
#include "spec.h"

/* --service, and the --ready behind it. */
struct plan_service {
	char *argv[4]; /* sh -c CMD */
	struct spec ready;
	bool has_ready;
};

#define PLAN_SERVICES 16
#define PLAN_WAITS 16

/* What the command line asks for. */
struct plan {
	char **command; /* argv of the command, NULL-terminated */
	int64_t timeout;
	int64_t deadline;   /* a duration; 0: none */
	int64_t idle;	    /* 0: none */
	int64_t kill_after; /* PLAN_GRACE_UNSET until -k is given */
	int signal;
	int signal_to;
	int orphans; /* enum orphans */
	bool preserve_status;
	const char *lock;	      /* NULL: none */
	int64_t slots;		      /* of it; 0: it is a mutex */
	int64_t wait;		      /* PLAN_WAIT_UNSET until -w is given */
	const char *input;	      /* "inherit", "null" or a file; NULL in a pool: not given */
	int64_t max_output;	      /* bytes of each stream; 0: all */
	const char *spill;	      /* a file, or NULL */
	struct child_limit limits[8]; /* one for each name that --limit knows */
	size_t limit_count;
	struct pool_plan pool;
	struct spec ready; /* of COMMAND itself */
	bool has_ready;
	struct plan_service services[PLAN_SERVICES];
	size_t service_count;
	struct spec waits[PLAN_WAITS];
	size_t wait_count;
	int64_t ready_timeout;
	const char *ready_file; /* or NULL */
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

/* When something has to be ready, and which limit says so. */
struct plan_ready_by {
	int64_t at;
	enum stop_cause cause; /* STOP_TIMEOUT (--ready-timeout), STOP_DEADLINE or STOP_INHERITED */
};
struct plan_ready_by plan_ready_by(const struct plan *plan, const struct stop_policy *policy,
				   int64_t now);

#endif
