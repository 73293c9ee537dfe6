#ifndef PK_ATOMIC_WRITE_PLAN_H
#define PK_ATOMIC_WRITE_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base.h"
#include "common/deadline.h"
#include "common/opt.h"
#include "common/replace.h"
#include "common/sha256.h"
#include "common/stop.h"

/* What --if-match asks of the current content. */
enum match { MATCH_NONE_ASKED, MATCH_ABSENT, MATCH_ANY, MATCH_HASH };

/* What the command line asks for. */
struct plan {
	const char *file;
	char **command; /* argv of CMD, NULL-terminated; NULL: the new content is our stdin */
	bool edit;
	bool if_changed;
	int64_t unchanged_status;
	enum match match;
	uint8_t match_hash[SHA256_SIZE];
	bool verify;
	uint8_t verify_hash[SHA256_SIZE];
	bool non_empty;
	const char *check;  /* shell text, or NULL */
	const char *backup; /* the suffix, or NULL */
	bool has_mode;
	mode_t mode;
	bool parents;
	bool no_dereference;
	bool strict;
	bool in_place_fallback;
	int sync;	    /* enum replace_durability */
	int64_t wait;	    /* NS_NEVER: no limit */
	int64_t kill_after; /* PLAN_GRACE_UNSET until -k is given */
	int signal;
	const char *events;
	bool events_argv;
	bool verbose;
	bool quiet;
	bool no_inherit;
	struct deadline inherited; /* what an enclosing tool allows */
};

#define PLAN_GRACE_UNSET INT64_C(-1)

/* The option table with its help, for tests too. */
extern const struct opt_program plan_program;

/*
 * Read the command line. Returns true with something to do, or false with *ret_status set: help was
 * printed or a mistake was told.
 */
must_check bool plan_parse(struct plan *plan, int argc, char **argv, int *ret_status);

/* The rules of stopping CMD and --check. */
struct stop_policy plan_policy(const struct plan *plan, bool is_init);

#endif
