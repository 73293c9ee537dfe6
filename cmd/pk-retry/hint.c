/* Retry-After in all the forms that it comes in. */
#include "hint.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"
#include "date.h"

#define VALUE_MAX 128 /* no date and no duration is longer */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static struct hint delay_of_seconds(int64_t seconds)
{
	int64_t ns;

	if (seconds < 0)
		seconds = 0;
	if (__builtin_mul_overflow(seconds, NS_PER_S, &ns))
		ns = NS_NEVER;
	return (struct hint){.kind = HINT_DELAY, .delay = ns};
}

/* One value: seconds, a duration, a date, stop. */
static struct hint parse_value(const char *bytes, size_t len, int64_t now)
{
	char text[VALUE_MAX];
	int64_t ns, at;
	int err;

	if (len >= sizeof(text) || memchr(bytes, '\0', len))
		return (struct hint){.kind = HINT_GARBAGE};
	memcpy(text, bytes, len);
	text[len] = '\0';
	if (strcmp(text, "stop") == 0)
		return (struct hint){.kind = HINT_STOP};
	if (text[0] == '-' && ns_parse(text + 1, &ns) != -EINVAL)
		return (struct hint){.kind = HINT_STOP};
	err = ns_parse(text, &ns);
	if (err != -EINVAL)
		return (struct hint){.kind = HINT_DELAY, .delay = err < 0 ? NS_NEVER : ns};
	if (date_parse(text, now, &at) == 0)
		return delay_of_seconds(at - now);
	return (struct hint){.kind = HINT_GARBAGE};
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Without the white space around it. */
static const char *trim(const char *text, size_t *len)
{
	while (*len > 0 && is_space(text[*len - 1]))
		--*len;
	while (*len > 0 && is_space(*text)) {
		text++;
		--*len;
	}
	return text;
}

/* HTTP/1.1 503 Service Unavailable: the status, or 0. */
static int status_line(const char *line, size_t len)
{
	const char *space =
		len > 5 && strncasecmp(line, "HTTP/", 5) == 0 ? memchr(line, ' ', len) : NULL;

	if (!space || line + len - space < 4 || !is_digit(space[1]) || !is_digit(space[2]) ||
	    !is_digit(space[3]))
		return 0;
	return (space[1] - '0') * 100 + (space[2] - '0') * 10 + (space[3] - '0');
}

static bool is_retry_after(const char *line, size_t len)
{
	static const char name[] = "Retry-After:";

	return len >= sizeof(name) - 1 && strncasecmp(line, name, sizeof(name) - 1) == 0;
}

/* Take one line of header fields into *hint; false: it is none that says something here. */
static bool parse_line(struct hint *hint, const char *line, size_t len, int64_t now)
{
	int status = status_line(line, len);

	/* A new response: what the one before it said, a redirection for example, is over. */
	if (status > 0)
		*hint = (struct hint){.http_status = status};
	if (status > 0 || !is_retry_after(line, len))
		return status > 0;
	line += strlen("Retry-After:");
	len -= strlen("Retry-After:");
	line = trim(line, &len);
	status = hint->http_status;
	*hint = parse_value(line, len, now);
	hint->http_status = status;
	return true;
}

struct hint hint_parse(const char *text, size_t len, int64_t now)
{
	struct hint hint = {.kind = HINT_NONE};
	const char *line, *end;
	bool is_block = false;

	text = trim(text, &len);
	if (len == 0)
		return hint;
	end = text + len;
	for (line = text; line < end;) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t line_len = newline ? (size_t)(newline - line) : (size_t)(end - line);

		is_block |= parse_line(&hint, line, line_len, now);
		line += line_len + 1;
	}
	return is_block ? hint : parse_value(text, len, now);
}
