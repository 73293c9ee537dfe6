#ifndef PK_SPAWN_PROGRESS_H
#define PK_SPAWN_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "tally.h"

/*
 * How far a pool has come, on stderr: on a terminal one line that is redrawn in place and erased at the
 * end; plain, one line every PROGRESS_PLAIN_NS for the log of a CI run.
 */
enum progress_style { PROGRESS_OFF, PROGRESS_LINE, PROGRESS_PLAIN };

#define PROGRESS_LINE_NS INT64_C(200000000)
#define PROGRESS_PLAIN_NS INT64_C(10000000000)

struct progress {
	enum progress_style style;
	int64_t started;
	int64_t due; /* when the next look is */
	bool drawn;  /* a line is on the terminal */
};

/* The figures of one moment. */
struct progress_view {
	int64_t done, failed, running;
	int64_t total; /* -1: not known */
	int64_t elapsed;
	const char *slowest; /* the name of the job that runs longest, or NULL */
	int64_t slowest_ns;
};

/* A style for a terminal is off where stderr is none. */
void progress_start(struct progress *progress, enum progress_style style, int64_t now);

/* When to call progress_show next; NS_NEVER when it is off. */
int64_t progress_due(const struct progress *progress);

void progress_show(struct progress *progress, const struct progress_view *view, int64_t now);

/* Take the line away: before other output on the terminal, and at the end. */
void progress_erase(struct progress *progress);

/*
 * The line, at most `columns` wide: what does not fit is left out from its end on. Pure. Returns its
 * length in bytes.
 */
#define PROGRESS_TEXT_MAX 256
size_t progress_text(char text[static PROGRESS_TEXT_MAX], const struct progress_view *view,
		     size_t columns);

#endif
