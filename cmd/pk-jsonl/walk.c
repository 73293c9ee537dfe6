/* Values of paths, by the bitmaps of a scanned line. */
#include <string.h>

#include "fields.h"

/* The structural bits of a line, one after another. */
struct cursor {
	const struct scan_maps *maps;
	const char *bytes;
	size_t from, to; /* the line: [from, to) */
	size_t word;
	uint64_t bits;	 /* those left of word */
	uint64_t colons; /* all ones where colons are of interest, else zero */
};

static uint64_t structure(const struct cursor *c, size_t word)
{
	return (c->maps->colon[word] & c->colons) | c->maps->open[word] | c->maps->close[word];
}

/* Whether colons count from here on: behind byte `at`. */
static void want_colons(struct cursor *c, size_t at, bool want)
{
	if (want == (c->colons != 0))
		return;
	c->colons = want ? ~UINT64_C(0) : 0;
	c->bits = structure(c, c->word) & ~UINT64_C(1) << (at % 64);
}

/* The next structural byte, or `to`. */
static inline size_t next_structure(struct cursor *c)
{
	size_t at;

	while (!c->bits) {
		if (64 * (c->word + 1) >= c->to)
			return c->to;
		c->bits = structure(c, ++c->word);
	}
	at = 64 * c->word + (size_t)__builtin_ctzll(c->bits);
	c->bits &= c->bits - 1;
	return at < c->to ? at : c->to;
}

/* The nearest quote before `at`; false when the line has none there. */
static bool quote_before(const struct cursor *c, size_t at, size_t *ret)
{
	size_t w = at / 64;
	uint64_t bits = at % 64 ? c->maps->quote[w] & (~UINT64_C(0) >> (64 - at % 64)) : 0;

	while (!bits) {
		if (64 * w <= c->from)
			return false;
		bits = c->maps->quote[--w];
	}
	*ret = 64 * w + 63 - (size_t)__builtin_clzll(bits);
	return *ret >= c->from;
}

/* The nearest quote behind `at`, or `to`. */
static size_t quote_after(const struct cursor *c, size_t at)
{
	size_t w = ++at / 64;
	uint64_t bits = c->maps->quote[w] & ~UINT64_C(0) << (at % 64);

	while (!bits) {
		if (64 * (w + 1) >= c->to)
			return c->to;
		bits = c->maps->quote[++w];
	}
	at = 64 * w + (size_t)__builtin_ctzll(bits);
	return at < c->to ? at : c->to;
}

static bool has_slash(const struct cursor *c, size_t from, size_t to)
{
	return memchr(c->bytes + from, '\\', to - from) != NULL;
}

static size_t skip_space(const struct cursor *c, size_t at)
{
	while (at < c->to && (c->bytes[at] == ' ' || c->bytes[at] == '\t' || c->bytes[at] == '\r'))
		at++;
	return at;
}

static int name_token(char c)
{
	return c == 't'	  ? JSONREAD_TRUE
	       : c == 'f' ? JSONREAD_FALSE
	       : c == 'n' ? JSONREAD_NULL
			  : JSONREAD_NUMBER;
}

static bool ends_scalar(char c)
{
	return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\t' || c == '\r';
}

/* The value at `at`; a container without its length. */
static struct value value_at(const struct cursor *c, size_t at, bool slashes)
{
	const char first = at < c->to ? c->bytes[at] : '\0';
	struct value value = {.text = c->bytes + at};
	size_t end = at;

	if (first == '"') {
		value.token = JSONREAD_STRING;
		value.text++;
		end = quote_after(c, at);
		value.len = end > at ? end - at - 1 : 0;
		value.escaped = slashes && has_slash(c, at, end);
		return value;
	}
	if (first == '{' || first == '[') {
		value.token = first == '{' ? JSONREAD_OBJECT : JSONREAD_ARRAY;
		return value;
	}
	while (end < c->to && !ends_scalar(c->bytes[end]))
		end++;
	value.token = name_token(first);
	value.len = end - at;
	return value;
}

static bool is_quote(const struct cursor *c, size_t at)
{
	return c->maps->quote[at / 64] >> (at % 64) & 1;
}

/*
 * Of the paths in among, those whose step at this depth is the key that ends with the quote at `end`:
 * its other quote must be at the right distance.
 */
static uint64_t match_key(const struct cursor *c, const struct fields *fields, uint64_t among,
			  size_t depth, size_t end)
{
	uint64_t found = 0;

	for (uint64_t left = among; left; left &= left - 1) {
		const int i = __builtin_ctzll(left);
		const struct path_step *step = &fields->paths[i].steps[depth];
		const char *key = c->bytes + end - step->len;

		if (end - c->from <= step->len || key[-1] != '"' ||
		    (step->len > 0 && key[0] != step->key[0]))
			continue;
		if (memcmp(key, step->key, step->len) == 0 && is_quote(c, end - step->len - 1))
			found |= UINT64_C(1) << i;
	}
	return found;
}

/* What is looked for at each depth: paths[d] are those whose first d steps lead here. */
struct search {
	struct fields *fields;
	uint64_t paths[PATH_STEPS + 2];
	uint64_t open[PATH_STEPS + 2]; /* values that are a container begun at this depth */
	uint64_t entering;	       /* of the container that comes next */
	uint64_t pending;
	size_t depth;
};

static void found_value(struct search *s, uint64_t found, const struct value *value)
{
	s->entering = s->pending = 0;
	for (uint64_t left = found; left; left &= left - 1) {
		const int i = __builtin_ctzll(left);

		s->fields->values[i].token = JSONREAD_END;
		if (s->fields->paths[i].count > s->depth) {
			if (value->token == JSONREAD_OBJECT)
				s->entering |= UINT64_C(1) << i;
			continue;
		}
		s->fields->values[i] = *value;
		if (value->token == JSONREAD_OBJECT || value->token == JSONREAD_ARRAY)
			s->pending |= UINT64_C(1) << i;
	}
}

/* A colon: is the key before it a step? False: an escape in a key. */
static bool at_colon(struct search *s, const struct cursor *c, size_t at, bool slashes)
{
	size_t end = at, start;
	uint64_t found;
	struct value value;

	while (end > c->from && c->bytes[end - 1] != '"')
		end--;
	if (end-- == c->from)
		return true;
	if (slashes && quote_before(c, end, &start) && has_slash(c, start, end))
		return false;
	found = match_key(c, s->fields, s->paths[s->depth], s->depth - 1, end);
	if (!found)
		return true;
	value = value_at(c, skip_space(c, at + 1), slashes);
	found_value(s, found, &value);
	return true;
}

static void at_open(struct search *s)
{
	if (++s->depth > s->fields->deepest + 1)
		return;
	s->paths[s->depth] = s->entering;
	s->open[s->depth] = s->pending;
	s->entering = s->pending = 0;
}

/* The containers that end here get their length; the deepest path may end at one. */
static void at_close(struct search *s, const char *end)
{
	if (s->depth > 0 && s->depth <= s->fields->deepest + 1) {
		for (uint64_t left = s->open[s->depth]; left; left &= left - 1) {
			struct value *value = &s->fields->values[__builtin_ctzll(left)];

			value->len = (size_t)(end - value->text);
		}
		s->open[s->depth] = 0;
	}
	s->depth -= s->depth > 0;
}

static bool any_slash(const struct scan_maps *maps, size_t from, size_t to)
{
	for (size_t w = from / 64; w <= to / 64; w++)
		if (maps->slash[w])
			return true;
	return false;
}

bool fields_walk(struct fields *fields, const struct scan_maps *maps, const char *bytes,
		 size_t from, size_t to)
{
	struct cursor c = {.maps = maps, .bytes = bytes, .from = from, .to = to, .word = from / 64};
	struct search s = {.fields = fields};
	bool slashes;
	size_t at;

	if (fields->count == 0)
		return true;
	if (fields->indexed)
		return false;
	slashes = any_slash(maps, from, to);
	for (size_t i = 0; i < fields->count; i++)
		fields->values[i].token = JSONREAD_END;
	at = skip_space(&c, from);
	fields->scalar_top = at == to || (bytes[at] != '{' && bytes[at] != '[');
	if (at < to && bytes[at] == '{')
		s.entering =
			fields->count == 64 ? ~UINT64_C(0) : (UINT64_C(1) << fields->count) - 1;
	c.bits = structure(&c, c.word) & ~UINT64_C(0) << (from % 64);
	while ((at = next_structure(&c)) < to) {
		const char byte = bytes[at];

		if (byte == ':') {
			if (!at_colon(&s, &c, at, slashes))
				return false;
			continue;
		}
		if (byte == '{' || byte == '[')
			at_open(&s);
		else
			at_close(&s, bytes + at + 1);
		want_colons(&c, at, s.depth > 0 && s.depth <= fields->deepest && s.paths[s.depth]);
	}
	return true;
}
