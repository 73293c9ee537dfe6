/* Head and tail of a stream. */
#include "capture.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How far from its limit a cut may look for the end of a line: an eighth of the half, 1 kB at most. */
#define NEAR_PART 8
#define NEAR_MOST 1024

static size_t near_part(size_t half)
{
	return half / NEAR_PART < NEAR_MOST ? half / NEAR_PART : NEAR_MOST;
}

void capture_drop(struct capture *capture)
{
	free(capture->ring);
	capture->ring = NULL;
	capture->room = capture->at = capture->len = 0;
}

void capture_start(struct capture *capture, size_t size)
{
	capture_drop(capture);
	*capture = (struct capture){.size = size, .head_lines = true};
}

/* The length of the UTF-8 sequence that a byte begins; 1 for what begins none. */
static size_t sequence_len(char byte)
{
	const unsigned char c = (unsigned char)byte;

	if (c < 0xc2 || c > 0xf4)
		return 1;
	return c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

static bool continues(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/*
 * Where the head ends among the bytes, the first of which is its at-th: behind the first newline from
 * `soft` on, else before the sequence that would cross `hard`. len when it does not end here.
 */
static size_t head_end(const char *bytes, size_t len, size_t at, size_t soft, size_t hard)
{
	/* The longest sequence that could cross. */
	const size_t from = hard < 4 || hard - 4 > soft ? soft : hard - 4;

	for (size_t i = at < from ? from - at : 0; i < len; i++) {
		const bool starts = !continues(bytes[i]);

		if (at + i >= hard || (starts && at + i + sequence_len(bytes[i]) > hard))
			return i;
		if (bytes[i] == '\n' && at + i >= soft)
			return i + 1;
	}
	return len;
}

size_t capture_head(struct capture *capture, const char *bytes, size_t len)
{
	const size_t hard = capture->size - capture->size / 2;
	const size_t soft = hard - near_part(hard);
	size_t end;

	if (capture->headed || len == 0)
		return 0;
	end = head_end(bytes, len, capture->head, soft, hard);
	capture->head += end;
	if (end > 0)
		capture->head_lines = bytes[end - 1] == '\n';
	capture->headed =
		end < len || capture->head >= hard || (capture->head > soft && capture->head_lines);
	return end;
}

/*
 * Newlines, 16 bytes at a time: every byte that passes through is looked at here, and the builds that
 * are optimised for size leave loops as they are written.
 */
typedef unsigned char block __attribute__((vector_size(16)));

static uint64_t count_newlines(const char *bytes, size_t len)
{
	uint64_t count = 0;

	while (len >= sizeof(block)) {
		/* A byte of the sum holds at most as many as there are rounds. */
		size_t rounds = len / sizeof(block) < 255 ? len / sizeof(block) : 255;
		block sum = {0}, next;

		len -= rounds * sizeof(block);
		for (; rounds > 0; rounds--, bytes += sizeof(block)) {
			memcpy(&next, bytes, sizeof(block));
			sum -= (block)(next == '\n'); /* a match is -1 */
		}
		for (size_t i = 0; i < sizeof(block); i++)
			count += sum[i];
	}
	for (; len > 0; len--, bytes++)
		count += *bytes == '\n';
	return count;
}

/* Make room for `more` bytes by forgetting the oldest. Returns how many of the new are among those. */
static size_t forget(struct capture *capture, const char *bytes, size_t more)
{
	size_t excess =
		more > capture->room - capture->len ? more - (capture->room - capture->len) : 0;

	if (excess == 0)
		return 0;
	if (excess <= capture->len) {
		capture->at = (capture->at + excess) % capture->room;
		capture->before = capture->ring[(capture->at + capture->room - 1) % capture->room];
		capture->len -= excess;
		return 0;
	}
	excess -= capture->len;
	capture->before = bytes[excess - 1];
	capture->at = capture->len = 0;
	return excess;
}

static void keep(struct capture *capture, const char *bytes, size_t len)
{
	const size_t skipped = forget(capture, bytes, len);

	bytes += skipped;
	len -= skipped;
	while (len > 0) {
		const size_t to = (capture->at + capture->len) % capture->room;
		const size_t straight = capture->room - to < len ? capture->room - to : len;

		memcpy(capture->ring + to, bytes, straight);
		capture->len += straight;
		bytes += straight;
		len -= straight;
	}
}

int capture_tail(struct capture *capture, const char *bytes, size_t len)
{
	if (len == 0)
		return 0;
	capture->headed = true;
	capture->total += len;
	capture->lines += count_newlines(bytes, len);
	if (!capture->ring) {
		const size_t room = capture->size - capture->head;

		if (room == 0)
			return 0;
		capture->ring = malloc(room);
		if (!capture->ring)
			return -ENOMEM;
		capture->room = room;
	}
	keep(capture, bytes, len);
	return 0;
}

/* The i-th byte of the tail. */
static char tail_byte(const struct capture *capture, size_t i)
{
	return capture->ring[(capture->at + i) % capture->room];
}

/* How much of a tail that something is missing before is left away, for a clean cut. */
static size_t ragged(const struct capture *capture)
{
	const size_t near = near_part(capture->room);
	size_t i = 0;

	if (capture->before == '\n')
		return 0;
	for (; i < near && i < capture->len; i++)
		if (tail_byte(capture, i) == '\n')
			return i + 1;
	for (i = 0; i < 3 && i < capture->len && continues(tail_byte(capture, i)); i++)
		;
	return i;
}

void capture_end(const struct capture *capture, struct capture_rest *ret)
{
	uint64_t omitted = capture->total - capture->len;
	size_t skip = omitted > 0 ? ragged(capture) : 0, kept = capture->len - skip;
	size_t at = capture->room > 0 ? (capture->at + skip) % capture->room : 0;
	size_t straight = capture->room - at < kept ? capture->room - at : kept;

	*ret = (struct capture_rest){.omitted_bytes = omitted + skip};
	if (kept > 0) {
		ret->first = capture->ring + at;
		ret->first_len = straight;
		ret->second = capture->ring;
		ret->second_len = kept - straight;
	}
	ret->omitted_lines = capture->lines - count_newlines(ret->first, ret->first_len) -
			     count_newlines(ret->second, ret->second_len);
}

size_t capture_mark(const struct capture *capture, const struct capture_rest *rest,
		    char text[static CAPTURE_MARK_MAX])
{
	return (size_t)snprintf(text, CAPTURE_MARK_MAX,
				"%s[pk-spawn: %" PRIu64 " byte%s, %" PRIu64 " line%s omitted]\n",
				capture->head_lines ? "" : "\n", rest->omitted_bytes,
				rest->omitted_bytes == 1 ? "" : "s", rest->omitted_lines,
				rest->omitted_lines == 1 ? "" : "s");
}
