/* Time as saturating nanoseconds, and its two text forms: durations and time stamps. */
#include "common/clock.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int64_t now_ns(void)
{
	struct timespec now;

	/*
	 * Cannot fail: the clock exists on every kernel that we support. The vDSO is faster from the second
	 * call on, but its pages cost a process that is soon over several page faults, and so do those of
	 * its guard. Where time_t and the call's own type differ, libc knows best.
	 */
#if LONG_MAX > INT32_MAX
	(void)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
#else
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
#endif
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t ns_add(int64_t at, int64_t duration)
{
	int64_t sum;

	return __builtin_add_overflow(at, duration, &sum) ? NS_NEVER : sum;
}

int64_t ns_min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

struct timespec *ns_until(int64_t deadline, struct timespec *left)
{
	int64_t ns;

	if (deadline == NS_NEVER)
		return NULL;
	ns = deadline - now_ns();
	if (ns < 0)
		ns = 0;
	left->tv_sec = (time_t)(ns / NS_PER_S);
	left->tv_nsec = (long)(ns % NS_PER_S);
	return left;
}

static const struct unit {
	const char *name;
	int64_t ns;
} units[] = {
	{"d", 86400 * NS_PER_S}, {"h", 3600 * NS_PER_S}, {"m", 60 * NS_PER_S},
	{"s", NS_PER_S},	 {"ms", NS_PER_MS},	 {"", NS_PER_S},
};

static int64_t unit_ns(const char *name)
{
	for (size_t i = 0; i < array_len(units); i++)
		if (strcmp(name, units[i].name) == 0)
			return units[i].ns;
	return 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The fraction behind the point as nanoseconds of the unit, rounded up. */
static int64_t fraction_ns(const char *digits, size_t len, int64_t unit)
{
	int64_t ns = 0;
	bool rest = false;

	for (size_t i = 0; i < len; i++) {
		int64_t part = unit * (digits[i] - '0');

		/* One decimal place further down; what falls below a nanosecond rounds up. */
		for (size_t place = 0; place <= i && part > 0; place++) {
			rest |= part % 10 != 0;
			part /= 10;
		}
		ns += part;
	}
	return ns + rest;
}

int ns_parse(const char *text, int64_t *ret_ns)
{
	const char *p = text, *fraction;
	size_t places = 0;
	int64_t whole = 0, unit;
	bool overflow = false;

	if (strcmp(text, "inf") == 0) {
		*ret_ns = NS_NEVER;
		return 0;
	}
	for (; is_digit(*p); p++)
		overflow |= __builtin_mul_overflow(whole, 10, &whole) ||
			    __builtin_add_overflow(whole, *p - '0', &whole);
	fraction = p;
	if (*p == '.') {
		fraction = ++p;
		while (is_digit(*p))
			p++;
		places = (size_t)(p - fraction);
	}
	if (p == text || (p == fraction && p[-1] == '.'))
		return -EINVAL;
	unit = unit_ns(p);
	if (unit == 0)
		return -EINVAL;
	if (overflow || __builtin_mul_overflow(whole, unit, &whole) ||
	    __builtin_add_overflow(whole, fraction_ns(fraction, places, unit), &whole) ||
	    whole == NS_NEVER)
		return -ERANGE;
	*ret_ns = whole;
	return 0;
}

void ns_format(char text[static NS_TEXT_MAX], int64_t ns)
{
	int64_t ms = ns / NS_PER_MS + (ns % NS_PER_MS != 0);

	if (ns == NS_NEVER) {
		(void)snprintf(text, NS_TEXT_MAX, "inf");
		return;
	}
	for (size_t i = 0; i < array_len(units); i++) {
		int64_t unit_ms = units[i].ns / NS_PER_MS;

		if (ms >= unit_ms && ms % unit_ms == 0) {
			(void)snprintf(text, NS_TEXT_MAX, "%lld%s", (long long)(ms / unit_ms),
				       units[i].name);
			return;
		}
		/* Seconds with up to three places, rather than four digits of milliseconds. */
		if (units[i].ns == NS_PER_S && ms > 1000) {
			int len = snprintf(text, NS_TEXT_MAX, "%lld.%03d", (long long)(ms / 1000),
					   (int)(ms % 1000));

			while (text[len - 1] == '0')
				len--;
			text[len] = 's';
			text[len + 1] = '\0';
			return;
		}
	}
	(void)snprintf(text, NS_TEXT_MAX, "0s");
}

void clock_stamp(char text[static CLOCK_STAMP_MAX])
{
	struct timespec now;
	struct tm utc;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (!gmtime_r(&now.tv_sec, &utc))
		utc = (struct tm){.tm_year = 70, .tm_mday = 1};
	(void)snprintf(text, CLOCK_STAMP_MAX, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
		       utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min,
		       utc.tm_sec, (int)(now.tv_nsec / NS_PER_MS));
}
