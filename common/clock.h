#ifndef PK_CLOCK_H
#define PK_CLOCK_H

#include <stdint.h>
#include <time.h>

#include "common/base.h"

/*
 * Time is int64_t nanoseconds. Deadlines are absolute instants on CLOCK_MONOTONIC; NS_NEVER is
 * the deadline that does not come and, as a duration, "inf". Wall-clock time exists only as text.
 */
#define NS_NEVER INT64_MAX
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

/* Now on CLOCK_MONOTONIC. */
int64_t now_ns(void);

/* at + duration, both >= 0, saturating at NS_NEVER. */
int64_t ns_add(int64_t at, int64_t duration);

/* The earlier of two deadlines. */
int64_t ns_min(int64_t a, int64_t b);

/*
 * Fill *left with the time from now until deadline, for ppoll(2): zero when it has passed.
 * Returns left, or NULL (wait for ever) when deadline is NS_NEVER.
 */
struct timespec *ns_until(int64_t deadline, struct timespec *left);

/*
 * Read a duration: `250ms 5s 1.5s 2m 1h 1d`, a bare number is seconds, `inf` is NS_NEVER. The
 * decimal point is a point in every locale; fractions below a nanosecond are rounded up, so that
 * nothing fires early. Returns 0 and sets *ret_ns, or -EINVAL (form) or -ERANGE (too long), with
 * *ret_ns untouched. NS_FORMS names the accepted forms for the message.
 */
must_check int ns_parse(const char *text, int64_t *ret_ns);
#define NS_FORMS "a duration such as 250ms, 5s, 1.5s, 2m, 1h, 1d or inf"

/*
 * Write a duration >= 0 in the largest unit that keeps it readable, as `ns_parse` reads it: `30s`,
 * `1.5s`, `250ms`, `inf`. Milliseconds are the smallest unit and are rounded up.
 */
#define NS_TEXT_MAX 32
void ns_format(char text[static NS_TEXT_MAX], int64_t ns);

/* Write the wall-clock time now as RFC 3339 UTC with milliseconds: `2026-01-31T23:59:59.123Z`. */
#define CLOCK_STAMP_MAX 96
void clock_stamp(char text[static CLOCK_STAMP_MAX]);

#endif
