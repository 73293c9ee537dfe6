#ifndef PK_RETRY_LINES_H
#define PK_RETRY_LINES_H

#include <stddef.h>

#include "notice.h"

/*
 * What people read on stderr about an attempt: one line when it has failed, with what follows; more
 * with --verbose, none with --quiet.
 */
void lines_attempt(const struct notice *notice, const struct account *account);

/* With --verbose: the end of a failed attempt's withheld stdout. */
void lines_tail(const struct notice *notice, const char *bytes, size_t len);

#endif
