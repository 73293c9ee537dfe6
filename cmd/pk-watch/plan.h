#ifndef PK_WATCH_PLAN_H
#define PK_WATCH_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"
#include "common/deadline.h"
#include "common/opt.h"
#include "common/stop.h"

/* What becomes of a batch that is ready while COMMAND runs. */
enum busy { BUSY_QUEUE, BUSY_RESTART, BUSY_IGNORE, BUSY_SIGNAL };

/* Kinds of change, as a set. */
enum kind { KIND_CREATE = 1, KIND_MODIFY = 2, KIND_DELETE = 4, KIND_ATTRIB = 8 };
#define KIND_ALL (KIND_CREATE | KIND_MODIFY | KIND_DELETE | KIND_ATTRIB)

/* How a list of paths is written. */
enum format { FORMAT_LINES, FORMAT_NULL, FORMAT_JSON };

/* What the command line asks for. Texts point into argv or into the buffers at the end. */
struct plan {
	char **paths; /* as given, NULL-terminated; "" stands for the current directory, unnamed */
	size_t path_count;
	char **command; /* NULL: print */

	int64_t debounce;
	int64_t max_wait;
	int64_t timeout;
	int64_t idle;
	int64_t kill_after; /* PLAN_GRACE_UNSET until -k is given */
	int64_t poll;	    /* 0: kernel events */
	int64_t every;
	int64_t jitter;

	bool postpone;
	bool once;
	bool exit_on_error;
	bool align;
	int on_busy; /* enum busy */
	int signal;
	int orphans; /* enum orphans */

	unsigned kinds;
	bool no_ignore;
	bool no_recursive;
	bool follow;
	struct buf ignores; /* gitignore lines of -i */
	struct buf selects; /* gitignore lines of -e and -f */

	bool null;
	bool json;
	bool paths_stdin;
	bool clear;
	const char *events;
	bool events_argv;
	bool verbose;
	bool quiet;
	bool no_inherit;
	struct deadline inherited; /* what an enclosing tool allows */

	struct buf list; /* the PATHs read from stdin */
};

#define PLAN_GRACE_UNSET INT64_C(-1)

/* The option table with its help, for tests too. */
extern const struct opt_program plan_program;

/*
 * Read the command line, and the list on stdin when `-` asks for it. Returns true with *plan filled,
 * or false with *ret_status set: help was printed or a mistake was told.
 */
must_check bool plan_parse(struct plan *plan, int argc, char **argv, int *ret_status);

/* Free what plan_parse allocated. */
void plan_drop(struct plan *plan);

/* The rules of stopping one run of the command. */
struct stop_policy plan_policy(const struct plan *plan, bool is_init);

enum format plan_format(const struct plan *plan);

#endif
