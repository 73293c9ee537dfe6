#ifndef PK_SPAWN_POOL_PLAN_H
#define PK_SPAWN_POOL_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base.h"
#include "common/outcome.h"

/* What the command line asks of a pool. */
struct pool_plan {
	bool wanted; /* there is to be one: -j, -a or --item-stdin */
	int64_t jobs; /* slots, 1 at least; until pool_plan_check 0 means as many as there are CPUs */
	char separator;
	const char *file;   /* of the items; NULL: stdin */
	char *const *items; /* behind `:::`, NULL-terminated; or NULL */
	int64_t max_args;
	bool item_stdin;
	int64_t delay; /* between starts, ns */
	int halt;      /* enum halt */
	bool any;
	int64_t drain; /* ns; POOL_PLAN_UNSET */
	struct outcome_set success_on;
	int output; /* enum output_mode, or -1 */
	bool tag;
	int64_t capture;
	const char *results;
	int progress; /* enum progress_style */
	bool no_jobserver;
	const char *alone; /* an option that needs a pool, given without one so far; or NULL */
};

#define POOL_PLAN_UNSET INT64_C(-1)

struct plan;

/* The state before the first option. */
void pool_plan_init(struct pool_plan *pool);

/* The setters of the option table; NULL, or what was expected. */
const char *pool_plan_set_jobs(void *plan, const char *value);
const char *pool_plan_set_file(void *plan, const char *value);
const char *pool_plan_set_null(void *plan, const char *value);
const char *pool_plan_set_delimiter(void *plan, const char *value);
const char *pool_plan_set_item_stdin(void *plan, const char *value);
const char *pool_plan_set_success_on(void *plan, const char *value);
const char *pool_plan_set_fail_fast(void *plan, const char *value);
const char *pool_plan_set_progress(void *plan, const char *value);

/* Separate the items from the command, and tell what does not go together. Returns false then. */
must_check bool pool_plan_check(struct plan *plan);

#endif
