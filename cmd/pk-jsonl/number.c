/* JSON numbers as decimals: 0.DDD x 10^magnitude, compared digit by digit where they stand. */
#include "number.h"

#include <stdint.h>
#include <string.h>

#include "common/base.h"
#include "common/jsonread.h"

#define EXPONENT_MOST INT64_C(100000000000000000)

struct decimal {
	const char *digits; /* from the first that is not 0; may hold a point */
	const char *end;    /* of the mantissa; equal to digits: the number is 0 */
	int64_t magnitude;
	bool negative;
};

static int64_t read_exponent(const char *p, const char *end)
{
	const bool negative = p < end && *p == '-';
	int64_t value = 0;

	for (p += p < end && (*p == '-' || *p == '+'); p < end; p++)
		if (value < EXPONENT_MOST)
			value = value * 10 + (*p - '0');
	return negative ? -value : value;
}

static struct decimal decimal_of(const char *p, size_t len)
{
	const char *end = p + len, *e = p;
	struct decimal d = {.negative = *p == '-'};
	bool fraction = false;

	while (e < end && (*e | 0x20) != 'e')
		e++;
	d.end = e;
	if (e < end)
		d.magnitude = read_exponent(e + 1, end);
	for (p += d.negative; p < e && (*p == '0' || *p == '.'); p++) {
		d.magnitude -= fraction;
		fraction |= *p == '.';
	}
	d.digits = p;
	for (; !fraction && p < e && *p != '.'; p++)
		d.magnitude++;
	return d;
}

/* The next digit; 0 behind the last. */
static char next_digit(const char **p, const char *end)
{
	if (*p < end && **p == '.')
		(*p)++;
	return *p < end ? *(*p)++ : '0';
}

static int compare_absolute(struct decimal a, struct decimal b)
{
	if (a.magnitude != b.magnitude)
		return a.magnitude < b.magnitude ? -1 : 1;
	while (a.digits < a.end || b.digits < b.end) {
		const char x = next_digit(&a.digits, a.end), y = next_digit(&b.digits, b.end);

		if (x != y)
			return x - y;
	}
	return 0;
}

int number_compare(const char *a_text, size_t a_len, const char *b_text, size_t b_len)
{
	const struct decimal a = decimal_of(a_text, a_len), b = decimal_of(b_text, b_len);
	const int a_sign = a.digits == a.end ? 0 : a.negative ? -1 : 1;
	const int b_sign = b.digits == b.end ? 0 : b.negative ? -1 : 1;

	if (a_sign != b_sign || a_sign == 0)
		return a_sign - b_sign;
	return a_sign * compare_absolute(a, b);
}

bool number_is(const char *text, size_t len)
{
	size_t at;
	const char *reason;

	return len > 0 && (*text == '-' || (*text >= '0' && *text <= '9')) &&
	       text[len - 1] >= '0' && text[len - 1] <= '9' &&
	       jsonread_check(text, len, &at, &reason);
}
