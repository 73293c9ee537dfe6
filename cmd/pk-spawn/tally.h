#ifndef PK_SPAWN_TALLY_H
#define PK_SPAWN_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/status.h"

/*
 * What has become of a pool's jobs so far, and what follows from it: when to stop, with which status, and
 * the line that names what failed. Pure.
 */
enum halt { HALT_NEVER, HALT_SOON, HALT_NOW };

struct tally_rules {
	enum halt halt; /* at the first failure: go on, start no more, stop all */
	bool any;	/* at the first success stop all: it is what was wanted */
};

#define TALLY_NAMED 5
#define TALLY_NAME_MAX 48

struct tally {
	const struct tally_rules *rules;
	int64_t succeeded, failed;
	int64_t stopped; /* by us, in consequence of another's end */
	int64_t not_run;
	bool decided;	      /* a job has ended the pool: */
	struct ending ending; /* how */
	struct {
		char name[TALLY_NAME_MAX]; /* its items; long ones end in "..." */
		int status;
	} first[TALLY_NAMED]; /* failures */
};

/* A job has ended with that status. Returns what the pool does now. */
enum tally_step { TALLY_GO_ON, TALLY_START_NO_MORE, TALLY_STOP_ALL };
enum tally_step tally_add(struct tally *tally, bool success, int status, const char *items,
			  size_t len);

/* The status of a pool that ends of itself. */
struct ending tally_ending(const struct tally *tally);

/*
 * The line about failures, without a newline: "2 of 40 jobs failed: 'b' (124), 'c' (1)"; and how many
 * were stopped or not run. Empty when all went well.
 */
#define TALLY_LINE_MAX 512
void tally_line(const struct tally *tally, char line[static TALLY_LINE_MAX]);

/* Items, each ended by a NUL, as one short text: separated by spaces. Returns its length. */
size_t tally_name(char *name, size_t size, const char *items, size_t len);

#endif
