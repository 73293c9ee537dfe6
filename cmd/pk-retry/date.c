/* The three forms of an HTTP date, without the C library's locale. */
#include "date.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

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
	for (size_t i = 0; i < 12; i++)
		if (strncmp(*p, months + 3 * i, 3) == 0) {
			*ret = (int64_t)i + 1;
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

int date_parse(const char *text, int64_t now, int64_t *ret)
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
