/* Records and values as text. */
#include "show.h"

#include "common/jsontext.h"

/* Each decoded piece of the value. */
static void put_decoded(struct output *output, const struct value *value,
			void (*put)(struct output *, const char *, size_t))
{
	if (!value->escaped || value->token != JSONREAD_STRING) {
		put(output, value->text, value->len);
		return;
	}
	for (size_t i = 0; i < value->len;) {
		char one[4];
		size_t n;

		i += jsontext_decode_one(one, &n, value->text + i, value->len - i);
		put(output, one, n);
	}
}

static void put_plain(struct output *output, const char *bytes, size_t len)
{
	output_add(output, bytes, len);
}

static void put_escaped(struct output *output, const char *bytes, size_t len)
{
	static const char escapes[] = "\tt\nn\rr\\\\";

	for (size_t i = 0; i < len; i++) {
		size_t k = 0;

		while (k < 8 && escapes[k] != bytes[i])
			k += 2;
		if (k < 8)
			output_char(output, '\\');
		output_char(output, k < 8 ? escapes[k + 1] : bytes[i]);
	}
}

void show_decoded(struct output *output, const struct value *value)
{
	if (value->token != JSONREAD_END)
		put_decoded(output, value, put_plain);
}

void show_tsv(struct output *output, const struct value *value)
{
	if (value->token != JSONREAD_END)
		put_decoded(output, value, put_escaped);
}

static bool is_plain(char c)
{
	return c != '"' && c != '\\' && (unsigned char)c >= 0x20;
}

static void put_special(struct output *output, char c)
{
	if ((unsigned char)c >= 0x20) {
		output_char(output, '\\');
		output_char(output, c);
	} else {
		output_text(output, c & 0x10 ? "\\u001" : "\\u000");
		output_char(output, "0123456789abcdef"[c & 0xf]);
	}
}

/* A key of an object: the path as it was written, as a JSON string. */
static void put_key(struct output *output, const struct path *path)
{
	const char *at = path->text, *end = at + path->text_len;

	output_char(output, '"');
	while (at < end) {
		const char *plain = at;

		while (at < end && is_plain(*at))
			at++;
		output_add(output, plain, (size_t)(at - plain));
		if (at < end)
			put_special(output, *at++);
	}
	output_text(output, "\":");
}

static void show_object(struct output *output, const struct plan *plan)
{
	char separator = '{';

	for (size_t i = 0; i < plan->select_count; i++) {
		const struct value *value = &plan->fields.values[plan->select[i]];
		const bool quoted = value->token == JSONREAD_STRING;

		if (value->token == JSONREAD_END)
			continue;
		output_char(output, separator);
		put_key(output, &plan->fields.paths[plan->select[i]]);
		/* The quotes stand beside the text of a string. */
		output_add(output, value->text - quoted, value->len + 2 * (size_t)quoted);
		separator = ',';
	}
	if (separator == '{')
		output_char(output, '{');
	output_text(output, "}\n");
}

static void show_row(struct output *output, const struct plan *plan)
{
	for (size_t i = 0; i < plan->select_count; i++) {
		if (i > 0)
			output_char(output, '\t');
		show_tsv(output, &plan->fields.values[plan->select[i]]);
	}
	output_char(output, '\n');
}

void show_record(struct output *output, const struct plan *plan, const struct record *record,
		 const char *file)
{
	const struct value *first = &plan->fields.values[plan->select[0]];

	if (plan->output == FORMAT_RAW && first->token == JSONREAD_END)
		return;
	if (plan->filename) {
		output_text(output, file);
		output_char(output, ':');
	}
	if (plan->number) {
		output_int(output, record->number);
		output_char(output, ':');
	}
	if (plan->output == FORMAT_RAW) {
		show_decoded(output, first);
		output_char(output, '\n');
	} else if (plan->output == FORMAT_TSV) {
		show_row(output, plan);
	} else if (plan->select_count > 0) {
		show_object(output, plan);
	} else {
		output_add(output, record->line, record->len);
		output_char(output, '\n');
	}
}
