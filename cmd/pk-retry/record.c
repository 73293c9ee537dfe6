/* The breaker's record: text and transitions. */
#include "record.h"

#include <errno.h>
#include <string.h>

#include "common/json.h"
#include "common/jsonread.h"
#include "common/jsontext.h"

/* The members that are numbers, each with a bit that says it was there. */
enum { SEQ, FAILURES, UNTIL, GEN, TOKENS, END, VERSION, NUMBERS, STATE = NUMBERS, MEMBERS };

static const char *const names[MEMBERS] = {
	[SEQ] = "seq",	     [FAILURES] = "failures", [UNTIL] = "until_ms", [GEN] = "gen",
	[TOKENS] = "tokens", [END] = "end",	      [VERSION] = "v",	    [STATE] = "state",
};

struct parsed {
	int64_t numbers[NUMBERS];
	bool open;
	unsigned seen;
};

static int member(const struct jsonread *json)
{
	for (int i = 0; i < MEMBERS; i++)
		if (jsontext_is(json->token, json->token_len, names[i], strlen(names[i])))
			return i;
	return MEMBERS;
}

/* The value of a member, a scalar. Members that are not ours may come from a later version. */
static int take_value(struct parsed *parsed, int which, const struct jsonread *json, int token)
{
	if (which == MEMBERS)
		return 0;
	parsed->seen |= 1U << which;
	if (which != STATE)
		return token == JSONREAD_NUMBER &&
				       jsontext_int(json->token, json->token_len,
						    &parsed->numbers[which]) == 0 &&
				       parsed->numbers[which] >= 0
			       ? 0
			       : -EBADMSG;
	parsed->open = jsontext_is(json->token, json->token_len, "open", 4);
	return token == JSONREAD_STRING && (parsed->open ||
					    jsontext_is(json->token, json->token_len, "closed", 6))
		       ? 0
		       : -EBADMSG;
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

int record_parse(const char *bytes, size_t len, struct record *ret)
{
	struct parsed parsed = {0};
	struct jsonread json;

	if (len == 0) {
		*ret = (struct record){0};
		return 0;
	}
	jsonread_begin(&json, bytes, len);
	if (len != RECORD_SIZE || parse_object(&parsed, &json) < 0)
		return -EBADMSG;
	if (parsed.seen != (1U << MEMBERS) - 1 || parsed.numbers[VERSION] != 1 ||
	    parsed.numbers[SEQ] != parsed.numbers[END])
		return -EBADMSG;
	*ret = (struct record){
		.seq = parsed.numbers[SEQ],
		.open = parsed.open,
		.failures = parsed.numbers[FAILURES],
		.until_ms = parsed.numbers[UNTIL],
		.gen = parsed.numbers[GEN],
		.tokens = parsed.numbers[TOKENS],
	};
	return 0;
}

/* Counters that outsiders may have written do not overflow. */
static int64_t next(int64_t counter)
{
	return counter == INT64_MAX ? 0 : counter + 1;
}

void record_format(struct record *record, char bytes[static RECORD_SIZE])
{
	unzeroed char line[JSON_LEAST];
	struct json json;
	size_t len;

	record->seq = next(record->seq);
	json_begin(&json, line, sizeof(line));
	json_int(&json, names[VERSION], 1);
	json_int(&json, names[SEQ], record->seq);
	json_text(&json, names[STATE], record->open ? "open" : "closed");
	json_int(&json, names[FAILURES], record->failures);
	json_int(&json, names[UNTIL], record->until_ms);
	json_int(&json, names[GEN], record->gen);
	json_int(&json, names[TOKENS], record->tokens);
	json_int(&json, names[END], record->seq);
	/* The longest one, six numbers of 19 digits, has 206 bytes. Its newline goes to the end. */
	len = json_end(&json) - 1;
	memcpy(bytes, line, len);
	memset(bytes + len, ' ', RECORD_SIZE - 1 - len);
	bytes[RECORD_SIZE - 1] = '\n';
}

static int64_t until(const struct record_rules *rules, int64_t now_ms)
{
	int64_t sum;

	return __builtin_add_overflow(now_ms, rules->cooldown_ms, &sum) ? INT64_MAX : sum;
}

enum admission record_admit(struct record *record, const struct record_rules *rules, int64_t now_ms,
			    bool *ret_changed)
{
	*ret_changed = false;
	if (!record->open)
		return ADMIT_FREELY;
	if (record->until_ms > until(rules, now_ms)) {
		record->until_ms = until(rules, now_ms);
		*ret_changed = true;
	}
	return now_ms >= record->until_ms ? ADMIT_PROBE : ADMIT_NOBODY;
}

static void turn(struct record *record, bool open, int64_t until_ms)
{
	record->open = open;
	record->until_ms = until_ms;
	record->gen = next(record->gen);
}

bool record_count(struct record *record, const struct record_rules *rules, int64_t now_ms,
		  bool failed, bool is_probe, int64_t gen)
{
	if (gen != record->gen || is_probe != record->open)
		return false;
	if (!failed) {
		if (record->failures == 0 && !record->open)
			return false;
		record->failures = 0;
		if (record->open)
			turn(record, false, 0);
		return true;
	}
	record->failures = next(record->failures);
	if (is_probe || record->failures >= rules->threshold)
		turn(record, true, until(rules, now_ms));
	return true;
}
