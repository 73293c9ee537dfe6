#ifndef PK_RETRY_NOTICE_H
#define PK_RETRY_NOTICE_H

#include <stdint.h>

#include "breaker.h"
#include "common/base.h"
#include "common/events.h"
#include "common/guard.h"
#include "common/status.h"
#include "plan.h"
#include "policy.h"

/* What pk-retry says: events for programs, one line per failed attempt for people. */
struct notice {
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

void notice_start(const struct notice *notice);
void notice_attempt_start(const struct notice *notice, int64_t attempt, pid_t command_pid);

/* The attempt's end: events attempt_end and hint, and the line. */
void notice_attempt_end(const struct notice *notice, const struct account *account);

/* --share: wait, lead, given or memo; a time < 0 is left out. */
void notice_share(const struct notice *notice, const char *role, int64_t waited_ns, int64_t age_ns);

void notice_delay(const struct notice *notice, const struct wait *wait);

/* The circuit has changed, or lets a probe through, or lets nobody through. */
void notice_breaker(const struct notice *notice, const char *from, const char *to,
		    const struct breaker *breaker, int64_t open_for_ms, bool probe);
/* What is wrong with the breaker, if anything: told also under -q. */
void notice_breaker_trouble(const struct notice *notice, struct breaker *breaker);

void notice_end(const struct notice *notice, int64_t attempts, struct ending ending,
		enum reason reason);

#endif
