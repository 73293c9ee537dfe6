#ifndef PK_UTF8_H
#define PK_UTF8_H

#include <stddef.h>

/*
 * Length (1 to 4) of the well-formed UTF-8 sequence at the start of bytes, or 0 when there is none:
 * overlong forms, surrogates and values beyond U+10FFFF are ill-formed (Unicode 15, table 3-7).
 */
size_t utf8_len(const char *bytes, size_t len);

/* The same, but 0 for control characters too, U+0080 to U+009F among them: terminals obey those. */
size_t utf8_shown(const char *bytes, size_t len);

#endif
