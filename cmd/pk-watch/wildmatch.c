/*
 * Glob matching as git does it. A failure says how much it has proved, so that a star above does not
 * try again what cannot succeed: that keeps hostile patterns from taking exponential time.
 */
#include "wildmatch.h"

#include <ctype.h>
#include <string.h>

#include "common/base.h"

enum verdict {
	MATCH,
	MISMATCH,	/* here; another length of the last star may do */
	NOT_IN_SEGMENT, /* no length of a single star will do, one of a double star may */
	NEVER,		/* the text is too short for the rest of the pattern */
};

static const struct class
{
	const char *name;
	int (*has)(int c);
} classes[] = {
	{"alnum", isalnum}, {"alpha", isalpha}, {"blank", isblank}, {"cntrl", iscntrl},
	{"digit", isdigit}, {"graph", isgraph}, {"lower", islower}, {"print", isprint},
	{"punct", ispunct}, {"space", isspace}, {"upper", isupper}, {"xdigit", isxdigit},
};

/* [:name:] at *at, c in it? Leaves *at behind it; false when it is malformed. */
static bool in_class(const char **at, unsigned char c, bool *ret_in)
{
	const char *name = *at + 2, *end = strchr(name, ']');

	if (!end || end == name || end[-1] != ':')
		return false;
	for (size_t i = 0; i < array_len(classes); i++) {
		size_t len = strlen(classes[i].name);

		if ((size_t)(end - 1 - name) == len && memcmp(name, classes[i].name, len) == 0) {
			*ret_in |= c < 0x80 && classes[i].has(c);
			*at = end + 1;
			return true;
		}
	}
	return false;
}

/* One character of a bracket, a backslash taken away; '\0' at the end of the pattern. */
static unsigned char bracket_char(const char **at)
{
	if (**at == '\\')
		(*at)++;
	return **at == '\0' ? '\0' : (unsigned char)*(*at)++;
}

/* `[...]` at *at against c. Leaves *at behind the bracket, or NULL when it is never closed. */
static bool in_bracket(const char **at, unsigned char c)
{
	const char *p = *at + 1;
	bool negated = *p == '!' || *p == '^', in = false;

	p += negated;
	for (bool first = true; first || *p != ']'; first = false) {
		unsigned char low, high;

		if (p[0] == '[' && p[1] == ':' && strchr(p + 2, ']') &&
		    strchr(p + 2, ']')[-1] == ':') {
			if (!in_class(&p, c, &in)) {
				*at = NULL;
				return false;
			}
			continue;
		}
		low = high = bracket_char(&p);
		if (low != '\0' && p[0] == '-' && p[1] != ']' && p[1] != '\0') {
			p++;
			high = bracket_char(&p);
		}
		if (low == '\0' || high == '\0') {
			*at = NULL;
			return false;
		}
		in |= low <= c && c <= high;
	}
	*at = p + 1;
	return in != negated;
}

static enum verdict match(const char *p, const char *t, bool slashes);

/* A run of stars at p; start is where this part of the pattern begins. */
static enum verdict match_star(const char *start, const char *p, const char *t, bool slashes)
{
	const char *rest = p + strspn(p, "*");
	bool whole = (p == start || p[-1] == '/') &&
		     (rest[0] == '\0' || rest[0] == '/' || (rest[0] == '\\' && rest[1] == '/'));
	bool spans = !slashes || (rest - p > 1 && whole);

	/* A double star and its slash may stand for nothing. */
	if (slashes && spans && rest[0] == '/') {
		enum verdict verdict = match(rest + 1, t, slashes);

		if (verdict == MATCH || verdict == NEVER)
			return verdict;
	}
	if (rest[0] == '\0')
		return spans || !strchr(t, '/') ? MATCH : MISMATCH;
	if (!spans && rest[0] == '/') {
		const char *slash = strchr(t, '/');

		return slash ? match(rest, slash, slashes) : MISMATCH;
	}
	for (; *t != '\0'; t++) {
		enum verdict verdict = match(rest, t, slashes);

		if (verdict == MATCH || verdict == NEVER || (verdict == NOT_IN_SEGMENT && !spans))
			return verdict;
		if (!spans && *t == '/')
			return NOT_IN_SEGMENT;
	}
	return NEVER;
}

static enum verdict match(const char *p, const char *t, bool slashes)
{
	const char *start = p;

	for (; *p != '\0'; t++) {
		if (*p == '*')
			return match_star(start, p, t, slashes);
		if (*t == '\0')
			return NEVER;
		if (*p == '?') {
			if (slashes && *t == '/')
				return MISMATCH;
			p++;
		} else if (*p == '[') {
			if (!in_bracket(&p, (unsigned char)*t) || (slashes && *t == '/'))
				return p ? MISMATCH : NEVER;
		} else {
			p += *p == '\\';
			if (*p != *t)
				return MISMATCH;
			p++;
		}
	}
	return *t == '\0' ? MATCH : MISMATCH;
}

bool wildmatch(const char *pattern, const char *text, bool slashes)
{
	return match(pattern, text, slashes) == MATCH;
}
