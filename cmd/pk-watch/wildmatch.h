#ifndef PK_WATCH_WILDMATCH_H
#define PK_WATCH_WILDMATCH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Does pattern match the whole of text? The wildcards of gitignore(5): `?` and `*` stay within one
 * path component, a double `*` that is a component of its own spans any number of them, `[...]` with
 * ranges, `!` or `^`, and [:classes:]; a backslash takes the next character literally. Without
 * `slashes` the text is one component and every star matches anything. Pure; the time is bounded by
 * the product of the lengths for each double star.
 */
bool wildmatch(const char *pattern, const char *text, bool slashes);

#endif
