/* Values of paths, token by token. */
#include "fields.h"

#include <errno.h>
#include <string.h>

#include "common/jsontext.h"

static bool same_path(const struct path *a, const struct path *b)
{
	if (a->count != b->count || a->text_len != b->text_len ||
	    memcmp(a->text, b->text, a->text_len) != 0)
		return false;
	return true;
}

int fields_add(struct fields *fields, struct path *path)
{
	for (size_t i = 0; i < fields->count; i++) {
		if (same_path(&fields->paths[i], path)) {
			path_drop(path);
			return (int)i;
		}
	}
	if (fields->count == FIELDS_MAX)
		return -E2BIG;
	for (size_t i = 0; i < path->count; i++)
		fields->indexed |= path->steps[i].index >= 0;
	fields->paths[fields->count] = *path;
	*path = (struct path){0};
	return (int)fields->count++;
}

uint64_t fields_all(const struct fields *fields)
{
	return fields->count == 64 ? ~UINT64_C(0) : (UINT64_C(1) << fields->count) - 1;
}

void fields_drop(struct fields *fields)
{
	for (size_t i = 0; i < fields->count; i++)
		path_drop(&fields->paths[i]);
	fields->count = 0;
}

/* Of the paths in `among`, those whose step at this depth is the key just read. */
static uint64_t match_key(struct fields *fields, uint64_t among, size_t depth,
			  const struct jsonread *json)
{
	uint64_t found = 0;

	for (uint64_t left = among; left; left &= left - 1) {
		const int i = __builtin_ctzll(left);
		const struct path_step *step = &fields->paths[i].steps[depth];

		if (json->escaped ? jsontext_is(json->token, json->token_len, step->key, step->len)
				  : json->token_len == step->len &&
					    memcmp(json->token, step->key, step->len) == 0)
			found |= UINT64_C(1) << i;
	}
	return found;
}

static uint64_t match_index(struct fields *fields, uint64_t among, size_t depth, int64_t index)
{
	uint64_t found = 0;

	for (uint64_t left = among; left; left &= left - 1) {
		const int i = __builtin_ctzll(left);

		if (fields->paths[i].steps[depth].index == index)
			found |= UINT64_C(1) << i;
	}
	return found;
}

/* Paths that end behind this step take the value; the others look into it. */
static uint64_t set_values(struct fields *fields, uint64_t found, size_t depth,
			   const struct value *value)
{
	uint64_t deeper = 0;

	for (uint64_t left = found; left; left &= left - 1) {
		const int i = __builtin_ctzll(left);

		if (fields->paths[i].count == depth + 1) {
			fields->values[i] = *value;
		} else {
			fields->values[i].token = JSONREAD_END;
			deeper |= UINT64_C(1) << i;
		}
	}
	return deeper;
}

static int read_members(struct fields *fields, struct jsonread *json, int container, size_t depth,
			uint64_t among);

/* The value whose token has just been read, for the paths in found. */
static int take_value(struct fields *fields, struct jsonread *json, int token, size_t depth,
		      uint64_t found)
{
	struct value value = {.token = token,
			      .text = json->token,
			      .len = json->token_len,
			      .escaped = json->escaped};
	uint64_t deeper;

	if (token < 0 || (token != JSONREAD_OBJECT && token != JSONREAD_ARRAY)) {
		if (token >= 0)
			(void)set_values(fields, found, depth, &value);
		return token;
	}
	deeper = set_values(fields, found, depth, &value);
	token = deeper ? read_members(fields, json, token, depth + 1, deeper) : jsonread_skip(json);
	if (token < 0)
		return token;
	value.len = (size_t)(json->bytes + json->at - value.text);
	(void)set_values(fields, found & ~deeper, depth, &value);
	return token;
}

/* Inside a container, depth steps below the top. Recursion ends at the longest path. */
static int read_members(struct fields *fields, struct jsonread *json, int container, size_t depth,
			uint64_t among)
{
	const int outside = json->depth - 1;

	for (int64_t index = 0;; index++) {
		int token = jsonread_next(json);
		uint64_t found;

		if (token < 0 || json->depth == outside)
			return token;
		if (container == JSONREAD_OBJECT) {
			found = match_key(fields, among, depth, json);
			token = jsonread_next(json);
		} else {
			found = match_index(fields, among, depth, index);
		}
		token = take_value(fields, json, token, depth, found);
		if (token < 0)
			return token;
	}
}

bool fields_read(struct fields *fields, const char *line, size_t len, size_t *ret_at,
		 const char **ret_reason)
{
	struct jsonread json;
	int token;

	for (size_t i = 0; i < fields->count; i++)
		fields->values[i].token = JSONREAD_END;
	jsonread_begin(&json, line, len);
	token = jsonread_next(&json);
	fields->scalar_top = token != JSONREAD_OBJECT && token != JSONREAD_ARRAY;
	if (!fields->scalar_top)
		token = read_members(fields, &json, token, 0, fields_all(fields));
	if (token >= 0)
		token = jsonread_next(&json);
	*ret_at = json.at;
	*ret_reason = json.reason;
	return token == JSONREAD_END;
}
