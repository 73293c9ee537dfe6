/* /proc/PID/fdinfo: one line is one fact. */
#include "fdinfo.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

/* The value behind `key` at the start of line, or NULL. */
static const char *value_of(const char *line, const char *key)
{
	const size_t len = strlen(key);

	return strncmp(line, key, len) == 0 ? line + len : NULL;
}

static uint64_t number_behind(const char *line, const char *key, const char *end, int base)
{
	const char *at = memmem(line, (size_t)(end - line), key, strlen(key));

	return at ? strtoull(at + strlen(key), NULL, base) : 0;
}

/* `(seconds, nanoseconds)` */
static int64_t parse_time(const char *text)
{
	const char *open = strchr(text, '(');
	char *end;
	int64_t seconds, ns;

	if (!open)
		return 0;
	seconds = strtoll(open + 1, &end, 10);
	if (*end != ',' || seconds < 0 || seconds > NS_NEVER / NS_PER_S - 1)
		return 0;
	ns = strtoll(end + 1, NULL, 10);
	return seconds * NS_PER_S + (ns >= 0 && ns < NS_PER_S ? ns : 0);
}

/* `tfd:       22 events:       19 data: 16  pos:0 ino:3f4 sdev:8`; before Linux 4.20 without ino. */
static struct fdinfo_watch parse_watch(const char *line, const char *value, const char *end)
{
	return (struct fdinfo_watch){
		.fd = (int)strtol(value, NULL, 10),
		.events = (uint32_t)number_behind(line, "events:", end, 16),
		.ino = number_behind(line, " ino:", end, 16),
	};
}

/* The facts that every descriptor has. Returns whether the line was one. */
static int parse_common(const char *line, struct fdinfo *info)
{
	const char *value;

	if ((value = value_of(line, "pos:")))
		info->pos = strtoll(value, NULL, 10);
	else if ((value = value_of(line, "flags:")))
		info->flags = (unsigned)strtoul(value, NULL, 8);
	else if ((value = value_of(line, "mnt_id:")))
		info->mnt = (int)strtol(value, NULL, 10);
	else if ((value = value_of(line, "ino:")))
		info->ino = strtoull(value, NULL, 10);
	return value != NULL;
}

static void parse_special(const char *line, struct fdinfo *info)
{
	const char *value;

	if ((value = value_of(line, "clockid:")))
		info->clock = (int)strtol(value, NULL, 10);
	else if ((value = value_of(line, "ticks:")))
		info->ticks = strtoull(value, NULL, 10);
	else if ((value = value_of(line, "it_value:")))
		info->next_ns = parse_time(value);
	else if ((value = value_of(line, "it_interval:")))
		info->interval_ns = parse_time(value);
	else if ((value = value_of(line, "eventfd-count:")))
		info->count = strtoull(value, NULL, 16);
	else if ((value = value_of(line, "sigmask:")))
		info->signals = strtoull(value, NULL, 16);
	else if ((value = value_of(line, "Pid:")))
		info->target = (pid_t)strtol(value, NULL, 10);
	else if ((value = value_of(line, "UserFiles:")))
		info->user_files = strtoull(value, NULL, 10);
	else if (value_of(line, "inotify wd:"))
		info->watches++;
}

int fdinfo_parse(const char *text, struct fdinfo *info, fdinfo_visit *visit, void *arg)
{
	for (const char *line = text; *line != '\0';) {
		const char *end = line + strcspn(line, "\n"), *value;

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
		line = *end ? end + 1 : end;
	}
	return 0;
}
