/* Exponential backoff with jitter in integers. */
#include "backoff.h"

#include <errno.h>

#include "common/clock.h"

__extension__ typedef unsigned __int128 wide;

/* splitmix64 (Steele, Lea, Flood 2014): every seed is as good as any other, 0 too. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

int64_t backoff_uniform(struct backoff *backoff, int64_t most)
{
	/* The upper half of a product is uniform up to a bias of most / 2^64. */
	return (int64_t)((wide)next_random(&backoff->random) * ((wide)most + 1) >> 64);
}

static int64_t grow(int64_t delay, const struct backoff_rules *rules)
{
	wide grown = (wide)delay * (wide)rules->factor / (wide)FACTOR_ONE;

	return grown > (wide)rules->cap ? rules->cap : (int64_t)grown;
}

static int64_t decorrelated(struct backoff *backoff)
{
	const struct backoff_rules *rules = backoff->rules;
	int64_t base = ns_min(rules->base, rules->cap);
	int64_t thrice = ns_add(ns_add(backoff->last, backoff->last), backoff->last);

	return ns_min(rules->cap, base + backoff_uniform(backoff, thrice - base));
}

void backoff_start(struct backoff *backoff, const struct backoff_rules *rules, uint64_t seed)
{
	/* Neighbouring seeds are to give unrelated sequences. */
	seed = next_random(&seed);
	*backoff = (struct backoff){.rules = rules, .random = seed};
	backoff_reset(backoff);
}

void backoff_reset(struct backoff *backoff)
{
	backoff->next = backoff->last = ns_min(backoff->rules->base, backoff->rules->cap);
}

int64_t backoff_next(struct backoff *backoff)
{
	int64_t delay = backoff->next;

	backoff->next = grow(delay, backoff->rules);
	switch ((enum jitter)backoff->rules->jitter) {
	case JITTER_FULL:
		delay = backoff_uniform(backoff, delay);
		break;
	case JITTER_EQUAL:
		delay = delay - delay / 2 + backoff_uniform(backoff, delay / 2);
		break;
	case JITTER_DECORRELATED:
		delay = decorrelated(backoff);
		break;
	case JITTER_NONE:
		break;
	}
	backoff->last = delay;
	return delay;
}

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int backoff_parse_factor(const char *text, int64_t *ret)
{
	int64_t value = 0, place = FACTOR_ONE / 10;
	const char *p = text;
	int overflow = 0;

	for (; is_digit(*p); p++)
		overflow |= __builtin_mul_overflow(value, 10, &value) ||
			    __builtin_add_overflow(value, *p - '0', &value);
	overflow |= __builtin_mul_overflow(value, FACTOR_ONE, &value);
	if (p == text)
		return -EINVAL;
	if (*p == '.') {
		if (!is_digit(*++p))
			return -EINVAL;
		for (; is_digit(*p); p++, place /= 10)
			overflow |= __builtin_add_overflow(value, (*p - '0') * place, &value);
	}
	if (*p != '\0' || (!overflow && value < FACTOR_ONE))
		return -EINVAL;
	*ret = overflow ? INT64_MAX : value;
	return 0;
}
