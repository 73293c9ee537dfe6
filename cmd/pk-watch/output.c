/* Paths as records. */
#include "output.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"

const char *output_kind(enum kind kind)
{
	switch (kind) {
	case KIND_CREATE:
		return "create";
	case KIND_DELETE:
		return "delete";
	case KIND_ATTRIB:
		return "attrib";
	case KIND_MODIFY:
		break;
	}
	return "modify";
}

static int add_text(struct buf *out, const char *text)
{
	return buf_add(out, text, strlen(text));
}

/* One character of a JSON string (RFC 8259, section 7); returns the bytes consumed, or -errno. */
static int add_char(struct buf *out, const char *text, size_t len, bool *utf8)
{
	size_t n = utf8_len(text, len);
	unsigned char c = (unsigned char)text[0];
	char escape[8];
	int err;

	if (n == 0) {
		*utf8 = false;
		err = add_text(out, "\xef\xbf\xbd");
		n = 1;
	} else if (c == '"' || c == '\\') {
		escape[0] = '\\';
		escape[1] = (char)c;
		err = buf_add(out, escape, 2);
	} else if (c < 0x20 || c == 0x7f) {
		(void)snprintf(escape, sizeof(escape), "\\u%04x", c);
		err = add_text(out, escape);
	} else {
		err = buf_add(out, text, n);
	}
	return err < 0 ? err : (int)n;
}

/* RFC 4648. */
static int add_base64(struct buf *out, const char *text, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *bytes = (const unsigned char *)text;
	int err = 0;

	for (size_t i = 0; i < len && err >= 0; i += 3) {
		size_t left = len - i;
		unsigned value = (unsigned)bytes[i] << 16 |
				 (left > 1 ? (unsigned)bytes[i + 1] << 8 : 0) |
				 (left > 2 ? bytes[i + 2] : 0);
		char four[4] = {digits[value >> 18], digits[value >> 12 & 63],
				left > 1 ? digits[value >> 6 & 63] : '=',
				left > 2 ? digits[value & 63] : '='};

		err = buf_add(out, four, sizeof(four));
	}
	return err;
}

static int add_json(struct buf *out, const struct batch_entry *entry, const char *path)
{
	bool utf8 = true;
	int n = add_text(out, "{\"path\":\"");

	for (size_t i = 0; i < entry->len && n >= 0; i += (size_t)(n > 0 ? n : 0))
		n = add_char(out, path + i, entry->len - i, &utf8);
	if (n >= 0)
		n = add_text(out, "\",\"kind\":\"");
	if (n >= 0)
		n = add_text(out, output_kind(batch_kind(entry)));
	if (n >= 0)
		n = add_text(out, entry->is_dir ? "\",\"type\":\"dir\"" : "\",\"type\":\"file\"");
	if (n >= 0 && !utf8)
		n = add_text(out, ",\"path_b64\":\"");
	if (n >= 0 && !utf8)
		n = add_base64(out, path, entry->len);
	if (n >= 0 && !utf8)
		n = add_text(out, "\"");
	return n < 0 ? n : add_text(out, "}\n");
}

int output_batch(const struct batch *batch, enum format format, struct buf *out)
{
	int err = 0;

	for (size_t i = 0; i < batch->used && err >= 0; i++) {
		const struct batch_entry *entry = &batch->entries[i];
		const char *path = batch_path(batch, entry);

		if (!batch_counts(batch, entry))
			continue;
		if (format == FORMAT_JSON) {
			err = add_json(out, entry, path);
			continue;
		}
		err = buf_add(out, path, entry->len);
		if (err >= 0)
			err = buf_add(out, format == FORMAT_NULL ? "" : "\n", 1);
	}
	return err;
}
