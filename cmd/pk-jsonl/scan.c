/* Which scanner this processor can run. */
#include "scan.h"

#if defined(__x86_64__)
#include <cpuid.h>

/* The state that the operating system saves (XCR0): SSE and AVX are 6, AVX-512 needs 0xe0 too. */
static unsigned saved_state(void)
{
	unsigned low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return low;
}

static enum scan_set detect(void)
{
	const unsigned f = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ;
	unsigned a, b, c, d, state;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !(c & bit_PCLMUL) ||
	    !(c & bit_POPCNT))
		return SCAN_SSE2;
	state = saved_state();
	if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (state & 6) != 6 || !(b & bit_AVX2) ||
	    !(b & bit_BMI) || !(b & bit_BMI2))
		return SCAN_SSE2;
	return (b & f) == f && (state & 0xe6) == 0xe6 ? SCAN_AVX512 : SCAN_AVX2;
}

const struct scanner *scan_pick(enum scan_set set)
{
	static const struct scanner *const scanners[] = {
		[SCAN_SSE2] = &scan_sse2, [SCAN_AVX2] = &scan_avx2, [SCAN_AVX512] = &scan_avx512};
	const enum scan_set best = detect();

	if (set == SCAN_BEST)
		return scanners[best];
	return set <= best ? scanners[set] : NULL;
}
#else
const struct scanner *scan_pick(enum scan_set set)
{
	(void)set;
	return NULL;
}
#endif
