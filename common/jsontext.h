#ifndef PK_JSONTEXT_H
#define PK_JSONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

/*
 * What the tokens of jsonread.h mean. raw is the text of a string or key between its quotes, as the
 * reader has validated it.
 */

/*
 * Decode one character: up to 4 bytes into out, *ret_len of them. Returns how many of the len >= 1
 * bytes of raw it took. Bytes that are no escape come one at a time.
 */
size_t jsontext_decode_one(char out[static 4], size_t *ret_len, const char *raw, size_t len);

/*
 * Decode a string: escapes become what they mean, a lone surrogate U+FFFD. out has room for len bytes
 * and may be raw itself: the result is never longer. Returns its length.
 */
size_t jsontext_decode(char *out, const char *raw, size_t len);

/* Is the decoded string equal to the text? Looks only as far as they agree. */
bool jsontext_is(const char *raw, size_t len, const char *text, size_t text_len);

/* A number's text as an integer: 0, -EINVAL (it has a fraction or an exponent) or -ERANGE. */
must_check int jsontext_int(const char *number, size_t len, int64_t *ret);

#endif
