#ifndef PK_RETRY_CIRCUIT_H
#define PK_RETRY_CIRCUIT_H

#include <stdbool.h>

#include "breaker.h"
#include "common/base.h"
#include "common/guard.h"
#include "notice.h"
#include "policy.h"

/* The circuit breaker between the attempts: ask, tell, and say what there is to say. */

/* May an attempt begin? No has been told. */
must_check bool circuit_admits(struct breaker *breaker, struct guard *guard,
			       const struct notice *notice);

/*
 * Tell it what came of the attempt. A circuit that is open now turns a judgement to try again into
 * one to stop.
 */
void circuit_tell(struct breaker *breaker, struct guard *guard, const struct notice *notice,
		  struct judgement *judgement);

#endif
