/* Head and tail: whatever the bytes, size and pieces, nothing is lost uncounted and the budget is kept. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "capture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t newlines(const char *bytes, size_t len)
{
	uint64_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += bytes[i] == '\n';
	return count;
}

/* The first two bytes are the budget, the third is the length of a piece. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct capture capture = {0};
	struct capture_rest rest;
	char mark[CAPTURE_MARK_MAX];
	const char *stream;
	size_t most, piece, head = 0, tail;

	if (size < 3)
		return 0;
	most = 1 + data[0] + 256U * (data[1] % 16);
	piece = 1 + data[2];
	stream = (const char *)data + 3;
	size -= 3;
	capture_start(&capture, most);
	for (size_t at = 0; at < size; at += piece) {
		size_t n = size - at < piece ? size - at : piece;
		size_t part = capture_head(&capture, stream + at, n);

		assert(part <= n);
		head += part;
		assert(capture_tail(&capture, stream + at + part, n - part) == 0);
	}
	capture_end(&capture, &rest);
	tail = rest.first_len + rest.second_len;
	assert(head + tail <= most);
	assert(head + tail + rest.omitted_bytes == size);
	assert(size > most || rest.omitted_bytes == 0);
	if (rest.first_len > 0)
		assert(memcmp(rest.first, stream + size - tail, rest.first_len) == 0);
	if (rest.second_len > 0)
		assert(memcmp(rest.second, stream + size - rest.second_len, rest.second_len) == 0);
	assert(rest.omitted_lines == newlines(stream + head, size - head - tail));
	assert(capture_mark(&capture, &rest, mark) < sizeof(mark));
	capture_drop(&capture);
	return 0;
}
