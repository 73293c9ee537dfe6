#ifndef PK_WATCH_NEWS_H
#define PK_WATCH_NEWS_H

#include "common/events.h"
#include "plan.h"
#include "watchset.h"

/* Tell what the set has met since the last time (overflows, limits, PATHs that vanished), and clear it. */
void news_tell(struct events *events, const struct plan *plan, struct watchset *set);

#endif
