#ifndef PK_WATCH_PENDING_H
#define PK_WATCH_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "state.h"

/* The batch that is being gathered: when it is due, and what becomes of it then. */

/* Whatever was added since `noted` (batch.noted) starts, or prolongs, the debounce. */
void pending_note(struct loop *loop, size_t noted, int64_t now);

/* When it has to be looked at; NS_NEVER: something else comes first. */
int64_t pending_due(const struct loop *loop);

/* Run the command for it, if it is due. */
void pending_act(struct loop *loop, int64_t now);

#endif
