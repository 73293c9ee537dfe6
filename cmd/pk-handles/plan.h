#ifndef PK_HANDLES_PLAN_H
#define PK_HANDLES_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "check.h"
#include "common/base.h"
#include "common/deadline.h"
#include "common/opt.h"
#include "common/stop.h"

/* What is asked for: a list, unless an option or a command says otherwise. */
enum mode { MODE_LIST, MODE_SUMMARY, MODE_WHY, MODE_DIFF, MODE_TREND, MODE_RUN };

/* What the command line asks for. */
struct plan {
	int mode;
	char **operands; /* PIDs */
	size_t count;
	const char *diff; /* the old snapshot of --diff */
	int64_t interval; /* of --trend */
	int64_t samples;
	int64_t min_growth; /* 0: not given */
	bool json;
	bool all;
	bool tree;
	bool peers;
	uint32_t kinds;	  /* 1 << kind */
	bool whole_facts; /* more than handles is shown or checked */
	int64_t timeout;
	struct checks checks;
	char **command;		/* argv of the command, NULL-terminated */
	int64_t error_exitcode; /* 0: the command's own */
	int64_t kill_after;	/* PLAN_GRACE_UNSET until --kill-after is given */
	int signal;
	bool events_argv;
	const char *events;
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

/* The rules of stopping the command. */
struct stop_policy plan_policy(const struct plan *plan, bool is_init);

/* Read a process number. Returns 0, or -EINVAL. */
must_check int plan_parse_pid(const char *text, pid_t *ret);

#endif
