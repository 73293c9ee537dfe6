/* Records out of a damaged line. */
#include "mend.h"

#include "common/jsonread.h"

static size_t skip(const char *line, size_t at, size_t len, bool holes)
{
	while (at < len && (line[at] == ' ' || line[at] == '\t' || line[at] == '\r' ||
			    (holes && line[at] == '\0')))
		at++;
	return at;
}

/* The length of the object or array that begins at `at`, or 0. */
static size_t container_len(const struct mend *mend, size_t at)
{
	struct jsonread json;
	int token;

	jsonread_begin(&json, mend->line + at, mend->len - at);
	token = jsonread_next(&json);
	if (token != JSONREAD_OBJECT && token != JSONREAD_ARRAY)
		return 0;
	return jsonread_skip(&json) < 0 ? 0 : json.at;
}

static bool all_containers(const struct mend *mend, size_t at)
{
	for (size_t n; at < mend->len; at = skip(mend->line, at + n, mend->len, false)) {
		n = container_len(mend, at);
		if (n == 0)
			return false;
	}
	return true;
}

bool mend_begin(struct mend *mend, const char *line, size_t len)
{
	size_t start = skip(line, 0, len, true);

	*mend = (struct mend){.line = line, .len = len};
	mend->blank = skip(line, 0, len, false) == len;
	mend->whole = mend->blank || jsonread_check(line, len, &mend->at, &mend->reason);
	if (mend->whole)
		return true;
	mend->next = start;
	if (start == len)
		return false;
	if (start > 0) {
		size_t at;
		const char *reason;

		/* Behind a hole any value will do. */
		if (jsonread_check(line + start, len - start, &at, &reason)) {
			mend->whole = true;
			return true;
		}
	}
	return all_containers(mend, start);
}

bool mend_next(struct mend *mend, size_t *ret_from, size_t *ret_len)
{
	if (mend->next > mend->len || (mend->next == mend->len && !(mend->whole && mend->len == 0)))
		return false;
	*ret_from = mend->next;
	*ret_len = mend->whole ? mend->len - mend->next : container_len(mend, mend->next);
	mend->next = mend->whole ? mend->len + 1
				 : skip(mend->line, mend->next + *ret_len, mend->len, false);
	return true;
}
