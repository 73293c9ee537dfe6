#ifndef PK_RETRY_DATE_H
#define PK_RETRY_DATE_H

#include <stdint.h>

#include "common/base.h"

/*
 * Read an HTTP date (RFC 9110, section 5.6.7) into seconds since 1970:
 *
 *	Sun, 06 Nov 1994 08:49:37 GMT    what is sent today
 *	Sunday, 06-Nov-94 08:49:37 GMT   of RFC 850: now decides about the century
 *	Sun Nov  6 08:49:37 1994         of asctime(3)
 *
 * The name of the day is not compared with the date. Returns 0, or -EINVAL with *ret untouched.
 */
must_check int date_parse(const char *text, int64_t now, int64_t *ret);

#endif
