/* Lines, judged and handed on. */
#include "stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Inputs smaller than this are not worth a CPUID and the tables of the scanner. */
#define LARGE ((int64_t)64 * 1024)

static bool is_blank(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
			return false;
	return true;
}

static void report(struct stream *stream, const struct record *record, size_t at,
		   const char *reason)
{
	const struct fault fault = {.file = stream->name,
				    .line = record->number,
				    .column = (int64_t)at + 1,
				    .offset = record->offset,
				    .bytes = (int64_t)record->len,
				    .reason = reason};

	report_fault(stream->report, &fault);
}

bool stream_check(struct stream *stream, const struct record *record)
{
	const char *reason;
	size_t at;

	if (record->valid || jsonread_check(record->line, record->len, &at, &reason))
		return true;
	report(stream, record, at, reason);
	return false;
}

static int hand_on(struct stream *stream, const struct record *record)
{
	const char *reason;
	size_t at;

	if (stream->rule && !stream->rule(stream->arg, record->line, record->len, &at, &reason)) {
		report(stream, record, at, reason);
		return 0;
	}
	stream->records++;
	return stream->call ? stream->call(stream->arg, record) : 0;
}

/* One line by the scalar reader. A torn one has lost its newline. */
static int read_line(struct stream *stream, const struct record *record, bool torn)
{
	struct record valid = *record;
	const char *reason;
	size_t at;

	if (is_blank(record->line, record->len))
		return 0;
	if ((int64_t)record->len > stream->max_line) {
		report(stream, record, (size_t)stream->max_line, "line longer than --max-line");
		return 0;
	}
	if (!fields_read(stream->fields, record->line, record->len, &at, &reason)) {
		report(stream, record, at, torn ? "torn record at end of file" : reason);
		return 0;
	}
	valid.valid = true;
	return hand_on(stream, &valid);
}

static int read_lines(struct stream *stream, const struct batch *batch)
{
	const char *at = batch->bytes, *end = at + batch->len;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const struct record record = {.line = at,
					      .len = (size_t)(newline - at),
					      .number = ++stream->line,
					      .offset = batch->offset + (at - batch->bytes)};
		int result = read_line(stream, &record, batch->kind == BATCH_TORN);

		if (result != 0)
			return result;
		at = newline + 1;
	}
	return 0;
}

/* Is a bit set in [from, to]? */
static bool any_bit(const uint64_t *map, size_t from, size_t to)
{
	const uint64_t first = ~UINT64_C(0) << (from % 64), last = ~UINT64_C(0) >> (63 - to % 64);
	size_t w = from / 64;

	if (w == to / 64)
		return map[w] & first & last;
	if (map[w] & first)
		return true;
	while (++w < to / 64)
		if (map[w])
			return true;
	return map[w] & last;
}

/* One line that has been scanned, from its first byte to its newline in what maps was made of. */
static int scanned_line(struct stream *stream, const char *bytes, const struct record *record,
			size_t from, size_t to)
{
	const struct scan_maps *maps = stream->maps;

	if ((int64_t)record->len > stream->max_line ||
	    (!maps->clean && any_bit(maps->wrong, from, to)) ||
	    !fields_walk(stream->fields, maps, bytes, from, to))
		return read_line(stream, record, false);
	/* Values are found only where there are tokens. */
	if (maps->blank > 0 || !record->valid)
		if (is_blank(record->line, record->len))
			return 0;
	return hand_on(stream, record);
}

static int scanned_lines(struct stream *stream, const struct batch *batch)
{
	const struct scan_maps *maps = stream->maps;
	size_t from = 0;

	for (size_t w = 0; w < maps->words; w++) {
		for (uint64_t bits = maps->newline[w]; bits; bits &= bits - 1) {
			const size_t to = 64 * w + (size_t)__builtin_ctzll(bits);
			const struct record record = {.line = batch->bytes + from,
						      .len = to - from,
						      .number = ++stream->line,
						      .offset = batch->offset + (int64_t)from,
						      .valid = !stream->unchecked};
			int result = scanned_line(stream, batch->bytes, &record, from, to);

			if (result != 0)
				return result;
			from = to + 1;
		}
	}
	return 0;
}

/* The first byte of the line that holds byte `at`. */
static size_t line_start(const uint64_t *newline, size_t at)
{
	size_t w = at / 64;
	uint64_t bits = newline[w] & ((UINT64_C(1) << (at % 64)) - 1);

	while (!bits && w > 0)
		bits = newline[--w];
	return bits ? 64 * w + 64 - (size_t)__builtin_clzll(bits) : 0;
}

/* The newline of that line. */
static size_t line_end(const uint64_t *newline, size_t at)
{
	size_t w = at / 64;
	uint64_t bits = newline[w] & ~UINT64_C(0) << (at % 64);

	while (!bits)
		bits = newline[++w];
	return 64 * w + (size_t)__builtin_ctzll(bits);
}

/* The line around byte `at`, which the probe has admitted or the scanner has marked. */
static int probed_line(struct stream *stream, const struct batch *batch, size_t at,
		       size_t *ret_next)
{
	const struct scan_hits *hits = stream->hits;
	const size_t from = line_start(hits->newline, at), to = line_end(hits->newline, at);
	const uint64_t before = hits->newline[from / 64] & ((UINT64_C(1) << (from % 64)) - 1);
	const struct record record = {.line = batch->bytes + from,
				      .len = to - from,
				      .number = stream->line + hits->before[from / 64] +
						__builtin_popcountll(before) + 1,
				      .offset = batch->offset + (int64_t)from,
				      .valid = true};

	*ret_next = to + 1;
	if (is_blank(record.line, record.len))
		return 0;
	stream->records--; /* counted with its batch */
	if (!stream->unchecked)
		return scanned_line(stream, batch->bytes, &record, from, to);
	stream->scanner->scan(stream->maps, record.line, record.len + 1, true);
	return scanned_line(stream, record.line, &record, 0, record.len);
}

/* Only lines that may match or may be malformed. */
static int probed_lines(struct stream *stream, const struct batch *batch)
{
	const char *end = batch->bytes + batch->len;
	const struct scan_hits *hits = stream->hits;
	const bool unclean = !stream->unchecked && !stream->maps->clean;
	size_t next = 0;

	for (size_t w = 0; w < hits->words; w++) {
		const uint64_t wrong = unclean ? stream->maps->wrong[w] : 0;

		for (uint64_t bits = hits->hit[w] | wrong; bits; bits &= bits - 1) {
			const uint64_t bit = bits & -bits;
			const size_t at = 64 * w + (size_t)__builtin_ctzll(bits);
			int result;

			if (at < next || (!(wrong & bit) &&
					  !probe_admits(stream->probe, batch->bytes + at, end)))
				continue;
			result = probed_line(stream, batch, at, &next);
			if (result != 0)
				return result;
		}
	}
	stream->line += (int64_t)hits->lines;
	return 0;
}

static int probe_batch(struct stream *stream, const struct batch *batch)
{
	const struct scan_maps *maps = stream->maps;
	const struct probe *probe = stream->probe;

	stream->scanner->find(stream->hits, batch->bytes, batch->len, probe->text, probe->len);
	stream->records += (int64_t)stream->hits->lines;
	if (!stream->unchecked)
		stream->records -= (int64_t)maps->blank;
	return probed_lines(stream, batch);
}

static int scan_batch(struct stream *stream, const struct batch *batch)
{
	const bool short_lines = stream->max_line >= (int64_t)SCAN_MOST;
	const bool probed = stream->probe && stream->hits && short_lines;
	struct scan_maps *maps = stream->maps;

	if (!probed || !stream->unchecked)
		stream->scanner->scan(maps, batch->bytes, batch->len, !stream->unchecked);
	if (probed)
		return probe_batch(stream, batch);
	if (!maps->clean || stream->call || stream->rule || !short_lines)
		return scanned_lines(stream, batch);
	stream->line += (int64_t)maps->lines;
	stream->records += (int64_t)(maps->lines - maps->blank);
	return 0;
}

static void report_too_long(struct stream *stream, struct record *record, int64_t bytes)
{
	record->len = (size_t)bytes;
	report(stream, record, (size_t)stream->max_line, "line longer than --max-line");
}

/* A large input: the scanner pays for itself. Without memory for it the scalar reader goes on. */
static void widen(struct stream *stream)
{
	stream->wide = true;
	stream->scanner = scan_pick(SCAN_BEST);
	if (!stream->scanner)
		return;
	stream->maps = malloc(sizeof(*stream->maps));
	if (stream->probe)
		stream->hits = malloc(sizeof(*stream->hits));
}

static int take_batch(struct stream *stream, const struct input *input, const struct batch *batch)
{
	if (!stream->wide && input->total >= LARGE)
		widen(stream);
	if (stream->maps && batch->kind == BATCH_LINES && batch->len <= SCAN_MOST)
		return scan_batch(stream, batch);
	return read_lines(stream, batch);
}

static void skip_bom(struct batch *batch)
{
	if (batch->offset == 0 && batch->len >= 3 && memcmp(batch->bytes, "\xef\xbb\xbf", 3) == 0) {
		batch->bytes += 3;
		batch->len -= 3;
		batch->offset = 3;
	}
}

/* A line that is too long comes in pieces and is reported at its end. */
static void take_long(struct stream *stream, const struct input *input, const struct batch *batch)
{
	if (batch->kind == BATCH_TOO_LONG) {
		stream->too_long =
			(struct record){.number = ++stream->line, .offset = batch->offset};
		stream->long_bytes = 0;
	}
	stream->long_bytes += (int64_t)batch->len;
	if (batch->kind == BATCH_REST && !input->skipping) {
		report_too_long(stream, &stream->too_long, stream->long_bytes - 1);
		stream->long_bytes = 0;
	}
}

static void tell(struct stream *stream, const struct input *input)
{
	if (stream->progress)
		progress_update(stream->progress, stream->bytes + input->total);
}

int stream_pump(struct stream *stream, struct input *input)
{
	for (;;) {
		struct batch batch;
		int result = 0;

		if (stream->pause && input_is_drained(input))
			result = stream->pause(stream->arg);
		if (result == 0)
			result = input_next(input, SCAN_MOST, &batch);
		else
			return result;
		if (result <= 0)
			return result;
		tell(stream, input);
		skip_bom(&batch);
		result = 0;
		if (batch.kind == BATCH_TOO_LONG || batch.kind == BATCH_REST)
			take_long(stream, input, &batch);
		else if (batch.len > 0)
			result = take_batch(stream, input, &batch);
		if (result != 0)
			return result;
	}
}

static int read_batches(struct stream *stream, struct input *input)
{
	int result;

	stream->long_bytes = 0;
	result = stream_pump(stream, input);
	if (stream->long_bytes > 0)
		report_too_long(stream, &stream->too_long, stream->long_bytes);
	return result;
}

/* Blocks as they come, for --lines. */
static int read_raw(struct stream *stream, struct input *input)
{
	int result = 0;

	while (result == 0) {
		const char *bytes;
		ssize_t n = input_block(input, &bytes);

		if (n <= 0)
			return (int)n;
		tell(stream, input);
		result = stream->raw(stream->arg, bytes, (size_t)n);
	}
	return result;
}

int stream_read(struct stream *stream, int fd, const char *name)
{
	struct input input;
	int result;

	stream->name = name;
	stream->line = 0;
	input_begin(&input, fd, stream->max_line);
	result = stream->raw ? read_raw(stream, &input) : read_batches(stream, &input);
	stream->bytes += input.total;
	input_drop(&input);
	return result;
}

void stream_drop(struct stream *stream)
{
	free(stream->maps);
	free(stream->hits);
	stream->maps = NULL;
	stream->hits = NULL;
}
