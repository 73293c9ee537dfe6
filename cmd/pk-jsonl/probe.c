/* Lines that cannot match, by a look at raw bytes. */
#include "probe.h"

#include <string.h>

#include "common/jsontext.h"

/* Can the key be written in other ways only with \u? */
static bool is_plain(const struct path_step *step)
{
	for (size_t i = 0; i < step->len; i++)
		if ((unsigned char)step->key[i] < 0x20 || strchr("\"\\/", step->key[i]))
			return false;
	return step->index < 0;
}

static const struct path_step *last_step(const struct pred *pred, const struct fields *fields)
{
	const struct path *path = &fields->paths[pred->field];

	return &path->steps[path->count - 1];
}

bool probe_make(struct probe *ret, struct pred_set *set, const struct fields *fields)
{
	const struct pred *best = NULL;
	const struct path_step *step;

	if (set->any || set->invert)
		return false;
	for (size_t i = 0; i < set->count; i++) {
		const struct pred *pred = &set->preds[i];
		const bool equality = pred->op == PRED_EQUAL || pred->op == PRED_TYPED;

		if (!pred->negated && is_plain(last_step(pred, fields)) && (!best || equality))
			best = pred;
	}
	if (!best)
		return false;
	step = last_step(best, fields);
	*ret = (struct probe){.set = set, .pred = best, .step = step, .text = "\""};
	for (ret->len = 1; ret->len <= step->len && ret->len < SCAN_TEXT; ret->len++)
		ret->text[ret->len] = step->key[ret->len - 1];
	if (ret->len < SCAN_TEXT)
		ret->text[ret->len++] = '"';
	return true;
}

static const char *skip_space(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\r'))
		at++;
	return at;
}

/* The value that begins at `at`, of a record that is valid. False: a string that holds escapes. */
static bool read_value(const char *at, const char *end, struct value *ret)
{
	const char *last;

	*ret = (struct value){.token = fields_token(*at), .text = at};
	if (ret->token == JSONREAD_STRING) {
		ret->text++;
		for (last = ret->text; last < end && *last != '"' && *last != '\\'; last++)
			;
		ret->len = (size_t)(last - ret->text);
		return last == end || *last == '"';
	}
	if (ret->token == JSONREAD_OBJECT || ret->token == JSONREAD_ARRAY)
		return true;
	for (last = at; last < end && !fields_ends_scalar(*last); last++)
		;
	ret->len = (size_t)(last - at);
	return true;
}

/* \u at `at`: can it be a byte of the key? */
static bool escape_admits(const struct path_step *step, const char *at, const char *end)
{
	char one[4];
	size_t n;

	if (end - at < 6)
		return false;
	(void)jsontext_decode_one(one, &n, at, (size_t)(end - at));
	return memchr(step->key, one[0], step->len) != NULL;
}

bool probe_admits(const struct probe *probe, const char *at, const char *end)
{
	const size_t len = probe->step->len;
	struct value value;

	if (*at == '\\')
		return escape_admits(probe->step, at, end);
	if ((size_t)(end - at) < len + 2 || at[len + 1] != '"' ||
	    memcmp(at + 1, probe->step->key, len) != 0)
		return false;
	at = skip_space(at + len + 2, end);
	if (at == end || *at != ':')
		return false;
	at = skip_space(at + 1, end);
	if (probe->pred->op == PRED_PRESENT)
		return true;
	if (at == end)
		return false;
	return !read_value(at, end, &value) || pred_holds(probe->set, probe->pred, &value) != 0;
}
