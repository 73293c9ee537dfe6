/* --schedule: the delays as they would be. */
#include "schedule.h"

#include <string.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/num.h"

#define LINE_MOST 128
#define BLOCK 16384

/* Milliseconds without useless places; `inf` for what has no end. */
static char *put_ms(char *at, int64_t ns)
{
	char text[NUM_TEXT_MAX];
	int us = (int)(ns / 1000 % 1000);

	if (ns == NS_NEVER)
		return stpcpy(at, "inf");
	at = stpcpy(at, num_text(text, ns / NS_PER_MS));
	if (us > 0)
		*at++ = '.';
	for (int place = 100; us > 0; place /= 10) {
		*at++ = (char)('0' + us / place);
		us %= place;
	}
	return at;
}

static char *put_line(char *at, int64_t attempt, int64_t delay, int64_t total)
{
	char text[NUM_TEXT_MAX];

	at = stpcpy(at, num_text(text, attempt));
	*at++ = ' ';
	at = put_ms(at, delay);
	*at++ = ' ';
	at = put_ms(at, total);
	*at++ = '\n';
	return at;
}

int schedule_print(int out, const struct backoff_rules *rules, uint64_t seed, int64_t attempts)
{
	unzeroed char block[BLOCK + LINE_MOST];
	struct backoff backoff;
	char *at = block;
	int64_t total = 0;
	int err = 0;

	backoff_start(&backoff, rules, seed);
	for (int64_t attempt = 1; attempt <= attempts && err >= 0; attempt++) {
		int64_t delay = attempt == 1 ? 0 : backoff_next(&backoff);

		total = ns_add(total, delay);
		at = put_line(at, attempt, delay, total);
		if (attempt == attempts || (size_t)(at - block) >= BLOCK) {
			err = fd_write_full(out, block, (size_t)(at - block));
			at = block;
		}
	}
	return err;
}
