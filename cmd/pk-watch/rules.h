#ifndef PK_WATCH_RULES_H
#define PK_WATCH_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base.h"

/*
 * One list of patterns as gitignore(5) defines them: a .gitignore file, the -i options, the built-in
 * list. Immutable once parsed, so any number of threads may ask. NULL is an empty list.
 */
struct rules;

/* Parse lines. Returns 0 with *ret set (NULL when no line is a pattern), or -ENOMEM. */
must_check int rules_parse(const char *lines, size_t len, struct rules **ret);

/* Free; accepts NULL and leaves NULL. For scoped(). */
void rules_drop(struct rules **rules);

/*
 * What the last pattern that matches says about path, which is relative to the directory of the list
 * and has no leading or trailing slash.
 */
enum rule { RULE_NONE, RULE_MATCH, RULE_NEGATED };
enum rule rules_ask(const struct rules *rules, const char *path, bool is_dir);

#endif
