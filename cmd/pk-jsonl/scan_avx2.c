/* The scanner for AVX2. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdint.h>

#define SCAN_TARGET __attribute__((target("avx2,bmi,bmi2,pclmul,popcnt")))
#define SCAN_NAME scan_avx2
#define IN static inline SCAN_TARGET

struct vectors {
	__m256i low, high;
};

IN struct vectors vectors_load(const char *bytes)
{
	return (struct vectors){_mm256_loadu_si256((const __m256i *)(const void *)bytes),
				_mm256_loadu_si256((const __m256i *)(const void *)(bytes + 32))};
}

IN uint64_t mask_of(__m256i low, __m256i high)
{
	return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high)
							     << 32;
}

IN uint64_t mask_equal(const struct vectors *v, char c)
{
	const __m256i x = _mm256_set1_epi8(c);

	return mask_of(_mm256_cmpeq_epi8(v->low, x), _mm256_cmpeq_epi8(v->high, x));
}

IN uint64_t mask_equal_folded(const struct vectors *v, char c)
{
	const __m256i x = _mm256_set1_epi8(c), fold = _mm256_set1_epi8(0x20);

	return mask_of(_mm256_cmpeq_epi8(_mm256_or_si256(v->low, fold), x),
		       _mm256_cmpeq_epi8(_mm256_or_si256(v->high, fold), x));
}

IN __m256i in_range(__m256i v, char low, char count)
{
	const __m256i x = _mm256_sub_epi8(v, _mm256_set1_epi8(low));

	return _mm256_cmpeq_epi8(_mm256_min_epu8(x, _mm256_set1_epi8((char)(count - 1))), x);
}

IN uint64_t mask_range(const struct vectors *v, char low, char count)
{
	return mask_of(in_range(v->low, low, count), in_range(v->high, low, count));
}

IN uint64_t mask_control(const struct vectors *v)
{
	return mask_range(v, 0, 0x20);
}

IN uint64_t mask_high(const struct vectors *v)
{
	return mask_of(v->low, v->high);
}

IN uint64_t mask_bit5(const struct vectors *v)
{
	return mask_of(_mm256_slli_epi16(v->low, 2), _mm256_slli_epi16(v->high, 2));
}

IN uint64_t prefix_xor(uint64_t mask)
{
	const __m128i product = _mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)mask),
						     _mm_set1_epi8((char)0xff), 0);

	return (uint64_t)_mm_cvtsi128_si64(product);
}

#include "scan_kernel.h"
#endif
