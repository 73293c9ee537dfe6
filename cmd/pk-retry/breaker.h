#ifndef PK_RETRY_BREAKER_H
#define PK_RETRY_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base.h"
#include "common/guard.h"
#include "record.h"

/*
 * A circuit breaker that all processes share through a file: the record of record.h under two locks
 * of the open-file-description kind (fcntl(2), F_OFD_SETLK), which the kernel frees on any death.
 *
 *	byte 0   held for the few microseconds of a read and a write in place
 *	byte 1   the permit: whoever holds it is the one probe of an open circuit that has cooled down
 *
 * The permit is asked for under byte 0 and given back in the same critical section that writes the
 * probe's result, so no interleaving admits two probes or loses a result; a prober that is killed has
 * left a valid record and frees the permit by dying. A healthy call takes no lock and writes nothing:
 * open, read, and after the call read and close.
 *
 * The service must not suffer from its breaker: whatever goes wrong here lets the call through
 * ("fail open"), and breaker_trouble says what it was, once.
 */
struct breaker {
	const char *path;
	struct record_rules rules;
	int fd;			/* the record, from breaker_ask to breaker_tell; -1 */
	bool probing;		/* byte 1 of fd is ours */
	struct record record;	/* as it was seen last */
	char text[RECORD_SIZE]; /* the file's bytes when they were read or written last, and */
	struct record meaning;	/* what they say; seq 0: nothing yet */
	int64_t gen;		/* the generation that the call began in */
	bool is_open;		/* after breaker_tell of a failure */
	int trouble;		/* -errno that was not told yet; -EBADMSG: the record was corrupt */
};

#define BREAKER_LOCK_NS (1 * NS_PER_S)

/* May an attempt begin? When not, *ret_wait_ms is how long the circuit stays open, at least. */
must_check enum admission breaker_ask(struct breaker *breaker, struct guard *guard,
				      int64_t *ret_wait_ms);

/* What came of the attempt. NEITHER: it says nothing about the service; a probe gives its permit back. */
enum result { RESULT_NEITHER, RESULT_SUCCESS, RESULT_FAILURE };

/* Tell the result. Returns true when the circuit has changed its state; record says how. */
bool breaker_tell(struct breaker *breaker, struct guard *guard, enum result result);

/* What went wrong, once: -errno, or 0. */
int breaker_trouble(struct breaker *breaker);

void breaker_drop(struct breaker *breaker);

#endif
