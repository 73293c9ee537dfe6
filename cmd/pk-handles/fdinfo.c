/* /proc/PID/fdinfo: one line is one fact. */
#include "fdinfo.h"

#include <stdbool.h>
#include <string.h>

#include "common/clock.h"

/*
 * The number at text, of blanks, a sign and digits. This runs for every line of every descriptor of the system:
 * strtoull is slower by far. Too many digits give some number.
 */
static uint64_t number(const char *text, unsigned base)
{
	uint64_t value = 0;
	bool negative;

	while (*text == ' ' || *text == '\t')
		text++;
	negative = *text == '-';
	text += negative;
	for (;; text++) {
		const unsigned c = (unsigned char)*text | 0x20u;
		const unsigned digit = c >= 'a' ? c - 'a' + 10 : (unsigned)*text - '0';

		if (digit >= base)
			return negative ? 0 - value : value;
		value = value * base + digit;
	}
}

static int64_t decimal(const char *text)
{
	return (int64_t)number(text, 10);
}

/* The value behind `key` at the start of line, or NULL. */
static inline const char *value_of(const char *line, const char *key)
{
	const size_t len = strlen(key);

	return line[0] == key[0] && strncmp(line, key, len) == 0 ? line + len : NULL;
}

static uint64_t number_behind(const char *line, const char *key, const char *end, unsigned base)
{
	const char *at = memmem(line, (size_t)(end - line), key, strlen(key));

	return at ? number(at + strlen(key), base) : 0;
}

/* `(seconds, nanoseconds)` */
static int64_t parse_time(const char *text)
{
	const char *open = strchr(text, '('), *comma = open ? strchr(open, ',') : NULL;
	int64_t seconds, ns;

	if (!comma)
		return 0;
	seconds = decimal(open + 1);
	ns = decimal(comma + 1);
	if (seconds < 0 || seconds > NS_NEVER / NS_PER_S - 1)
		return 0;
	return seconds * NS_PER_S + (ns >= 0 && ns < NS_PER_S ? ns : 0);
}

/* `tfd:       22 events:       19 data: 16  pos:0 ino:3f4 sdev:8`; before Linux 4.20 without ino. */
static struct fdinfo_watch parse_watch(const char *line, const char *value, const char *end)
{
	return (struct fdinfo_watch){
		.fd = (int)decimal(value),
		.events = (uint32_t)number_behind(line, "events:", end, 16),
		.ino = number_behind(line, " ino:", end, 16),
	};
}

/* The facts that every descriptor has. Returns whether the line was one. */
static int parse_common(const char *line, struct fdinfo *info)
{
	const char *value;

	if ((value = value_of(line, "pos:")))
		info->pos = decimal(value);
	else if ((value = value_of(line, "flags:")))
		info->flags = (unsigned)number(value, 8);
	else if ((value = value_of(line, "mnt_id:")))
		info->mnt = (int)decimal(value);
	else if ((value = value_of(line, "ino:")))
		info->ino = number(value, 10);
	return value != NULL;
}

static void parse_special(const char *line, struct fdinfo *info)
{
	const char *value;

	if ((value = value_of(line, "clockid:")))
		info->clock = (int)decimal(value);
	else if ((value = value_of(line, "ticks:")))
		info->ticks = number(value, 10);
	else if ((value = value_of(line, "it_value:")))
		info->next_ns = parse_time(value);
	else if ((value = value_of(line, "it_interval:")))
		info->interval_ns = parse_time(value);
	else if ((value = value_of(line, "eventfd-count:")))
		info->count = number(value, 16);
	else if ((value = value_of(line, "sigmask:")))
		info->signals = number(value, 16);
	else if ((value = value_of(line, "Pid:")))
		info->target = (pid_t)decimal(value);
	else if ((value = value_of(line, "UserFiles:")))
		info->user_files = number(value, 10);
	else if (value_of(line, "inotify wd:"))
		info->watches++;
}

int fdinfo_parse(const char *text, struct fdinfo *info, fdinfo_visit *visit, void *arg)
{
	for (const char *line = text; *line != '\0';) {
		const char *newline = strchr(line, '\n'), *value;
		const char *end = newline ? newline : line + strlen(line);

		if (parse_common(line, info)) {
			;
		} else if ((value = value_of(line, "tfd:"))) {
			struct fdinfo_watch watch = parse_watch(line, value, end);
			int err = visit ? visit(arg, &watch) : 0;

			if (err < 0)
				return err;
		} else {
			parse_special(line, info);
		}
		line = newline ? end + 1 : end;
	}
	return 0;
}
