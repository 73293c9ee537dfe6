#ifndef PK_SPAWN_ANSWER_H
#define PK_SPAWN_ANSWER_H

#include <stddef.h>

#include "common/base.h"
#include "spec.h"

/* HTTP as far as the question "are you there?" needs it (RFC 9112). Pure. */

/* The beginning of an answer that is enough to tell its status: "HTTP/1.1 200". */
#define ANSWER_ENOUGH 12

/* The status 100 to 999 of an answer that begins with the bytes; 0: more are needed; -EINVAL: it is no
 * HTTP/1 answer. */
must_check int answer_status(const char *bytes, size_t len);

/* Does the status say "ready"? As for a probe of a container: 200 to 399. */
bool answer_is_ready(int status);

/* Write the request for an http SPEC. Returns its length, 0 when it does not fit. */
#define ANSWER_REQUEST_MAX 4096
must_check size_t answer_request(const struct spec *spec, char text[static ANSWER_REQUEST_MAX]);

#endif
