#ifndef PK_NUM_H
#define PK_NUM_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

/*
 * Read a decimal integer of digits only, from least to most. Returns 0 and sets *ret, or -EINVAL
 * (form) or -ERANGE, with *ret untouched.
 */
must_check int num_parse(const char *text, int64_t least, int64_t most, int64_t *ret);

/*
 * Read a size in bytes: `4096`, `4K`, `64M`, `2G`, `1T` (powers of 1024; lower case too). Returns 0
 * and sets *ret, or -EINVAL or -ERANGE.
 */
must_check int num_parse_size(const char *text, int64_t *ret);
#define NUM_SIZE_FORMS "a size such as 4096, 4K, 64M or 2G"

/*
 * The decimal digits of value, with a sign, ended by a NUL: they are at the end of text; returns where they
 * begin. printf costs ten times as much.
 */
#define NUM_TEXT_MAX 24
const char *num_text(char text[static NUM_TEXT_MAX], int64_t value);

/* Fill bytes from getrandom(2), else /dev/urandom. Returns 0 or -errno. */
must_check int num_random(void *bytes, size_t len);

#endif
