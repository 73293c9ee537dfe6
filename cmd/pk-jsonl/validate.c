/* validate: which lines are malformed. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/status.h"
#include "unique.h"
#include "verbs.h"

static bool keys_are_unique(void *arg, const char *line, size_t len, size_t *ret_at,
			    const char **ret_reason)
{
	return unique_check(arg, line, len, ret_at, ret_reason);
}

/* A whole input, up to max_line bytes of it. */
static int read_document(int fd, struct buf *buf)
{
	for (;;) {
		const size_t room =
			buf->cap - buf->len < INPUT_BLOCK ? buf->cap - buf->len : INPUT_BLOCK;
		int err = buf_reserve(buf, room);
		ssize_t n;

		if (err < 0)
			return err;
		n = fd_read_full(fd, buf->bytes + buf->len, room);
		if (n <= 0)
			return (int)n;
		buf->len += (size_t)n;
		if (buf->len == buf->cap)
			return -EFBIG;
	}
}

static void report_place(struct work *work, const char *name, const struct buf *buf, size_t at,
			 const char *reason)
{
	struct fault fault = {
		.file = name, .line = 1, .bytes = (int64_t)buf->len, .reason = reason};
	size_t start = 0;

	for (size_t i = 0; i < at && i < buf->len; i++) {
		if (buf->bytes[i] == '\n') {
			fault.line++;
			start = i + 1;
		}
	}
	fault.offset = (int64_t)start;
	fault.column = (int64_t)(at - start) + 1;
	report_fault(&work->report, &fault);
}

static void check_document(struct work *work, struct unique *unique, int fd, const char *name)
{
	scoped(buf_drop) struct buf buf = {.cap = (size_t)work->plan->max_line + 1};
	const size_t bom = 3;
	const char *reason;
	size_t at, skip;
	int err;

	if (!work_accepts(work, fd, name))
		return;
	err = read_document(fd, &buf);
	work->stream.bytes += (int64_t)buf.len;
	if (err == -EFBIG) {
		report_place(work, name, &buf, (size_t)work->plan->max_line,
			     "document longer than --max-line");
		return;
	}
	if (err < 0) {
		work_fail(work, err, "cannot read '%s'", name);
		return;
	}
	skip = buf.len >= bom && memcmp(buf.bytes, "\xef\xbb\xbf", bom) == 0 ? bom : 0;
	if (!jsonread_check(buf.bytes + skip, buf.len - skip, &at, &reason) ||
	    (work->plan->unique_keys &&
	     !unique_check(unique, buf.bytes + skip, buf.len - skip, &at, &reason)))
		report_place(work, name, &buf, at + skip, reason);
	else
		work->stream.records++;
}

static void check_file(struct work *work, struct unique *unique, const char *name)
{
	scoped(fd_drop) int fd = -1;

	if (strcmp(name, "-") == 0) {
		check_document(work, unique, STDIN_FILENO, name);
		return;
	}
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		check_document(work, unique, fd, name);
	else if (errno != ENOENT || !work->plan->missing_ok)
		work_fail(work, -errno, "cannot open '%s'", name);
}

static void check_documents(struct work *work, struct unique *unique)
{
	const struct plan *plan = work->plan;

	if (plan->operand_count == 0)
		check_file(work, unique, "-");
	for (int i = 0; i < plan->operand_count; i++)
		check_file(work, unique, plan->operands[i]);
}

int verb_validate(struct work *work)
{
	const struct plan *plan = work->plan;
	struct unique unique = UNIQUE_EMPTY;

	if (plan->report)
		work->report.output = &work->output;
	if (plan->unique_keys)
		work->stream.rule = keys_are_unique;
	work->stream.arg = &unique;
	if (plan->document)
		check_documents(work, &unique);
	else
		(void)work_read_all(work);
	work->matched = work->stream.records;
	unique_drop(&unique);
	return work_end(work, work->report.faults > 0 ? STATUS_NO : STATUS_OK);
}
