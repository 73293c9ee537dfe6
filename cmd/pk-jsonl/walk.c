/* Values of paths, by the bitmaps of a scanned line. */
#include <string.h>

#include "fields.h"

/* The structural bits of a line, one after another. */
struct cursor {
	const struct scan_maps *maps;
	const char *bytes;
	size_t to; /* the line's newline */
	size_t word;
	uint64_t bits; /* those left of word */
};

static uint64_t structure(const struct scan_maps *maps, size_t word)
{
	return maps->colon[word] | maps->open[word] | maps->close[word];
}

/* The next structural byte, or `to`. */
static inline size_t next_structure(struct cursor *c)
{
	size_t at;

	while (!c->bits) {
		if (64 * (c->word + 1) >= c->to)
			return c->to;
		c->bits = structure(c->maps, ++c->word);
	}
	at = 64 * c->word + (size_t)__builtin_ctzll(c->bits);
	c->bits &= c->bits - 1;
	return at < c->to ? at : c->to;
}

/* Go to the end of the container whose bracket has just been passed: its other one, or `to`. */
static size_t skip_container(struct cursor *c)
{
	uint64_t bits = c->bits & ~c->maps->colon[c->word];
	size_t depth = 1;

	for (;;) {
		const uint64_t open = c->maps->open[c->word];

		for (; bits; bits &= bits - 1) {
			const unsigned bit = (unsigned)__builtin_ctzll(bits);

			depth += 2 * (open >> bit & 1);
			if (--depth > 0)
				continue;
			c->bits &= ~UINT64_C(1) << bit;
			return 64 * c->word + bit;
		}
		if (64 * (c->word + 1) >= c->to)
			break;
		c->bits = structure(c->maps, ++c->word);
		bits = c->maps->open[c->word] | c->maps->close[c->word];
	}
	c->bits = 0;
	return c->to;
}

/* Does the string that ends with the quote at `end` hold a backslash? */
static bool is_escaped(const struct scan_maps *maps, size_t from, size_t end)
{
	size_t w = end / 64;
	uint64_t quote = maps->quote[w], slash = maps->slash[w],
		 before = (UINT64_C(1) << (end % 64)) - 1;

	while (!(quote & before)) {
		if (slash & before)
			return true;
		if (64 * w <= from)
			return false;
		quote = maps->quote[--w];
		slash = maps->slash[w];
		before = ~UINT64_C(0);
	}
	/* Which of the two has the last bit? */
	return (slash & before) > (quote & before);
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

static size_t skip_space(const struct cursor *c, size_t at)
{
	while (at < c->to && (c->bytes[at] == ' ' || c->bytes[at] == '\t' || c->bytes[at] == '\r'))
		at++;
	return at;
}

/* The value at `at`; a container without its length. */
static struct value value_at(const struct cursor *c, size_t at, bool slashes)
{
	struct value value = {.token = fields_token(c->bytes[at]), .text = c->bytes + at};
	size_t end = at;

	if (value.token == JSONREAD_STRING) {
		value.text++;
		end = quote_after(c, at);
		value.len = end > at ? end - at - 1 : 0;
		value.escaped = slashes && is_escaped(c->maps, at, end);
		return value;
	}
	if (value.token == JSONREAD_OBJECT || value.token == JSONREAD_ARRAY)
		return value;
	while (end < c->to && !fields_ends_scalar(c->bytes[end]))
		end++;
	value.len = end - at;
	return value;
}

/* What is looked for at each depth: paths[d] are those whose first d steps lead here. */
struct search {
	struct fields *fields;
	struct cursor cursor;
	bool slashes;		    /* the line holds backslashes */
	size_t depth;		    /* of containers that are looked into */
	uint64_t entering, pending; /* of the container that comes next */
	uint64_t paths[PATH_STEPS + 1];
	uint64_t open[PATH_STEPS + 1]; /* values that are a container begun at this depth */
};

/* The eight bytes before `end`; zero before the first. */
static inline uint64_t word_before(const char *bytes, size_t end)
{
	uint64_t word = 0;

	if (end >= sizeof(word))
		memcpy(&word, bytes + end - sizeof(word), sizeof(word));
	else
		memcpy((char *)&word + sizeof(word) - end, bytes, end);
	return word;
}

/*
 * The paths whose step at this depth is the key that ends with the quote at `end`. The key holds no
 * backslash: a quote before it is the one that begins it.
 */
static inline uint64_t match_key(const struct search *s, size_t end)
{
	const char *bytes = s->cursor.bytes;
	const uint64_t word = word_before(bytes, end);
	uint64_t found = 0;

	for (uint64_t left = s->paths[s->depth]; left; left &= left - 1) {
		const int i = __builtin_ctzll(left);
		const struct path_step *step = &s->fields->paths[i].steps[s->depth - 1];

		if ((word & step->tail_mask) != step->tail)
			continue;
		if (step->len < sizeof(word) ||
		    (end > step->len && bytes[end - step->len - 1] == '"' &&
		     memcmp(bytes + end - step->len, step->key, step->len) == 0))
			found |= UINT64_C(1) << i;
	}
	return found;
}

static void found_value(struct search *s, uint64_t found, const struct value *value)
{
	const bool container = value->token == JSONREAD_OBJECT || value->token == JSONREAD_ARRAY;

	for (uint64_t left = found; left; left &= left - 1) {
		const int i = __builtin_ctzll(left);

		s->fields->values[i].token = JSONREAD_END;
		if (s->fields->paths[i].count > s->depth) {
			if (value->token == JSONREAD_OBJECT)
				s->entering |= UINT64_C(1) << i;
			continue;
		}
		s->fields->values[i] = *value;
		if (container)
			s->pending |= UINT64_C(1) << i;
	}
}

/* A colon: is the key before it a step? False: an escape in a key. */
static inline bool at_colon(struct search *s, size_t from, size_t at)
{
	const struct cursor *c = &s->cursor;
	size_t end = at;
	uint64_t found;
	struct value value;

	while (end > from && c->bytes[end - 1] != '"')
		end--;
	if (end-- == from)
		return true;
	if (s->slashes && is_escaped(c->maps, from, end))
		return false;
	found = match_key(s, end);
	if (!found)
		return true;
	value = value_at(c, skip_space(c, at + 1), s->slashes);
	found_value(s, found, &value);
	return true;
}

/* The containers that end before `end` get their length. */
static void end_values(struct search *s, uint64_t open, size_t end)
{
	for (uint64_t left = open; left; left &= left - 1) {
		struct value *value = &s->fields->values[__builtin_ctzll(left)];

		value->len = (size_t)(s->cursor.bytes + end - value->text);
	}
}

/* A container is looked into when a path leads there. */
static void at_open(struct search *s)
{
	if (s->entering) {
		s->paths[++s->depth] = s->entering;
		s->open[s->depth] = s->pending;
	} else {
		end_values(s, s->pending, skip_container(&s->cursor) + 1);
	}
	s->entering = s->pending = 0;
}

static void at_close(struct search *s, size_t at)
{
	if (s->depth == 0)
		return;
	end_values(s, s->open[s->depth--], at + 1);
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
	struct search s;
	struct cursor *c = &s.cursor;
	size_t at;

	if (fields->count == 0)
		return true;
	if (fields->indexed)
		return false;
	*c = (struct cursor){.maps = maps, .bytes = bytes, .to = to, .word = from / 64};
	c->bits = structure(maps, c->word) & ~UINT64_C(0) << (from % 64);
	s.fields = fields;
	s.slashes = any_slash(maps, from, to);
	s.depth = 0;
	for (size_t i = 0; i < fields->count; i++)
		fields->values[i].token = JSONREAD_END;
	at = skip_space(c, from);
	fields->scalar_top = at == to || (bytes[at] != '{' && bytes[at] != '[');
	s.pending = 0;
	s.entering = at < to && bytes[at] == '{' ? fields_all(fields) : 0;
	while ((at = next_structure(c)) < to) {
		if (bytes[at] == ':') {
			if (s.depth > 0 && !at_colon(&s, from, at))
				return false;
		} else if (bytes[at] == '{' || bytes[at] == '[') {
			at_open(&s);
		} else {
			at_close(&s, at);
		}
	}
	return true;
}
