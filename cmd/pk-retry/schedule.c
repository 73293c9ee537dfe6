/* --schedule: the delays as they would be. */
#include "schedule.h"

#include <inttypes.h>

#include "common/clock.h"

#define MS_MAX 40

/* Milliseconds without useless places; `inf` for what has no end. */
static const char *ms_text(char text[static MS_MAX], int64_t ns)
{
	int len;

	if (ns == NS_NEVER)
		return "inf";
	len = snprintf(text, MS_MAX, "%" PRId64 ".%03d", ns / NS_PER_MS, (int)(ns / 1000 % 1000));
	while (text[len - 1] == '0')
		text[--len] = '\0';
	if (text[len - 1] == '.')
		text[len - 1] = '\0';
	return text;
}

void schedule_print(FILE *out, const struct backoff_rules *rules, uint64_t seed, int64_t attempts)
{
	struct backoff backoff;
	int64_t total = 0;

	backoff_start(&backoff, rules, seed);
	for (int64_t attempt = 1; attempt <= attempts; attempt++) {
		int64_t delay = attempt == 1 ? 0 : backoff_next(&backoff);
		char delay_text[MS_MAX], total_text[MS_MAX];

		total = ns_add(total, delay);
		/* A failed write shows in ferror at the end; an endless schedule must not go on without a reader. */
		if (fprintf(out, "%" PRId64 " %s %s\n", attempt, ms_text(delay_text, delay),
			    ms_text(total_text, total)) < 0)
			return;
	}
}
