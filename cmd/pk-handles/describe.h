#ifndef PK_HANDLES_DESCRIBE_H
#define PK_HANDLES_DESCRIBE_H

#include "handle.h"
#include "line.h"

/* Add to line what the handle is: its name, and by kind state, addresses, queues, timers, watches. */
void describe(struct line *line, const struct table *table, const struct handle *handle);

/* "r", "w", "rw", "path"; "?" when fdinfo was not readable. */
const char *describe_mode(const struct handle *handle);

/* Add the events of epoll_ctl(2) by name: `in|hup|et`. */
void describe_events(struct line *line, uint32_t events);

/* "alive", "zombie", "reaped", "outside". */
const char *describe_target(enum target target);

/* "realtime", "monotonic", "boottime", ... of a timer. */
const char *describe_clock(int clock);

#endif
