#ifndef PK_OUTCOME_H
#define PK_OUTCOME_H

#include <stdbool.h>

#include "common/base.h"

/* How an attempt ended, as --retry-on and --success-on see it. */
struct outcome {
	int status; /* 0 to 255, as the shell shows it: 124 when it timed out, 128 + signal */
	int signal; /* it died of; 0: none, or it was our time limit */
	bool timed_out;
};

/* A set of outcomes: one truth for each way to end, so that membership needs no list. */
#define OUTCOME_SIGNALS 65
struct outcome_set {
	bool codes[256];
	bool signals[OUTCOME_SIGNALS];
	bool timeout;
};

/*
 * Change *set as a list says, item after item, so that the last one about an outcome wins:
 *
 *	item  N | N-M | any | none | timeout | signal | SIGNAME | !item
 *
 * N is a status as the shell shows it, so 124 also means a time limit and 137 a death by SIGKILL. A
 * name is TERM or SIGTERM. A list that begins with a !item changes *set as it is; any other begins
 * with the empty set. Returns 0, or -EINVAL with *set untouched.
 */
must_check int outcome_set_parse(struct outcome_set *set, const char *list);
#define OUTCOME_FORMS "a list such as 1,7-9,timeout,signal,KILL,!3 or any,!2"

/* Can nothing be in the set? */
bool outcome_set_is_empty(const struct outcome_set *set);

/* Is the outcome in the set? */
bool outcome_in(const struct outcome_set *set, struct outcome outcome);

#endif
