#ifndef PK_HANDLES_TABLE_H
#define PK_HANDLES_TABLE_H

#include <stdbool.h>

#include "handle.h"
#include "line.h"
#include "peer.h"
#include "process.h"

/*
 * The list for people, on stdout: a line for each handle, greppable. Grouped, for a terminal, the process is
 * a title above its lines and not two columns of each.
 */

/* The names of the columns. */
void table_print_head(bool grouped);

/* The line of a process, above those of its handles: limits, threads, and how it takes signals. */
void table_print_process(const struct process *process, bool grouped);

/* The line of one handle; peer may be NULL. */
void table_print(const struct process *process, const struct table *table,
		 const struct handle *handle, const struct peer *peer, bool grouped);

/* The same, added to line. */
void table_line(struct line *line, const struct process *process, const struct table *table,
		const struct handle *handle, const struct peer *peer);

/* The columns and a line of --summary. */
void table_print_summary_head(void);
void table_print_summary(const struct process *process);

#endif
