#ifndef PK_RETRY_OUTPUT_H
#define PK_RETRY_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base.h"
#include "common/guard.h"

/*
 * Every attempt's stdout. Passed on, it is the caller's own. Committed, it is a file without a name,
 * so that nothing of a failed attempt reaches the caller and nothing has to be copied while the
 * command runs; only the final attempt's file is sent on.
 */
enum output_mode { OUTPUT_AUTO, OUTPUT_PASS, OUTPUT_COMMIT };

struct output {
	bool commits;
	int spool; /* -1: none, passed on */
	dev_t dev; /* of the spool */
	ino_t ino;
	off_t len; /* what the last attempt has written, as output_check saw it */
};

#define OUTPUT_EMPTY ((struct output){.spool = -1})

/*
 * OUTPUT_AUTO passes on what is a terminal, /dev/null or the same object as stderr (a log), and
 * commits anything else: a pipeline or a file is data. Returns 0 or -errno.
 */
must_check int output_open(struct output *output, enum output_mode mode);
void output_drop(struct output *output);

/* Before an attempt: *ret_fd is the descriptor that is to be its stdout, -1 for ours as it is. */
must_check int output_begin(struct output *output, int *ret_fd);

/*
 * After an attempt: has the spool's file system taken all that was written? -ENOSPC when it is full:
 * a command that did not look would seem to have succeeded.
 */
must_check int output_check(struct output *output);

/* Send the spool to stdout (pump.h has the errors). */
must_check int output_commit(const struct output *output, struct guard *guard, int64_t until);

/* The end of what the attempt has written, for a look at a failure: up to size bytes. Returns how many. */
size_t output_tail(const struct output *output, char *bytes, size_t size);

#endif
