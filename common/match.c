/* Lines against an expression. */
#include "common/match.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 16384

int match_open(struct match *match)
{
	*match = MATCH_EMPTY;
	match->line = malloc(MATCH_LINE_MAX + 1);
	return match->line ? 0 : -ENOMEM;
}

void match_drop(struct match *match)
{
	free(match->line);
	*match = MATCH_EMPTY;
}

void match_start(struct match *match, const regex_t *regex)
{
	match->regex = regex;
	match->found = false;
	match->len = 0;
}

static void look(struct match *match)
{
	match->line[match->len] = '\0';
	match->len = 0;
	match->found = regexec(match->regex, match->line, 0, NULL, 0) == 0;
}

/* The length of the bytes before the end of the line; len when it is not among them. */
static size_t line_part(const char *bytes, size_t len)
{
	const char *newline = memchr(bytes, '\n', len);
	const char *nul;

	if (newline)
		len = (size_t)(newline - bytes);
	nul = memchr(bytes, '\0', len);
	return nul ? (size_t)(nul - bytes) : len;
}

void match_add(struct match *match, const char *bytes, size_t len)
{
	while (len > 0 && !match->found) {
		size_t part = line_part(bytes, len), room = MATCH_LINE_MAX - match->len;
		bool ends = part < len;

		if (part > room) {
			part = room;
			ends = false;
		}
		memcpy(match->line + match->len, bytes, part);
		match->len += part;
		bytes += part + ends;
		len -= part + ends;
		if (ends || match->len == MATCH_LINE_MAX)
			look(match);
	}
}

bool match_end(struct match *match)
{
	if (!match->found && match->len > 0)
		look(match);
	return match->found;
}

int match_add_file(struct match *match, int fd)
{
	unzeroed char chunk[CHUNK];
	off_t at = 0;

	while (!match->found) {
		ssize_t n = pread(fd, chunk, sizeof(chunk), at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		match_add(match, chunk, (size_t)n);
		at += n;
	}
	return 0;
}
