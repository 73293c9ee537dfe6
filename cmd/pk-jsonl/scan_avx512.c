/* The scanner for AVX-512 (F, BW, DQ). */
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdint.h>

#define SCAN_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,bmi,bmi2,pclmul,popcnt")))
#define SCAN_NAME scan_avx512
#define IN static inline SCAN_TARGET

struct vectors {
	__m512i all;
};

IN struct vectors vectors_load(const char *bytes)
{
	return (struct vectors){_mm512_loadu_si512((const void *)bytes)};
}

IN uint64_t mask_equal(const struct vectors *v, char c)
{
	return _mm512_cmpeq_epi8_mask(v->all, _mm512_set1_epi8(c));
}

IN uint64_t mask_equal_folded(const struct vectors *v, char c)
{
	return _mm512_cmpeq_epi8_mask(_mm512_or_si512(v->all, _mm512_set1_epi8(0x20)),
				      _mm512_set1_epi8(c));
}

IN uint64_t mask_range(const struct vectors *v, char low, char count)
{
	return _mm512_cmplt_epu8_mask(_mm512_sub_epi8(v->all, _mm512_set1_epi8(low)),
				      _mm512_set1_epi8(count));
}

IN uint64_t mask_control(const struct vectors *v)
{
	return _mm512_cmplt_epu8_mask(v->all, _mm512_set1_epi8(0x20));
}

IN uint64_t mask_high(const struct vectors *v)
{
	return _mm512_movepi8_mask(v->all);
}

IN uint64_t mask_bit5(const struct vectors *v)
{
	return _mm512_test_epi8_mask(v->all, _mm512_set1_epi8(0x20));
}

IN uint64_t prefix_xor(uint64_t mask)
{
	const __m128i product = _mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)mask),
						     _mm_set1_epi8((char)0xff), 0);

	return (uint64_t)_mm_cvtsi128_si64(product);
}

#include "scan_kernel.h"
#endif
