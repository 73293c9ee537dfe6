/* Retry-After in all the forms that it comes in. */
#include "hint.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"

#define VALUE_MAX 128 /* no date and no duration is longer */
#define DAY INT64_C(86400)

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char *const days[] = {"Monday", "Tuesday",	 "Wednesday", "Thursday",
				   "Friday", "Saturday", "Sunday"};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The cursor functions read at *p and move it, or answer false. */
static bool take(const char **p, const char *text)
{
	size_t len = strlen(text);

	if (strncmp(*p, text, len) != 0)
		return false;
	*p += len;
	return true;
}

static bool take_number(const char **p, int digits, int64_t *ret)
{
	*ret = 0;
	for (int i = 0; i < digits; i++, (*p)++) {
		if (!is_digit(**p))
			return false;
		*ret = *ret * 10 + (**p - '0');
	}
	return true;
}

static bool take_month(const char **p, int64_t *ret)
{
	for (int i = 0; i < 12; i++)
		if (strncmp(*p, months + 3 * i, 3) == 0) {
			*ret = i + 1;
			*p += 3;
			return true;
		}
	return false;
}

/* The day's name, its first three letters or the whole. */
static bool take_day_name(const char **p, bool whole)
{
	for (size_t i = 0; i < array_len(days); i++) {
		size_t len = whole ? strlen(days[i]) : 3;

		if (strncmp(*p, days[i], len) == 0) {
			*p += len;
			return true;
		}
	}
	return false;
}

struct date {
	int64_t year, month, day, hour, minute, second;
};

static bool take_time(const char **p, struct date *date)
{
	return take_number(p, 2, &date->hour) && take(p, ":") && take_number(p, 2, &date->minute) &&
	       take(p, ":") && take_number(p, 2, &date->second);
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar, counted in years that begin in March. */
static int64_t days_of(const struct date *date)
{
	int64_t year = date->year - (date->month <= 2);
	int64_t month = (date->month + 9) % 12;

	return year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + date->day -
	       1 - 719468;
}

static bool is_valid(const struct date *date)
{
	static const char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = date->year % 4 == 0 && (date->year % 100 != 0 || date->year % 400 == 0);

	/* The year comes first: days_of divides as if it were positive. 60 is a leap second. */
	return date->year >= 1 && date->day >= 1 &&
	       date->day <= lengths[date->month - 1] + (date->month == 2 && leap) &&
	       date->hour <= 23 && date->minute <= 59 && date->second <= 60;
}

/* Sun, 06 Nov 1994 08:49:37 GMT */
static bool parse_imf(const char *p, struct date *date)
{
	return take_day_name(&p, false) && take(&p, ", ") && take_number(&p, 2, &date->day) &&
	       take(&p, " ") && take_month(&p, &date->month) && take(&p, " ") &&
	       take_number(&p, 4, &date->year) && take(&p, " ") && take_time(&p, date) &&
	       take(&p, " GMT") && *p == '\0';
}

/* Sunday, 06-Nov-94 08:49:37 GMT; a year more than 50 years ahead is the last one that ended so. */
static bool parse_rfc850(const char *p, struct date *date, int64_t now)
{
	int64_t this_year = 1970 + now / (DAY * 146097 / 400);

	if (!take_day_name(&p, true) || !take(&p, ", ") || !take_number(&p, 2, &date->day) ||
	    !take(&p, "-") || !take_month(&p, &date->month) || !take(&p, "-") ||
	    !take_number(&p, 2, &date->year) || !take(&p, " ") || !take_time(&p, date) ||
	    !take(&p, " GMT") || *p != '\0')
		return false;
	date->year += this_year / 100 * 100;
	if (date->year > this_year + 50)
		date->year -= 100;
	return true;
}

/* Sun Nov  6 08:49:37 1994 */
static bool parse_asctime(const char *p, struct date *date)
{
	if (!take_day_name(&p, false) || !take(&p, " ") || !take_month(&p, &date->month) ||
	    !take(&p, " "))
		return false;
	/* A day of one digit has a space before it. */
	if (take(&p, " ") ? !take_number(&p, 1, &date->day) : !take_number(&p, 2, &date->day))
		return false;
	return take(&p, " ") && take_time(&p, date) && take(&p, " ") &&
	       take_number(&p, 4, &date->year) && *p == '\0';
}

int hint_parse_date(const char *text, int64_t now, int64_t *ret)
{
	struct date date;

	if (!parse_imf(text, &date) && !parse_rfc850(text, &date, now) &&
	    !parse_asctime(text, &date))
		return -EINVAL;
	if (!is_valid(&date))
		return -EINVAL;
	*ret = days_of(&date) * DAY + date.hour * 3600 + date.minute * 60 + date.second;
	return 0;
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
	if (hint_parse_date(text, now, &at) == 0)
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
