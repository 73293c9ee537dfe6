/* --schedule: the delays as they would be. */
#include "schedule.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/fd.h"

#define MS_MAX 40
#define LINE_MOST 128
#define BLOCK 16384

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

int schedule_print(int out, const struct backoff_rules *rules, uint64_t seed, int64_t attempts)
{
	char block[BLOCK];
	struct backoff backoff;
	int64_t total = 0;
	size_t len = 0;
	int err = 0;

	backoff_start(&backoff, rules, seed);
	for (int64_t attempt = 1; attempt <= attempts && err >= 0; attempt++) {
		int64_t delay = attempt == 1 ? 0 : backoff_next(&backoff);
		char delay_text[MS_MAX], total_text[MS_MAX];

		total = ns_add(total, delay);
		len += (size_t)snprintf(block + len, sizeof(block) - len, "%" PRId64 " %s %s\n",
					attempt, ms_text(delay_text, delay),
					ms_text(total_text, total));
		if (attempt == attempts || len > sizeof(block) - LINE_MOST) {
			err = fd_write_full(out, block, len);
			len = 0;
		}
	}
	return err;
}
