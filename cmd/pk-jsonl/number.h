#ifndef PK_JSONL_NUMBER_H
#define PK_JSONL_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Compare two JSON numbers by value, exactly: decimals of any length, never through a double. The
 * texts are valid (RFC 8259 section 6). Returns < 0, 0 or > 0. Exponents beyond 10^17 are taken as
 * equally far away.
 */
int number_compare(const char *a, size_t a_len, const char *b, size_t b_len);

/* Is the text one JSON number? */
bool number_is(const char *text, size_t len);

#endif
