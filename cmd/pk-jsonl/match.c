/* Does a record match? Types are never mixed: a number is no string, also when it looks like one. */
#include <errno.h>
#include <string.h>

#include "common/jsontext.h"
#include "number.h"
#include "pred.h"

/* Compare a raw string with text as bytes, decoding as far as they agree. */
static int compare_text(const struct value *value, const char *text, size_t len)
{
	size_t seen = 0;

	for (size_t i = 0; i < value->len;) {
		char one[4];
		size_t n;

		i += jsontext_decode_one(one, &n, value->text + i, value->len - i);
		for (size_t k = 0; k < n; k++, seen++) {
			if (seen == len)
				return 1;
			if (one[k] != text[seen])
				return (unsigned char)one[k] < (unsigned char)text[seen] ? -1 : 1;
		}
	}
	return seen < len ? -1 : 0;
}

static bool is_text(const struct value *value, const char *text, size_t len)
{
	if (value->escaped)
		return jsontext_is(value->text, value->len, text, len);
	return value->len == len && memcmp(value->text, text, len) == 0;
}

static bool equal_number(const struct pred *pred, const struct value *value)
{
	return value->token == JSONREAD_NUMBER &&
	       number_compare(value->text, value->len, pred->value, pred->len) == 0;
}

static bool equal(const struct pred *pred, const struct value *value)
{
	if (value->token == JSONREAD_STRING)
		return is_text(value, pred->value, pred->len);
	if (pred->typed == JSONREAD_NUMBER)
		return equal_number(pred, value);
	return value->token > JSONREAD_STRING && pred->typed == value->token;
}

/* As equal, but the types must agree. */
static bool equal_typed(const struct pred *pred, const struct value *value)
{
	return value->token == pred->typed && equal(pred, value);
}

static bool ordered(const struct pred *pred, const struct value *value)
{
	int order;

	if (pred->typed == JSONREAD_NUMBER && value->token == JSONREAD_NUMBER)
		order = number_compare(value->text, value->len, pred->value, pred->len);
	else if (pred->typed != JSONREAD_NUMBER && value->token == JSONREAD_STRING)
		order = compare_text(value, pred->value, pred->len);
	else
		return false;
	switch (pred->op) {
	case PRED_LESS:
		return order < 0;
	case PRED_AT_MOST:
		return order <= 0;
	case PRED_GREATER:
		return order > 0;
	case PRED_AT_LEAST:
		return order >= 0;
	case PRED_PRESENT:
	case PRED_EQUAL:
	case PRED_TYPED:
	case PRED_REGEX:
	case PRED_PREFIX:
	case PRED_CONTAINS:
		break;
	}
	return false;
}

/* The decoded string in the scratch buffer, ended by NUL. */
static int decode(struct pred_set *set, const struct value *value)
{
	int err;

	set->scratch.len = 0;
	err = buf_reserve(&set->scratch, value->len + 1);
	if (err < 0)
		return err;
	set->scratch.len = value->len;
	if (value->escaped)
		set->scratch.len = jsontext_decode(set->scratch.bytes, value->text, value->len);
	else
		memcpy(set->scratch.bytes, value->text, value->len);
	set->scratch.bytes[set->scratch.len] = '\0';
	return 0;
}

/* Operators that look at the whole decoded string. */
static int search(struct pred_set *set, const struct pred *pred, const struct value *value)
{
	int err;

	if (value->token != JSONREAD_STRING)
		return 0;
	err = decode(set, value);
	if (err < 0)
		return err;
	if (pred->op == PRED_PREFIX)
		return set->scratch.len >= pred->len &&
		       memcmp(set->scratch.bytes, pred->value, pred->len) == 0;
	if (pred->op == PRED_CONTAINS || pred->literal)
		return memmem(set->scratch.bytes, set->scratch.len, pred->value, pred->len) != NULL;
	return regexec(&pred->regex, set->scratch.bytes, 0, NULL, 0) == 0;
}

int pred_holds(struct pred_set *set, const struct pred *pred, const struct value *value)
{
	switch (pred->op) {
	case PRED_PRESENT:
		return value->token != JSONREAD_END;
	case PRED_EQUAL:
		return equal(pred, value);
	case PRED_TYPED:
		return equal_typed(pred, value);
	case PRED_LESS:
	case PRED_AT_MOST:
	case PRED_GREATER:
	case PRED_AT_LEAST:
		return ordered(pred, value);
	case PRED_REGEX:
	case PRED_PREFIX:
	case PRED_CONTAINS:
		break;
	}
	return search(set, pred, value);
}

int pred_match(struct pred_set *set, const struct fields *fields)
{
	bool match = !set->any;

	if (set->count == 0)
		return !set->invert;
	if (fields->scalar_top)
		return set->invert;
	for (size_t i = 0; i < set->count && match == !set->any; i++) {
		const struct pred *pred = &set->preds[i];
		int result = pred_holds(set, pred, &fields->values[pred->field]);

		if (result < 0)
			return result;
		match = (result != 0) != pred->negated;
	}
	return match != set->invert;
}
