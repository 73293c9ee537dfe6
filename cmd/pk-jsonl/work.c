/* What the verbs share: inputs from operands, failures, the summary. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/errname.h"
#include "common/fd.h"
#include "common/say.h"
#include "common/status.h"
#include "verbs.h"

void work_fail(struct work *work, int err, const char *format, ...)
{
	char text[4096];
	struct event event;
	va_list list;

	work->failed = true;
	progress_hide(&work->progress);
	va_start(list, format);
	(void)vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	if (err)
		say_errno(err, "%s", text);
	else
		say("%s", text);
	if (!event_begin(&event, work->events, "error"))
		return;
	json_text(&event.json, "class", err == -ENOMEM || err == -EMFILE ? "resource" : "io");
	if (err)
		json_text(&event.json, "errno", errname(-err));
	event_send(&event, work->events);
}

bool work_accepts(struct work *work, int fd, const char *name)
{
	struct stat mine, theirs;

	if (work->events->fd < 0 || fstat(work->events->fd, &mine) < 0 || fstat(fd, &theirs) < 0 ||
	    !S_ISREG(mine.st_mode) || mine.st_dev != theirs.st_dev || mine.st_ino != theirs.st_ino)
		return true;
	work_fail(work, 0, "events cannot go to '%s', which is read or written here", name);
	return false;
}

/* One input. Returns false when the stream is to end. */
static bool read_one(struct work *work, int fd, const char *name)
{
	int result;

	if (!work_accepts(work, fd, name))
		return true;
	result = stream_read(&work->stream, fd, name);
	if (result < 0)
		work_fail(work, result, "cannot read '%s'", name);
	return result != STREAM_STOP && work->output.error == 0;
}

static bool read_file(struct work *work, const char *name)
{
	scoped(fd_drop) int fd = -1;

	if (strcmp(name, "-") == 0)
		return read_one(work, STDIN_FILENO, "-");
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		int err = -errno;

		if (err != -ENOENT || !work->plan->missing_ok)
			work_fail(work, err, "cannot open '%s'", name);
		return true;
	}
	return read_one(work, fd, name);
}

/* Not beside records on the same terminal. */
static void begin_progress(struct work *work)
{
	const struct plan *plan = work->plan;

	if (plan->quiet || (plan->verb != VERB_COUNT && isatty(STDOUT_FILENO)))
		return;
	progress_begin(&work->progress, plan->operands, plan->operand_count);
	work->stream.progress = work->report.progress = &work->progress;
}

bool work_read_all(struct work *work)
{
	const struct plan *plan = work->plan;

	if (!work_accepts(work, STDOUT_FILENO, "stdout"))
		return false;
	if (plan->operand_count == 0)
		return read_one(work, STDIN_FILENO, "-");
	begin_progress(work);
	for (int i = 0; i < plan->operand_count; i++)
		if (!read_file(work, plan->operands[i]))
			return false;
	return true;
}

static void send_summary(struct work *work)
{
	struct event event;

	if (!event_begin(&event, work->events, "summary"))
		return;
	json_int(&event.json, "records", work->stream.records);
	json_int(&event.json, "matched", work->matched);
	json_int(&event.json, "malformed", work->report.faults);
	json_int(&event.json, "bytes", work->stream.bytes);
	event_send(&event, work->events);
}

int work_end(struct work *work, int status)
{
	int err;

	progress_hide(&work->progress);
	err = output_flush(&work->output);
	report_end(&work->report);
	if (err < 0)
		work_fail(work, err, "cannot write to stdout");
	send_summary(work);
	stream_drop(&work->stream);
	if (work->failed)
		return STATUS_OWN;
	if (work->plan->strict && work->report.faults > 0)
		return STATUS_NO;
	return status;
}
