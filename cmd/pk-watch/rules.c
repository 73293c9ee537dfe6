/* A list of gitignore(5) patterns: parsing and the question. */
#include "rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wildmatch.h"

struct pattern {
	const char *text;
	size_t literal; /* bytes before the first wildcard */
	bool negated;
	bool only_dirs;
	bool has_slash; /* matched against the path, else against its last component */
};

struct rules {
	size_t count;
	struct pattern *patterns;
	char *text;
};

/* Trailing spaces do not count unless a backslash stands before them. */
static size_t trim(const char *line, size_t len)
{
	size_t end = 0;

	for (size_t i = 0; i < len; i++) {
		if (line[i] == '\\' && i + 1 < len)
			end = ++i + 1;
		else if (line[i] != ' ')
			end = i + 1;
	}
	return end;
}

/* Parse one line of len bytes, with room for a NUL behind it; false when it is no pattern. */
static bool parse_line(char *line, size_t len, struct pattern *ret)
{
	struct pattern pattern = {0};

	if (len > 0 && line[len - 1] == '\r')
		len--;
	if (len == 0 || line[0] == '#')
		return false;
	len = trim(line, len);
	pattern.negated = len > 0 && line[0] == '!';
	line += pattern.negated;
	len -= pattern.negated;
	pattern.only_dirs = len > 0 && line[len - 1] == '/';
	len -= pattern.only_dirs;
	line[len] = '\0';
	pattern.has_slash = memchr(line, '/', len) != NULL;
	if (line[0] == '/')
		line++;
	pattern.text = line;
	pattern.literal = strcspn(line, "*?[\\");
	*ret = pattern;
	return line[0] != '\0';
}

static size_t count_lines(const char *lines, size_t len)
{
	size_t count = 1;

	for (size_t i = 0; i < len; i++)
		count += lines[i] == '\n';
	return count;
}

int rules_parse(const char *lines, size_t len, struct rules **ret)
{
	const size_t most = count_lines(lines, len);
	struct rules *rules = calloc(1, sizeof(*rules) + most * sizeof(struct pattern) + len + 1);
	char *at, *end;

	if (!rules)
		return -ENOMEM;
	rules->patterns = (struct pattern *)(rules + 1);
	rules->text = (char *)(rules->patterns + most);
	memcpy(rules->text, lines, len);
	end = rules->text + len;
	at = rules->text + (len >= 3 && memcmp(lines, "\xef\xbb\xbf", 3) == 0 ? 3 : 0);
	while (at < end) {
		char *stop = memchr(at, '\n', (size_t)(end - at));

		stop = stop ? stop : end;
		rules->count += parse_line(at, (size_t)(stop - at), &rules->patterns[rules->count]);
		at = stop + 1;
	}
	if (rules->count == 0)
		rules_drop(&rules);
	*ret = rules;
	return 0;
}

void rules_drop(struct rules **rules)
{
	free(*rules);
	*rules = NULL;
}

static bool matches(const struct pattern *pattern, const char *path, const char *base)
{
	const char *text = pattern->has_slash ? path : base;

	/* As git: the literal beginning is compared first, and what follows starts a pattern anew. */
	return strncmp(pattern->text, text, pattern->literal) == 0 &&
	       wildmatch(pattern->text + pattern->literal, text + pattern->literal,
			 pattern->has_slash);
}

enum rule rules_ask(const struct rules *rules, const char *path, bool is_dir)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;

	for (size_t i = rules ? rules->count : 0; i-- > 0;) {
		const struct pattern *pattern = &rules->patterns[i];

		if ((is_dir || !pattern->only_dirs) && matches(pattern, path, base))
			return pattern->negated ? RULE_NEGATED : RULE_MATCH;
	}
	return RULE_NONE;
}
