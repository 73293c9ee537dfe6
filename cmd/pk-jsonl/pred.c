/* Predicates from text. */
#include "pred.h"

#include <stdlib.h>
#include <string.h>

#include "common/jsonread.h"
#include "common/jsontext.h"
#include "number.h"
#include "path.h"

#define EXPECTED                                                                                   \
	"PATH, !PATH or PATH OP VALUE, OP one of = != := < <= > >= ~ !~ ^= :ne: :lt: :le: :gt: "   \
	":ge: :has: :re:"

/* Longer ones first where one begins another. */
static const struct spelling {
	const char *text;
	enum pred_op op;
	bool negated;
} spellings[] = {
	{"!=", PRED_EQUAL, true},	 {"!~", PRED_REGEX, true},
	{":=", PRED_TYPED, false},	 {"^=", PRED_PREFIX, false},
	{"<=", PRED_AT_MOST, false},	 {">=", PRED_AT_LEAST, false},
	{"=", PRED_EQUAL, false},	 {"<", PRED_LESS, false},
	{">", PRED_GREATER, false},	 {"~", PRED_REGEX, false},
	{":ne:", PRED_EQUAL, true},	 {":lt:", PRED_LESS, false},
	{":le:", PRED_AT_MOST, false},	 {":gt:", PRED_GREATER, false},
	{":ge:", PRED_AT_LEAST, false},	 {":re:", PRED_REGEX, false},
	{":has:", PRED_CONTAINS, false},
};

static const struct spelling *find_spelling(const char *text)
{
	for (size_t i = 0; i < array_len(spellings); i++)
		if (strncmp(text, spellings[i].text, strlen(spellings[i].text)) == 0)
			return &spellings[i];
	return NULL;
}

/* The type of the value where it is one JSON scalar. */
static int type_of(const char *value, size_t len)
{
	struct jsonread json;
	int token;

	jsonread_begin(&json, value, len);
	token = jsonread_next(&json);
	if (token < JSONREAD_STRING || jsonread_next(&json) != JSONREAD_END)
		return JSONREAD_END;
	return token;
}

static bool is_ordering(enum pred_op op)
{
	return op == PRED_LESS || op == PRED_AT_MOST || op == PRED_GREATER || op == PRED_AT_LEAST;
}

/* The text of a JSON string. */
static bool decode(struct pred *pred)
{
	const char *raw = strchr(pred->value, '"') + 1;
	const size_t len = (size_t)(strrchr(raw, '"') - raw);

	pred->decoded = malloc(len + 1);
	if (!pred->decoded)
		return false;
	pred->len = jsontext_decode(pred->decoded, raw, len);
	pred->value = pred->decoded;
	return true;
}

/* What the operator needs of the value. */
static const char *prepare(struct pred *pred)
{
	pred->typed = type_of(pred->value, pred->len);
	if (pred->op == PRED_TYPED && pred->typed == JSONREAD_END)
		return "a JSON string, number, true, false or null after ':='";
	if (pred->op == PRED_TYPED && pred->typed == JSONREAD_STRING && !decode(pred))
		return "less: out of memory";
	if (is_ordering(pred->op) && pred->len == 0)
		return "a value after the operator";
	if (pred->op != PRED_REGEX)
		return NULL;
	pred->literal = strcspn(pred->value, "\\^$.|?*+()[]{}") == pred->len;
	if (!pred->literal && regcomp(&pred->regex, pred->value, REG_EXTENDED | REG_NOSUB) != 0)
		return "a POSIX extended regular expression";
	return NULL;
}

static const char *parse_operator(struct pred *pred, const char *text)
{
	const struct spelling *spelling;

	if (*text == '\0')
		return NULL;
	spelling = find_spelling(text);
	if (!spelling || pred->negated)
		return EXPECTED;
	pred->op = spelling->op;
	pred->negated = spelling->negated;
	pred->value = text + strlen(spelling->text);
	pred->len = strlen(pred->value);
	return prepare(pred);
}

const char *pred_add(struct pred_set *set, struct fields *fields, const char *text)
{
	struct pred pred = {.op = PRED_PRESENT, .negated = *text == '!'};
	struct path path;
	const char *at = text + pred.negated, *expected;

	if (set->count == PREDS_MAX)
		return "at most 64 predicates";
	if (path_parse(&path, &at, "=!<>~^:") < 0)
		return EXPECTED;
	expected = parse_operator(&pred, at);
	if (!expected) {
		pred.field = fields_add(fields, &path);
		if (pred.field >= 0) {
			set->preds[set->count++] = pred;
			return NULL;
		}
		expected = "at most 64 different paths";
	}
	path_drop(&path);
	return expected;
}

void pred_drop(struct pred_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		free(set->preds[i].decoded);
		if (set->preds[i].op == PRED_REGEX && !set->preds[i].literal)
			regfree(&set->preds[i].regex);
	}
	set->count = 0;
	buf_drop(&set->scratch);
}
