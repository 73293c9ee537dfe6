/* One deadline for a whole tree of tools. */
#include "common/deadline.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

#define MARGIN_MOST (100 * NS_PER_MS)
#define MARGIN_PART 20
#define RESERVE_PART 4

static bool is_made_of(const char *text, size_t len, const char *set)
{
	return strnlen(text, len) == len && strspn(text, set) >= len;
}

/* SECONDS before the `@`: digits and a point, so that a duration's other forms are refused. */
static int parse_instant(const char *text, size_t len, int64_t *ret)
{
	char number[32];

	if (len == 0 || len >= sizeof(number) || !is_made_of(text, len, "0123456789."))
		return -EINVAL;
	memcpy(number, text, len);
	number[len] = '\0';
	return ns_parse(number, ret) < 0 ? -EINVAL : 0;
}

static int parse_relative(const char *text, int64_t now, int64_t *ret_end, char *ret_from)
{
	int64_t duration;

	if (ns_parse(text, &duration) < 0)
		return -EINVAL;
	*ret_end = duration == 0 ? NS_NEVER : ns_add(now, duration);
	ret_from[0] = '\0';
	return 0;
}

int deadline_parse(const char *text, const char *boot, int64_t now, int64_t *ret_end,
		   char ret_from[static 17])
{
	const char *id = strchr(text, '@'), *run = "";
	int64_t end;

	if (text[0] == '+')
		return parse_relative(text + 1, now, ret_end, ret_from);
	if (!id || parse_instant(text, (size_t)(id - text), &end) < 0)
		return -EINVAL;
	id++;
	if (!is_made_of(id, BOOT_ID, "0123456789abcdef-"))
		return -EINVAL;
	if (id[BOOT_ID] == '/')
		run = id + BOOT_ID + 1;
	if (id[BOOT_ID] != '\0' && (strlen(run) != 16 || !is_made_of(run, 16, "0123456789abcdef")))
		return -EINVAL;
	if (strncmp(id, boot, BOOT_ID) != 0)
		return -EXDEV;
	if (end <= now)
		return -ETIME;
	*ret_end = end;
	memcpy(ret_from, run, strlen(run) + 1);
	return 0;
}

void deadline_format(char text[static DEADLINE_MAX], int64_t end, const char *boot, const char *run)
{
	(void)snprintf(text, DEADLINE_MAX, DEADLINE_NAME "=%" PRId64 ".%09" PRId64 "@%.36s%s%.16s",
		       end / NS_PER_S, end % NS_PER_S, boot, run[0] ? "/" : "", run);
}

struct deadline deadline_share(int64_t now, int64_t end, int64_t grace)
{
	const int64_t left = end > now ? end - now : 0;
	const int64_t margin = ns_min(MARGIN_MOST, left / MARGIN_PART);
	const int64_t reserve = ns_min(ns_add(grace, margin), left / RESERVE_PART);

	if (end == NS_NEVER)
		return DEADLINE_NONE;
	return (struct deadline){
		.at = now + left - reserve,
		.kill_at = grace == NS_NEVER ? NS_NEVER : now + left - margin,
		.begin_by = now + left - 2 * reserve,
		.left = left - reserve,
	};
}

void deadline_forget(void)
{
	(void)unsetenv(DEADLINE_NAME); /* fails only for a malformed name */
}

int deadline_inherit(struct deadline *ret, int64_t grace)
{
	const char *text = getenv(DEADLINE_NAME);
	char boot[BOOT_ID + 1], from[17] = "";
	const int64_t now = boot_now_ns();
	int64_t end = NS_NEVER;
	int err = 0;

	*ret = DEADLINE_NONE;
	if (!text)
		return 0;
	if (text[0] != '\0') {
		err = boot_read_id(boot);
		/* A relative one needs no boot to compare. */
		if (err >= 0 || text[0] == '+')
			err = deadline_parse(text, boot, now, &end, from);
	}
	if (err < 0 || end == NS_NEVER) {
		deadline_forget();
		return err;
	}
	*ret = deadline_share(now_ns(), now_ns() + (end - now), grace);
	memcpy(ret->from, from, sizeof(from));
	return 0;
}

void deadline_tell(struct deadline_export *export, int64_t at, const char *run)
{
	if (at == NS_NEVER)
		return;
	if (export->boot[0] == '\0' && boot_read_id(export->boot) < 0) {
		deadline_forget();
		return;
	}
	deadline_format(export->text, boot_now_ns() + (at - now_ns()), export->boot, run);
	/* Without memory for the environment a nested tool has no limit but ours. */
	(void)putenv(export->text);
}
