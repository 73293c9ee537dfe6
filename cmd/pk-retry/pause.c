/* The time between two attempts. */
#include "pause.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/say.h"

#define ERASE "\r\033[K"

/* A countdown is for somebody who looks: a terminal that can erase, with our job in front. */
static bool is_watched(void)
{
	const char *term = getenv("TERM");

	/* The guard has a process group of its own; the front, its parent, is in the caller's. */
	return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0 &&
	       tcgetpgrp(STDERR_FILENO) == getpgid(getppid());
}

static void show(int64_t left, int64_t next_attempt)
{
	char line[128], text[NS_TEXT_MAX];
	int len;

	/* Whole seconds: the wait is shown from above. */
	ns_format(text, (left + NS_PER_S - 1) / NS_PER_S * NS_PER_S);
	len = snprintf(line, sizeof(line), ERASE "%s: attempt %" PRId64 " in %s",
		       say_program_name(), next_attempt, text);
	(void)!write(STDERR_FILENO, line, (size_t)len); /* only a courtesy */
}

int pause_until(struct guard *guard, int64_t until, int64_t next_attempt, bool quiet)
{
	bool shown = false;
	int event = GUARD_TIME;

	if (quiet || until == NS_NEVER || until - now_ns() < NS_PER_S || !is_watched())
		return guard_wait(guard, NULL, 0, until);
	for (int64_t left = until - now_ns(); left > 0 && event == GUARD_TIME;
	     left = until - now_ns()) {
		if (is_watched()) {
			show(left, next_attempt);
			shown = true;
		}
		/* Wake when the number changes. */
		event = guard_wait(guard, NULL, 0, until - (left - 1) / NS_PER_S * NS_PER_S);
	}
	if (shown)
		(void)!write(STDERR_FILENO, ERASE, strlen(ERASE));
	return event;
}
