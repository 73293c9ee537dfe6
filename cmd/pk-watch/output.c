/* Paths as records. */
#include "output.h"

#include <stdbool.h>
#include <stdint.h>

#include "common/json.h"
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

static bool is_utf8(const char *text, size_t len)
{
	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_len(text + i, len - i);
		if (n == 0)
			return false;
	}
	return true;
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
	/* A byte takes six at most, and a text a quarter of the line (json.h). */
	const size_t size = JSON_LEAST + (size_t)4 * (6 * entry->len + 2);
	scoped(buf_drop) struct buf base64 = {.cap = SIZE_MAX / 2};
	struct json json;
	int err = buf_reserve(out, size);

	if (err >= 0 && !is_utf8(path, entry->len))
		err = add_base64(&base64, path, entry->len);
	if (err < 0)
		return err;
	json_begin(&json, out->bytes + out->len, size);
	json_bytes(&json, "path", path, entry->len);
	json_text(&json, "kind", output_kind(batch_kind(entry)));
	json_text(&json, "type", entry->is_dir ? "dir" : "file");
	if (base64.len > 0)
		json_bytes(&json, "path_b64", base64.bytes, base64.len);
	out->len += json_end(&json);
	return 0;
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
