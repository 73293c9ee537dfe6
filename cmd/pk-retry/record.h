#ifndef PK_RETRY_RECORD_H
#define PK_RETRY_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

/*
 * The circuit breaker's shared state: one line of JSON, padded to a fixed size so that it can be
 * rewritten in place, and what follows from it as pure functions.
 *
 *	CLOSED  -- threshold failures in a row -->  OPEN until until_ms
 *	OPEN    -- cooled down, one probe fails -->  OPEN anew
 *	OPEN    -- cooled down, one probe succeeds -->  CLOSED
 *
 * "Half-open" is no state of the record: it is an open circuit that has cooled down while somebody
 * holds the permit (breaker.h). gen grows with every transition; the result of a call that began in
 * an older generation says nothing about the present one and is ignored.
 *
 * Time is the wall clock in milliseconds: the record is shared between boots. A clock that was put
 * back could keep a circuit open for years, so no record is believed beyond now + cooldown.
 */
#define RECORD_SIZE 256

struct record {
	int64_t seq; /* grows with every write; the record ends with it again: a torn read differs */
	bool open;
	int64_t failures; /* in a row */
	int64_t until_ms; /* wall clock; while open */
	int64_t gen;
	int64_t tokens; /* kept as it is: for a retry budget to come */
};

struct record_rules {
	int64_t threshold;   /* failures in a row that open the circuit, >= 1 */
	int64_t cooldown_ms; /* how long it then stays open */
};

/*
 * Read a record. No bytes at all are a closed circuit. Returns 0, or -EBADMSG with *ret untouched:
 * another size, not such an object, a member that is missing or out of range, torn.
 */
must_check int record_parse(const char *bytes, size_t len, struct record *ret);

/* Write the record as RECORD_SIZE bytes, with the next seq. */
void record_format(struct record *record, char bytes[static RECORD_SIZE]);

enum admission {
	ADMIT_FREELY, /* the circuit is closed */
	ADMIT_PROBE,  /* open and cooled down: whoever holds the permit may try */
	ADMIT_NOBODY, /* open */
};

/* May a call begin? An until_ms that cannot be right is corrected: *ret_changed then. */
enum admission record_admit(struct record *record, const struct record_rules *rules, int64_t now_ms,
			    bool *ret_changed);

/*
 * The result of a call that began in generation gen, of the probe or of another. Returns true when
 * the record has changed and must be written.
 */
bool record_count(struct record *record, const struct record_rules *rules, int64_t now_ms,
		  bool failed, bool is_probe, int64_t gen);

#endif
