/* The record of a shared result: its text, its age. */
#include "result.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/jsonread.h"
#include "common/jsontext.h"

enum { VERSION, AT, BYTES, STATUS, SIGNAL, FAILED, NUMBERS, ID = NUMBERS, KEY, BOOT, MEMBERS };

static const char *const names[MEMBERS] = {
	[VERSION] = "pk_retry_share",
	[AT] = "at_ms",
	[BYTES] = "bytes",
	[STATUS] = "status",
	[SIGNAL] = "signal",
	[FAILED] = "failed",
	[ID] = "id",
	[KEY] = "key",
	[BOOT] = "boot",
};

struct parsed {
	int64_t numbers[NUMBERS];
	struct shared_result result; /* its texts */
	unsigned seen;
};

static int member(const struct jsonread *json)
{
	for (int i = 0; i < MEMBERS; i++)
		if (jsontext_is(json->token, json->token_len, names[i], strlen(names[i])))
			return i;
	return MEMBERS;
}

/* A text of exactly len characters out of set. */
static int take_text(const struct jsonread *json, char *text, size_t len, const char *set)
{
	if (json->token_len != len)
		return -EBADMSG;
	for (size_t i = 0; i < len; i++)
		if (json->token[i] == '\0' || !strchr(set, json->token[i]))
			return -EBADMSG;
	memcpy(text, json->token, len);
	text[len] = '\0';
	return 0;
}

/* The value of a member, a scalar. Members that are not ours may come from a later version. */
static int take_value(struct parsed *parsed, int which, const struct jsonread *json, int token)
{
	static const char hex[] = "0123456789abcdef", uuid[] = "0123456789abcdef-";
	struct shared_result *result = &parsed->result;

	if (which == MEMBERS)
		return 0;
	parsed->seen |= 1U << which;
	if (which < NUMBERS)
		return token == JSONREAD_NUMBER && jsontext_int(json->token, json->token_len,
								&parsed->numbers[which]) == 0
			       ? 0
			       : -EBADMSG;
	if (token != JSONREAD_STRING)
		return -EBADMSG;
	if (which == ID)
		return take_text(json, result->id, RESULT_ID, hex);
	if (which == KEY)
		return take_text(json, result->key, SHA256_TEXT - 1, hex);
	/* Nothing, where it could not be read. */
	return json->token_len == 0 ? 0 : take_text(json, result->boot, BOOT_ID, uuid);
}

static int parse_object(struct parsed *parsed, struct jsonread *json)
{
	int which = MEMBERS, token;

	if (jsonread_next(json) != JSONREAD_OBJECT)
		return -EBADMSG;
	while ((token = jsonread_next(json)) > JSONREAD_END) {
		if (token == JSONREAD_OBJECT || token == JSONREAD_ARRAY)
			return -EBADMSG;
		if (token == JSONREAD_KEY)
			which = member(json);
		else if (token != JSONREAD_OBJECT_END && take_value(parsed, which, json, token) < 0)
			return -EBADMSG;
	}
	return token < 0 ? -EBADMSG : 0;
}

static bool is_within(int64_t value, int64_t least, int64_t most)
{
	return value >= least && value <= most;
}

int result_parse(const char bytes[static RESULT_SIZE], int64_t size, struct shared_result *ret)
{
	struct parsed parsed = {0};
	const int64_t *numbers = parsed.numbers;
	struct jsonread json;

	jsonread_begin(&json, bytes, RESULT_SIZE);
	if (parse_object(&parsed, &json) < 0 || parsed.seen != (1U << MEMBERS) - 1)
		return -EBADMSG;
	if (numbers[VERSION] != 1 || numbers[BYTES] != size - RESULT_SIZE || numbers[AT] < 0 ||
	    !is_within(numbers[STATUS], 0, 255) || !is_within(numbers[SIGNAL], 0, 64) ||
	    !is_within(numbers[FAILED], 0, 1))
		return -EBADMSG;
	*ret = parsed.result;
	ret->at_ms = numbers[AT];
	ret->bytes = numbers[BYTES];
	ret->status = (int)numbers[STATUS];
	ret->signal = (int)numbers[SIGNAL];
	ret->failed = numbers[FAILED] == 1;
	return 0;
}

void result_format(const struct shared_result *result, char bytes[static RESULT_SIZE])
{
	/* The longest one has some 290 bytes. */
	int len =
		snprintf(bytes, RESULT_SIZE,
			 "{\"pk_retry_share\":1,\"id\":\"%s\",\"key\":\"%s\",\"boot\":\"%s\","
			 "\"at_ms\":%" PRId64 ",\"bytes\":%" PRId64 ",\"status\":%d,\"signal\":%d,"
			 "\"failed\":%d}",
			 result->id, result->key, result->boot, result->at_ms, result->bytes,
			 result->status, result->signal, result->failed);

	memset(bytes + len, ' ', RESULT_SIZE - 1 - (size_t)len);
	bytes[RESULT_SIZE - 1] = '\n';
}

bool result_is_fresh(const struct shared_result *result, int64_t ttl, const char *boot,
		     int64_t now_ms)
{
	const int64_t age_ms = now_ms - result->at_ms;

	if (ttl == 0 || boot[0] == '\0' || strcmp(result->boot, boot) != 0 || age_ms < 0)
		return false;
	return ttl == NS_NEVER || age_ms <= ttl / NS_PER_MS;
}
