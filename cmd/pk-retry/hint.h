#ifndef PK_RETRY_HINT_H
#define PK_RETRY_HINT_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

/*
 * What a command says about trying again, on the descriptor of --hint-fd. One of
 *
 *	120                              seconds (RFC 9110, section 10.2.3: delay-seconds)
 *	1.5s                             a duration of pk
 *	Fri, 31 Dec 1999 23:59:59 GMT    an HTTP date (RFC 9110, section 5.6.7, all three forms)
 *	stop                             do not try again; a negative number says the same
 *	HTTP/1.1 503 ...                 a block of header fields, as `curl -D` writes it: of the last
 *	Retry-After: 120                 response, the status and the last Retry-After
 */
enum hint_kind {
	HINT_NONE,    /* nothing was said */
	HINT_GARBAGE, /* what was said has no meaning: ignored */
	HINT_DELAY,
	HINT_STOP,
};

struct hint {
	enum hint_kind kind;
	int64_t delay;	 /* ns, with HINT_DELAY; NS_NEVER: longer than can be counted */
	int http_status; /* of the last response, or 0 */
};

/* Read a hint. now is the wall clock in seconds since 1970; a date in the past is a delay of 0. */
struct hint hint_parse(const char *text, size_t len, int64_t now);

#endif
