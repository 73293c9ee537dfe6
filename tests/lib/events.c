#include "tests/lib/events.h"

#include "tests/check.h"
#include "tests/lib/run.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

enum { FIELDS_MAX = 32, LINE_MAX_BYTES = 4096, RULES_MAX = 512 };

/* --- JSON: one flat object, values are strings, numbers, booleans, or arrays of those ------- */

struct field {
	const char *name, *text; /* text: decoded string, or the bytes of the value */
	const char *type;	 /* string number boolean array */
};

struct object {
	struct field fields[FIELDS_MAX];
	size_t count;
};

static int hex4(const char *at)
{
	int value = 0;

	for (int i = 0; i < 4; i++) {
		if (!isxdigit((unsigned char)at[i]))
			return -1;
		value = value * 16 + (isdigit((unsigned char)at[i])
					      ? at[i] - '0'
					      : tolower((unsigned char)at[i]) - 'a' + 10);
	}
	return value;
}

static char *put_utf8(char *to, unsigned code)
{
	if (code < 0x80) {
		*to++ = (char)code;
		return to;
	}
	int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
	*to++ = (char)((code >> (6 * more)) | (more == 1 ? 0xc0U : more == 2 ? 0xe0U : 0xf0U));
	while (more-- > 0)
		*to++ = (char)(((code >> (6 * more)) & 0x3f) | 0x80);
	return to;
}

/* Length of the valid UTF-8 sequence at `at`, 0 when it is none (RFC 3629). */
static size_t utf8_length(const unsigned char *at)
{
	size_t length = at[0] < 0x80   ? 1
			: at[0] < 0xc2 ? 0
			: at[0] < 0xe0 ? 2
			: at[0] < 0xf0 ? 3
			: at[0] < 0xf5 ? 4
				       : 0;

	for (size_t i = 1; i < length; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
	    (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
		return 0;
	return length;
}

static const char *read_escape(const char *at, char **to)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	const char *plain = *at != '\0' ? strchr(from, *at) : NULL;

	if (plain != NULL) {
		*(*to)++ = into[plain - from];
		return at + 1;
	}
	int code = *at == 'u' ? hex4(at + 1) : -1;
	if (code < 0)
		return NULL;
	at += 5;
	if (code >= 0xd800 && code < 0xdc00) {
		int low = at[0] == '\\' && at[1] == 'u' ? hex4(at + 2) : -1;
		if (low < 0xdc00 || low > 0xdfff)
			return NULL;
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
		at += 6;
	} else if (code >= 0xdc00 && code < 0xe000) {
		return NULL;
	}
	*to = put_utf8(*to, (unsigned)code);
	return at;
}

/* at is behind the opening quote. Returns behind the closing one, or NULL. */
static const char *read_string(const char *at, char **ret_text)
{
	char *text = test_keep(malloc(strlen(at) + 1)), *to = text;

	while (at != NULL && *at != '"') {
		size_t length = utf8_length((const unsigned char *)at);
		if (length == 0 || (unsigned char)*at < 0x20)
			return NULL;
		if (*at == '\\') {
			at = read_escape(at + 1, &to);
		} else {
			memcpy(to, at, length);
			to += length;
			at += length;
		}
	}
	*to = '\0';
	*ret_text = text;
	return at != NULL ? at + 1 : NULL;
}

static const char *read_number(const char *at)
{
	if (*at == '-')
		at++;
	if (*at == '0' && isdigit((unsigned char)at[1]))
		return NULL;
	if (!isdigit((unsigned char)*at))
		return NULL;
	at += strspn(at, "0123456789");
	if (*at == '.') {
		if (!isdigit((unsigned char)at[1]))
			return NULL;
		at += 1 + strspn(at + 1, "0123456789");
	}
	return at;
}

static const char *read_value(const char *at, struct field *field, bool nested);

static const char *read_array(const char *at)
{
	struct field element;

	if (*at == ']')
		return at + 1;
	for (;;) {
		at = read_value(at, &element, true);
		if (at == NULL || (*at != ',' && *at != ']'))
			return NULL;
		if (*at++ == ']')
			return at;
	}
}

static const char *read_value(const char *at, struct field *field, bool nested)
{
	const char *end = NULL;
	char *text = NULL;

	if (*at == '"') {
		field->type = "string";
		end = read_string(at + 1, &text);
		field->text = text;
		return end;
	}
	if (strncmp(at, "true", 4) == 0 || strncmp(at, "false", 5) == 0) {
		field->type = "boolean";
		end = at + (*at == 't' ? 4 : 5);
	} else if (*at == '[' && !nested) {
		field->type = "array";
		end = read_array(at + 1);
	} else {
		field->type = "number";
		end = read_number(at);
	}
	if (end != NULL)
		field->text = test_text("%.*s", (int)(end - at), at);
	return end;
}

/* Reads the object of a line; false when it is not exactly one. */
static bool read_object(const char *line, struct object *object)
{
	const char *at = line;
	char *name = NULL;

	object->count = 0;
	if (*at++ != '{')
		return false;
	for (;;) {
		struct field *field = &object->fields[object->count];
		if (object->count == FIELDS_MAX || *at != '"')
			return false;
		at = read_string(at + 1, &name);
		if (at == NULL || *at != ':')
			return false;
		field->name = name;
		at = read_value(at + 1, field, false);
		if (at == NULL)
			return false;
		object->count++;
		if (*at == '}')
			return at[1] == '\0';
		if (*at++ != ',')
			return false;
	}
}

static const struct field *find_field(const struct object *object, const char *name)
{
	for (size_t i = 0; i < object->count; i++)
		if (strcmp(object->fields[i].name, name) == 0)
			return &object->fields[i];
	return NULL;
}

/* --- the schema ------------------------------------------------------------------------------ */

struct rule {
	char tool[32], event[32], field[32], type[16];
	bool optional;
};

struct schema {
	struct rule rules[RULES_MAX];
	size_t count;
};

static const struct schema *load_schema(void)
{
	static struct schema schema;
	const char *top = getenv("PK_TOP");
	char line[256];

	if (schema.count > 0)
		return &schema;
	FILE *file = fopen(test_text("%s/tests/events.schema", top != NULL ? top : "."), "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		struct rule *rule = &schema.rules[schema.count];
		line[strcspn(line, "#\n")] = '\0';
		int got = sscanf(line, "%31s %31s %31s %15s", rule->tool, rule->event, rule->field,
				 rule->type);
		if (got <= 0)
			continue;
		assert_true(got == 4 && schema.count + 1 < RULES_MAX);
		size_t last = strlen(rule->type) - 1;
		rule->optional = rule->type[last] == '?';
		if (rule->optional)
			rule->type[last] = '\0';
		schema.count++;
	}
	(void)fclose(file); /* read only */
	return &schema;
}

static bool covers(const char *pattern, const char *name)
{
	return strcmp(pattern, "*") == 0 || strcmp(pattern, name) == 0;
}

static int complain(const char *line, const char *what, const char *name)
{
	print_error("event: %s '%s' in: %s\n", what, name, line);
	return -1;
}

/* ts tool event run [parent] pid come first and in this order. */
static int check_order(const char *line, const struct object *object)
{
	static const char *const leading[] = {"ts", "tool", "event", "run", "parent", "pid"};
	size_t at = 0;

	for (size_t i = 0; i < sizeof(leading) / sizeof(leading[0]); i++) {
		bool here = at < object->count && strcmp(object->fields[at].name, leading[i]) == 0;
		if (!here && strcmp(leading[i], "parent") != 0)
			return complain(line, "not in its place:", leading[i]);
		at += here;
	}
	return 0;
}

static bool fits(const char *text, const char *form)
{
	for (; *form != '\0'; form++, text++)
		if (*form == '9' ? !isdigit((unsigned char)*text)
		    : *form == 'x'
			    ? !isxdigit((unsigned char)*text) || isupper((unsigned char)*text)
			    : *form != *text)
			return false;
	return *text == '\0';
}

static int check_forms(const char *line, const struct object *object)
{
	const struct field *parent = find_field(object, "parent");

	if (!fits(find_field(object, "ts")->text, "9999-99-99T99:99:99.999Z"))
		return complain(line, "not a time stamp:", "ts");
	if (!fits(find_field(object, "run")->text, "xxxxxxxxxxxxxxxx"))
		return complain(line, "not 16 hex digits:", "run");
	if (parent != NULL && !fits(parent->text, "xxxxxxxxxxxxxxxx"))
		return complain(line, "not 16 hex digits:", "parent");
	return 0;
}

static int check_rules(const char *line, const struct object *object)
{
	const struct schema *schema = load_schema();
	const char *tool = find_field(object, "tool")->text;
	const char *event = find_field(object, "event")->text;
	bool allowed[FIELDS_MAX] = {false}, known = false;

	for (size_t i = 0; i < schema->count; i++) {
		const struct rule *rule = &schema->rules[i];
		if (!covers(rule->tool, tool) || !covers(rule->event, event))
			continue;
		known |= strcmp(rule->event, "*") != 0;
		const struct field *field = find_field(object, rule->field);
		if (field == NULL && !rule->optional && strcmp(rule->field, "-") != 0)
			return complain(line, "missing field", rule->field);
		if (field == NULL)
			continue;
		if (strcmp(field->type, rule->type) != 0)
			return complain(line, "wrong type of field", rule->field);
		allowed[field - object->fields] = true;
	}
	if (!known)
		return complain(line, "unknown event", event);
	for (size_t i = 0; i < object->count; i++)
		if (!allowed[i])
			return complain(line, "unknown field", object->fields[i].name);
	return 0;
}

int events_check_line(const char *line)
{
	struct object object;

	if (strlen(line) + 1 > LINE_MAX_BYTES)
		return complain(line, "longer than 4096 bytes:", "line");
	if (!read_object(line, &object))
		return complain(line, "not a JSON object of an event:", "line");
	for (size_t i = 0; i < object.count; i++)
		if (find_field(&object, object.fields[i].name) != &object.fields[i])
			return complain(line, "field twice:", object.fields[i].name);
	if (check_order(line, &object) < 0 || check_forms(line, &object) < 0)
		return -1;
	return check_rules(line, &object);
}

/* --- files ------------------------------------------------------------------------------------ */

/* The complete lines of the file so far, NULL-terminated; *rest is set when bytes follow them. */
static char **read_lines(const char *path, bool *rest)
{
	FILE *file = fopen(path, "re");
	char *bytes = NULL, *line;
	size_t size = 0, count = 0;

	*rest = false;
	if (file != NULL) {
		ssize_t got = getdelim(&bytes, &size, '\0', file);
		(void)fclose(file); /* read only */
		if (got < 0) {
			free(bytes);
			bytes = NULL;
		}
	}
	if (bytes == NULL)
		return test_keep(calloc(1, sizeof(char *)));
	(void)test_keep(bytes);
	for (char *c = bytes; *c != '\0'; c++)
		count += *c == '\n';
	char **lines = test_keep(calloc(count + 1, sizeof(char *)));
	char *end = bytes;
	for (size_t i = 0; i < count; i++) {
		line = end;
		end = strchr(line, '\n');
		*end++ = '\0';
		lines[i] = line;
	}
	*rest = *end != '\0';
	return lines;
}

static bool is_event(const char *line, const char *event)
{
	struct object object;

	if (!read_object(line, &object))
		return false;
	const struct field *field = find_field(&object, "event");
	return field != NULL && strcmp(field->text, event) == 0;
}

int events_check(const char *path)
{
	bool rest;
	char **lines = read_lines(path, &rest);
	int bad = 0;

	for (size_t i = 0; lines[i] != NULL; i++)
		if (*lines[i] != '\0') /* a line end before an event closes a torn one */
			bad |= events_check_line(lines[i]);
	if (rest)
		bad = complain(path, "last line is torn:", "events");
	return bad;
}

static int check_at_end(void *path)
{
	return events_check(path);
}

const char *events_path(void)
{
	const char *path = test_path("events.jsonl");

	test_at_end(check_at_end, (void *)(uintptr_t)path);
	return path;
}

static const char *find_nth(const char *path, const char *event, unsigned nth)
{
	bool rest;
	char **lines = read_lines(path, &rest);

	for (size_t i = 0; lines[i] != NULL; i++)
		if (is_event(lines[i], event) && --nth == 0)
			return lines[i];
	return NULL;
}

const char *event_find(const char *path, const char *event)
{
	return find_nth(path, event, 1);
}

size_t event_count(const char *path, const char *event)
{
	bool rest;
	char **lines = read_lines(path, &rest);
	size_t count = 0;

	for (size_t i = 0; lines[i] != NULL; i++)
		count += is_event(lines[i], event);
	return count;
}

const char *event_line(const char *path, size_t nth)
{
	bool rest;
	char **lines = read_lines(path, &rest);

	for (size_t i = 0; lines[i] != NULL; i++)
		if (i + 1 == nth)
			return lines[i];
	return NULL;
}

const char *event_wait_nth(const char *path, const char *event, unsigned nth)
{
	int64_t end = run_now() + run_limit_ns();
	int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	const char *line;
	char notes[4096];

	assert_true(watch >= 0);
	assert_true(inotify_add_watch(watch, test_now()->dir,
				      IN_CREATE | IN_MODIFY | IN_MOVED_TO) >= 0);
	while ((line = find_nth(path, event, nth)) == NULL) {
		int64_t left = end - run_now();
		struct timespec wait = {left / 1000000000, left % 1000000000};
		struct pollfd note = {.fd = watch, .events = POLLIN};
		if (left <= 0 || ppoll(&note, 1, &wait, NULL) == 0)
			break;
		while (read(watch, notes, sizeof(notes)) > 0)
			;
	}
	(void)close(watch);
	if (line == NULL) {
		for (size_t i = 1; event_line(path, i) != NULL; i++)
			print_error("%s\n", event_line(path, i));
		test_kill();
		fail_msg("no event '%s' (%u) in time", event, nth);
	}
	return line;
}

const char *event_wait(const char *path, const char *event)
{
	return event_wait_nth(path, event, 1);
}

/* --- fields ----------------------------------------------------------------------------------- */

/* The decoded text of a field of the wanted type (NULL: any), or NULL when it is not there. */
static const char *field_text(const char *line, const char *name, const char *type)
{
	struct object object;

	if (line == NULL)
		fail_msg("no such event (looking for its field '%s')", name);
	if (!read_object(line, &object))
		fail_msg("not an event: %s", line);
	const struct field *field = find_field(&object, name);
	if (field == NULL)
		return NULL;
	if (type != NULL && strcmp(field->type, type) != 0)
		fail_msg("field '%s' is a %s in: %s", name, field->type, line);
	return field->text;
}

bool event_has(const char *line, const char *field)
{
	return field_text(line, field, NULL) != NULL;
}

const char *event_text(const char *line, const char *field)
{
	const char *text = field_text(line, field, NULL);

	if (text == NULL)
		fail_msg("no field '%s' in: %s", field, line);
	return text;
}

double event_number(const char *line, const char *field)
{
	const char *text = field_text(line, field, "number");

	if (text == NULL)
		fail_msg("no field '%s' in: %s", field, line);
	return atof(text);
}

bool event_true(const char *line, const char *field)
{
	const char *text = field_text(line, field, "boolean");

	if (text == NULL)
		fail_msg("no field '%s' in: %s", field, line);
	return *text == 't';
}
