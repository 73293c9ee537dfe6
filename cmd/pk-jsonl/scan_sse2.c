/* The scanner for every x86-64: SSE2. */
#if defined(__x86_64__)
#include <emmintrin.h>
#include <stddef.h>
#include <stdint.h>

#define SCAN_TARGET
#define SCAN_NAME scan_sse2
#define IN static inline

struct vectors {
	__m128i part[4];
};

IN struct vectors vectors_load(const char *bytes)
{
	struct vectors v;

	for (size_t i = 0; i < 4; i++)
		v.part[i] = _mm_loadu_si128((const __m128i *)(const void *)(bytes + 16 * i));
	return v;
}

IN uint64_t mask_of(__m128i a, __m128i b, __m128i c, __m128i d)
{
	return (uint64_t)_mm_movemask_epi8(a) | (uint64_t)_mm_movemask_epi8(b) << 16 |
	       (uint64_t)_mm_movemask_epi8(c) << 32 | (uint64_t)_mm_movemask_epi8(d) << 48;
}

IN uint64_t mask_equal(const struct vectors *v, char c)
{
	const __m128i x = _mm_set1_epi8(c);

	return mask_of(_mm_cmpeq_epi8(v->part[0], x), _mm_cmpeq_epi8(v->part[1], x),
		       _mm_cmpeq_epi8(v->part[2], x), _mm_cmpeq_epi8(v->part[3], x));
}

IN uint64_t mask_equal_folded(const struct vectors *v, char c)
{
	const __m128i fold = _mm_set1_epi8(0x20);
	struct vectors folded;

	for (int i = 0; i < 4; i++)
		folded.part[i] = _mm_or_si128(v->part[i], fold);
	return mask_equal(&folded, c);
}

IN __m128i in_range(__m128i v, char low, char count)
{
	const __m128i x = _mm_sub_epi8(v, _mm_set1_epi8(low));

	return _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8((char)(count - 1))), x);
}

IN uint64_t mask_range(const struct vectors *v, char low, char count)
{
	return mask_of(in_range(v->part[0], low, count), in_range(v->part[1], low, count),
		       in_range(v->part[2], low, count), in_range(v->part[3], low, count));
}

IN uint64_t mask_control(const struct vectors *v)
{
	return mask_range(v, 0, 0x20);
}

IN uint64_t mask_high(const struct vectors *v)
{
	return mask_of(v->part[0], v->part[1], v->part[2], v->part[3]);
}

IN uint64_t mask_bit5(const struct vectors *v)
{
	return mask_of(_mm_slli_epi16(v->part[0], 2), _mm_slli_epi16(v->part[1], 2),
		       _mm_slli_epi16(v->part[2], 2), _mm_slli_epi16(v->part[3], 2));
}

IN uint64_t prefix_xor(uint64_t mask)
{
	for (int shift = 1; shift < 64; shift *= 2)
		mask ^= mask << shift;
	return mask;
}

#include "scan_kernel.h"
#endif
