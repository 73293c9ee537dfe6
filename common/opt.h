#ifndef PK_OPT_H
#define PK_OPT_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

/*
 * One table per program drives getopt_long(3), the checks of values, --help and the suggestions for
 * a mistyped name. Long names are exact: an abbreviation would freeze every name for ever. This and
 * say are the only modules of common/ that speak to the user, on behalf of main.
 *
 *	static const struct opt options[] = {
 *		{.kind = OPT_GROUP, .help = "Time limits"},
 *		{OPT_DURATION, 't', "timeout", "DUR", "stop COMMAND after DUR", offsetof(struct plan, timeout)},
 *		...
 *	};
 */
enum opt_kind {
	OPT_GROUP,    /* a heading of --help: only help is set */
	OPT_FLAG,     /* bool at `at` becomes true */
	OPT_VALUE,    /* int at `at` becomes `most` */
	OPT_DURATION, /* int64_t nanoseconds */
	OPT_SIZE,     /* int64_t bytes */
	OPT_COUNT,    /* int64_t from least to most */
	OPT_SIGNAL,   /* int */
	OPT_CHOICE,   /* int: index into choices */
	OPT_TEXT,     /* const char *, into argv */
	OPT_CALL,     /* set(plan, value) */
	OPT_HELP,
	OPT_VERSION,
};

struct opt {
	enum opt_kind kind;
	char letter; /* 0: long name only */
	const char *name;
	/* The argument's name in --help, NULL: takes none; "[X]": optional, after the = of the long name.
	 * The letter takes none then, so that letters can follow it: cp(1) has -b and --backup=numbered. */
	const char *arg;
	const char *help; /* one sentence, the default in parentheses; wrapped by --help */
	size_t at;	  /* offset of the target in the plan */
	int64_t least, most;
	const char *const *choices; /* NULL-terminated */
	/* NULL when value is accepted, else what was expected. value is NULL without an argument. */
	const char *(*set)(void *plan, const char *value);
};

/* The three that every program has; used as the last rows of its table. */
#define OPT_COMMON                                                                                 \
	{OPT_HELP, 'h', "help", NULL, "show this help", 0, 0, 0, NULL, NULL},                      \
	{                                                                                          \
		OPT_VERSION, 'V', "version", NULL, "show the version", 0, 0, 0, NULL, NULL         \
	}

struct opt_program {
	const char *name;
	const char *usage;   /* lines behind "Usage: ", each ending in a newline */
	const char *purpose; /* one sentence */
	const struct opt *options;
	size_t count;
	const char *tail; /* exit statuses and examples, ready lines of <= 79 columns */
};

/*
 * Parse argv into plan, options first: the first operand or `--` ends them. Returns the index of the
 * first operand, or -1 when there is nothing left to do but to return *ret_status: --help and
 * --version have been printed, or the mistake has been told (STATUS_OWN).
 */
must_check int opt_parse(const struct opt_program *program, int argc, char **argv, void *plan,
			 int *ret_status);

/*
 * The name in the table that is nearest to a mistyped one, at most two edits (insertion, deletion,
 * replacement, swap of neighbours) away and never by guessing among equals; or NULL.
 */
const char *opt_nearest(const struct opt_program *program, const char *name, size_t len);

#endif
