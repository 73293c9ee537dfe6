/* The event writer: any bytes in, one line of valid UTF-8 within its size out. */
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/json.h"
#include "common/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Structure and escapes of the line, outside and inside of strings. */
static void check_line(const char *line, size_t len)
{
	int depth = 0;
	bool quoted = false;

	assert(len > 2 && line[len - 1] == '\n' && line[len - 2] == '}');
	for (size_t i = 0; i < len;) {
		size_t n = utf8_len(line + i, len - i);

		assert(n > 0);
		assert(i == len - 1 || (unsigned char)line[i] >= 0x20);
		if (quoted && line[i] == '\\')
			n = 2;
		else if (line[i] == '"')
			quoted = !quoted;
		else if (!quoted)
			depth += (line[i] == '{' || line[i] == '[') -
				 (line[i] == '}' || line[i] == ']');
		assert(depth >= (i + 2 < len));
		i += n;
	}
	assert(depth == 0 && !quoted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	char line[JSON_LEAST];
	struct json json;

	json_begin(&json, line, sizeof(line));
	json_bytes(&json, "text", text, size);
	json_open(&json, "list");
	for (size_t i = 0; i + 1 < size && i < 64; i++)
		json_item_int(&json, data[i]);
	json_close(&json);
	json_bytes(&json, "again", text, size / 2);
	json_ms(&json, "time_ms", (int64_t)size);
	json_bool(&json, "last", true);
	check_line(line, json_end(&json));
	return 0;
}
