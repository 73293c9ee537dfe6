#ifndef PK_RETRY_REPORT_H
#define PK_RETRY_REPORT_H

#include <stdint.h>

#include "breaker.h"
#include "common/base.h"
#include "common/events.h"
#include "common/guard.h"
#include "common/status.h"
#include "plan.h"
#include "policy.h"

/* What pk-retry says: events for programs, one line per failed attempt for people. */
struct report {
	const struct plan *plan;
	struct events *events;
	int64_t started; /* monotonic */
};

/* What is known about an attempt and what follows from it. */
struct account {
	struct facts facts;
	struct judgement judgement;
	struct wait wait; /* with VERDICT_RETRY */
	pid_t command_pid;
	int64_t elapsed_ns;
	bool killed;
};

void report_start(const struct report *report);
void report_attempt_start(const struct report *report, int64_t attempt, pid_t command_pid);

/* The attempt's end: events attempt_end and hint, and the line. */
void report_attempt_end(const struct report *report, const struct account *account);

/* With -v: the end of a failed attempt's withheld stdout. */
void report_tail(const struct report *report, const char *bytes, size_t len);

void report_delay(const struct report *report, const struct wait *wait);
void report_lock(const struct report *report, const char *event, int64_t waited_ns);

/* The circuit has changed, or lets a probe through, or lets nobody through. */
void report_breaker(const struct report *report, const char *from, const char *to,
		    const struct breaker *breaker, int64_t open_for_ms, bool probe);
/* What is wrong with the breaker, if anything: told also under -q. */
void report_breaker_trouble(const struct report *report, struct breaker *breaker);

/* An own failure: class is usage, io, resource or exec; err is -errno or 0. */
void report_error(struct events *events, const char *class, int err);

void report_end(const struct report *report, int64_t attempts, struct ending ending, enum reason reason);

#endif
