#ifndef PK_HANDLES_LEFTOVERS_H
#define PK_HANDLES_LEFTOVERS_H

#include <stdbool.h>

#include "common/base.h"
#include "common/buf.h"
#include "session.h"

/*
 * What a command was born with, and what it still held open on its way out, told apart. The text for
 * people or the records are kept until the command is over: stderr is its own until then.
 */
struct leftovers {
	struct session *session;
	struct buf inherited; /* of struct inherited */
	struct buf report;
	int64_t own;	 /* descriptors of their own, open at the exit of the processes */
	int64_t taken;	 /* processes that were looked at on their way out */
	bool incomplete; /* something could not be looked at */
};

void leftovers_init(struct leftovers *leftovers, struct session *session);
void leftovers_drop(struct leftovers *leftovers);

/* The command is about to exec: note what will survive that. Returns 0 or -errno. */
must_check int leftovers_born(struct leftovers *leftovers, pid_t pid);

/* A process is about to end: note what it holds. arg is a struct leftovers. */
void leftovers_leaving(void *arg, pid_t pid);

/* How many descriptors the command was born with. */
int64_t leftovers_inherited(const struct leftovers *leftovers);

/* Write the report to stderr. Returns 0 or -errno. */
must_check int leftovers_report(const struct leftovers *leftovers);

#endif
