#ifndef PK_JSONL_SCAN_H
#define PK_JSONL_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The bit-parallel scanner: one pass over whole lines, 64 bytes at a time, makes bitmaps of what the
 * grammar stands on and marks every line that may be malformed. It never marks fewer lines than the
 * scalar reader refuses; a marked line is read again by jsonread, which has the last word.
 *
 * One source, scan_kernel.h, is compiled per instruction set; scan_pick looks for the best one. CPUID
 * is slow on virtual machines, so nobody calls it before the input has proved to be large.
 */
#define SCAN_MOST ((size_t)128 * 1024) /* bytes of one call */
#define SCAN_WORDS (SCAN_MOST / 64)
#define SCAN_PADDING ((size_t)64) /* readable bytes behind the lines */

struct scan_maps {
	/* Bit i of word w is byte 64 * w + i. All but quote and slash are outside strings. */
	uint64_t quote[SCAN_WORDS]; /* that begin and end strings */
	uint64_t colon[SCAN_WORDS];
	uint64_t open[SCAN_WORDS];  /* { and [ */
	uint64_t close[SCAN_WORDS]; /* } and ] */
	uint64_t newline[SCAN_WORDS];
	uint64_t slash[SCAN_WORDS]; /* backslashes, anywhere */
	uint64_t wrong
		[SCAN_WORDS]; /* somewhere in a line that may be malformed; none when unchecked */
	size_t words;
	size_t lines;
	size_t blank; /* lines of white space; counted when checked */
	bool clean;   /* wrong is zero */
};

/*
 * Scan the len bytes, len <= SCAN_MOST: whole lines, the last byte is a newline. checked: validate,
 * else only the bitmaps.
 */
typedef void scan_call(struct scan_maps *maps, const char *bytes, size_t len, bool checked);

/* Where a text may begin, and where \u does. */
#define SCAN_TEXT ((size_t)32)
struct scan_hits {
	uint64_t hit[SCAN_WORDS];
	uint64_t newline[SCAN_WORDS];
	uint32_t before[SCAN_WORDS]; /* newlines before the word */
	size_t words;
	size_t lines;
};

/*
 * Look for text in len bytes, len <= SCAN_MOST. 2 <= text_len <= SCAN_TEXT. A hit agrees with the
 * text in its first and last two bytes.
 */
typedef void scan_find_call(struct scan_hits *hits, const char *bytes, size_t len, const char *text,
			    size_t text_len);

/* Count the newlines of len bytes, any number of them. */
typedef int64_t scan_count_call(const char *bytes, size_t len);

enum scan_set { SCAN_BEST, SCAN_SSE2, SCAN_AVX2, SCAN_AVX512 };

struct scanner {
	scan_call *scan;
	scan_find_call *find;
	scan_count_call *count;
};

/* The scanner for this machine, or NULL when it cannot run set (SCAN_BEST: any). */
const struct scanner *scan_pick(enum scan_set set);

/* Of scan_pick: one for each instruction set. */
extern const struct scanner scan_sse2, scan_avx2, scan_avx512;

#endif
