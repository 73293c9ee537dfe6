#ifndef PK_RETRY_PLAN_H
#define PK_RETRY_PLAN_H

#include <regex.h>
#include <stdbool.h>
#include <stdint.h>

#include "backoff.h"
#include "common/base.h"
#include "common/deadline.h"
#include "common/opt.h"
#include "common/outcome.h"
#include "common/stop.h"
#include "record.h"

/* What the command line asks for. */
struct plan {
	char **command; /* argv of the command, NULL-terminated; empty with --schedule */

	int64_t attempts;    /* PLAN_ENDLESS: inf */
	int64_t reset_after; /* 0: never */
	struct backoff_rules backoff;
	int64_t seed; /* -1: none given */
	bool schedule;

	int64_t timeout;
	int64_t deadline;   /* a duration; 0: none */
	int64_t kill_after; /* PLAN_UNSET until -k is given */
	int signal;
	int orphans; /* enum orphans */

	struct outcome_set retry_on, success_on;
	regex_t until, retry_match; /* used when the flag beside is set */
	bool has_until, has_retry_match;

	int input;	 /* enum feed_mode */
	int output;	 /* enum output_mode */
	int64_t hint_fd; /* 0: none */
	int64_t max_hint;

	const char *breaker; /* NULL: none */
	struct record_rules breaker_rules;
	int64_t cooldown;
	const char *lock;  /* NULL: none */
	int64_t slots;	   /* of it; 0: it is a mutex */
	int64_t wait;	   /* PLAN_UNSET until -w is given */
	const char *share; /* NULL: none */
	int64_t share_ttl;
	bool share_failures;

	const char *events;
	bool events_argv;
	bool verbose;
	bool quiet;
	bool no_inherit;
	struct deadline inherited; /* what an enclosing tool allows */
};

#define PLAN_UNSET INT64_C(-1)
#define PLAN_ENDLESS INT64_MAX

/* The option table with its help, for tests too. */
extern const struct opt_program plan_program;

/*
 * Read the command line. Returns true with something to do, or false with *ret_status set: help was
 * printed or a mistake was told. plan_drop frees what it holds, whatever came of it.
 */
must_check bool plan_parse(struct plan *plan, int argc, char **argv, int *ret_status);
void plan_drop(struct plan *plan);

/* The rules of stopping an attempt; deadline is absolute. What it leaves is decided afterwards. */
struct stop_policy plan_policy(const struct plan *plan, bool is_init, int64_t deadline);

#endif
