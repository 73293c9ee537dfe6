/* Time and identity of records. */
#include "stamp.h"

#include <stdio.h>
#include <string.h>

static void put_number(char *out, unsigned number, int digits)
{
	while (digits-- > 0) {
		out[digits] = (char)('0' + number % 10);
		number /= 10;
	}
}

/* The same second is not broken down twice: ts keeps its text. */
static void set_ts(struct stamp *stamp, uint64_t ms, uint64_t last_ms)
{
	const time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	if (stamp->ts[0] == '\0' || ms / 1000 != last_ms / 1000) {
		if (!gmtime_r(&seconds, &tm) || tm.tm_year > 8099)
			memset(&tm, 0, sizeof(tm));
		memcpy(stamp->ts, "0000-00-00T00:00:00.000Z", STAMP_TS_LEN + 1);
		put_number(stamp->ts, (unsigned)(tm.tm_year + 1900), 4);
		put_number(stamp->ts + 5, (unsigned)tm.tm_mon + 1, 2);
		put_number(stamp->ts + 8, (unsigned)tm.tm_mday, 2);
		put_number(stamp->ts + 11, (unsigned)tm.tm_hour, 2);
		put_number(stamp->ts + 14, (unsigned)tm.tm_min, 2);
		put_number(stamp->ts + 17, (unsigned)tm.tm_sec, 2);
	}
	put_number(stamp->ts + 20, (unsigned)(ms % 1000), 3);
}

static void put_hex(char *out, uint64_t number, int digits)
{
	while (digits-- > 0) {
		out[digits] = "0123456789abcdef"[number & 15];
		number >>= 4;
	}
}

void stamp_next(struct stamp *stamp, struct timespec now, uint64_t noise)
{
	uint64_t tick = ((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000) << 12 |
			((uint64_t)now.tv_nsec % 1000000) * 4096 / 1000000;
	const uint64_t last_ms = stamp->last >> 12;

	if (tick <= stamp->last)
		tick = stamp->last + 1;
	stamp->last = tick;
	set_ts(stamp, tick >> 12, last_ms);
	memset(stamp->id, '-', STAMP_ID_LEN);
	stamp->id[STAMP_ID_LEN] = '\0';
	put_hex(stamp->id, tick >> 28, 8);
	put_hex(stamp->id + 9, tick >> 12, 4);
	put_hex(stamp->id + 14, 7 << 12 | (tick & 0xfff), 4);
	put_hex(stamp->id + 19, 2 << 14 | (noise >> 48 & 0x3fff), 4);
	put_hex(stamp->id + 24, noise, 12);
}
