#ifndef PK_SPAWN_CAST_H
#define PK_SPAWN_CAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/crew.h"
#include "common/events.h"
#include "common/status.h"
#include "herald.h"
#include "work.h"

/*
 * Who takes part in a run with services: guards of a crew, and what is known of
 * each. cast_step lets one thing happen: a signal comes, a guard reports, a
 * guard ends.
 */
#define CAST_NOBODY (-1)

struct player {
	int member; /* of the crew; CAST_NOBODY: not there, or gone */
	int prober; /* who asks its exec:, or CAST_NOBODY */
	bool ready;
	bool gone;
	struct ending ending; /* when gone */
	struct work work;
};

struct cast {
	struct events *events;
	struct crew crew;
	struct herald herald;
	struct player *players; /* the services, and last COMMAND */
	size_t services;
	int waiter; /* who waits for --wait-for, or CAST_NOBODY */
	struct ending waited;
	int64_t first; /* when a signal asked for an end; NS_NEVER: not */
	int signal;    /* which */
	bool insists;  /* it was said twice */
};

struct player *cast_command(struct cast *cast);

/* The first service that has gone, or NULL. */
const struct player *cast_fallen(const struct cast *cast);

/* Tell a guard to end what it owns; CAST_NOBODY is told nothing. */
void cast_halt(struct cast *cast, int member);

/* Wait for one thing to happen, and draw the consequences. Returns false when
 * waiting is impossible. */
must_check bool cast_step(struct cast *cast);

#endif
