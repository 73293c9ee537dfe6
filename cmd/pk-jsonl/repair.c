/* repair: what is no record moves to a side file; nothing is deleted. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/keep.h"
#include "common/place.h"
#include "common/replace.h"
#include "common/say.h"
#include "common/status.h"
#include "logfile.h"
#include "mend.h"
#include "verbs.h"

struct repairing {
	struct work *work;
	const char *path;
	struct output kept, rejects; /* of the second pass */
	bool writing;
	bool changed;
	int64_t line;
	int64_t records, rejected; /* lines */
};

static void reject(struct repairing *r, const struct batch *piece, size_t at, const char *reason)
{
	const struct fault fault = {.file = r->path,
				    .line = r->line,
				    .column = (int64_t)at + 1,
				    .offset = piece->offset,
				    .bytes = (int64_t)piece->len,
				    .reason = reason};

	r->changed = true;
	r->rejected++;
	if (!r->writing) {
		report_fault(&r->work->report, &fault);
		return;
	}
	output_add(&r->rejects, piece->bytes, piece->len);
	output_char(&r->rejects, '\n');
}

/* One line without its newline. */
static void take_line(struct repairing *r, const struct batch *line, bool torn)
{
	struct mend mend;
	size_t from = 0, len;

	r->line++;
	if (!mend_begin(&mend, line->bytes, line->len)) {
		reject(r, line, mend.at, mend.reason);
		return;
	}
	r->changed |= torn;
	while (mend_next(&mend, &from, &len)) {
		r->changed |= len != line->len;
		r->records += !mend.blank;
		if (!r->writing)
			continue;
		output_add(&r->kept, line->bytes + from, len);
		output_char(&r->kept, '\n');
	}
}

static void take_lines(struct repairing *r, const struct batch *batch)
{
	const char *at = batch->bytes, *end = at + batch->len;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const struct batch line = {.bytes = (char *)(uintptr_t)at,
					   .len = (size_t)(newline - at),
					   .offset = batch->offset + (at - batch->bytes)};

		if ((int64_t)line.len > r->work->plan->max_line) {
			r->line++;
			reject(r, &line, (size_t)r->work->plan->max_line,
			       "line longer than --max-line");
		} else {
			take_line(r, &line, batch->kind == BATCH_TORN);
		}
		at = newline + 1;
	}
}

/* A line that is too long goes to the rejects piece by piece. */
static void take_long(struct repairing *r, const struct batch *piece)
{
	if (piece->kind == BATCH_TOO_LONG) {
		r->line++;
		r->rejected++;
		r->changed = true;
	}
	if (r->writing)
		output_add(&r->rejects, piece->bytes, piece->len);
}

/* One pass over the file: the first only looks, the second writes. */
static int pass(struct repairing *r, int fd)
{
	struct input input;
	struct batch batch;
	bool open_long = false;
	int result;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	r->line = r->records = r->rejected = 0;
	input_begin(&input, fd, r->work->plan->max_line);
	while ((result = input_next(&input, SCAN_MOST, &batch)) > 0) {
		if (batch.kind == BATCH_LINES || batch.kind == BATCH_TORN)
			take_lines(r, &batch);
		else
			take_long(r, &batch);
		open_long = input.skipping;
		if (r->kept.error < 0 || r->rejects.error < 0)
			break;
	}
	if (open_long && r->writing)
		output_char(&r->rejects, '\n');
	r->work->stream.bytes = input.total;
	input_drop(&input);
	return result < 0 ? result : 0;
}

/* The side file, with the rights of the original. */
static int open_rejects(const struct repairing *r, int original)
{
	const char *given = r->work->plan->rejects;
	char name[4096 + 8];
	struct stat st;
	int fd;

	if (strlen(r->path) >= 4096)
		return -ENAMETOOLONG;
	memcpy(name, r->path, strlen(r->path));
	memcpy(name + strlen(r->path), ".rej", 5);
	if (fstat(original, &st) < 0)
		return -errno;
	fd = open(given ? given : name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC,
		  st.st_mode & 0777);
	return fd < 0 ? -errno : fd;
}

static int sync_rejects(int fd)
{
	int err;

	do
		err = fsync(fd) < 0 ? -errno : 0;
	while (err == -EINTR);
	return err;
}

/* The rejects are durable before the file is replaced: a crash leaves them twice, never nowhere. */
static int write_all(struct repairing *r, const struct logfile *log, const struct replace *new,
		     int rejects)
{
	struct keep_lost lost;
	int err;

	output_begin(&r->kept, new->fd);
	output_begin(&r->rejects, rejects);
	r->writing = true;
	err = pass(r, log->fd);
	if (err == 0)
		err = output_flush(&r->rejects);
	if (err == 0)
		err = output_flush(&r->kept);
	if (err == 0 && r->rejected > 0)
		err = sync_rejects(rejects);
	if (err == 0)
		err = keep_metadata(new->fd, log->fd, &lost);
	if (err < 0)
		return err;
	do
		err = replace_sync(new);
	while (err == -EINTR);
	return err;
}

static int replace_file(struct repairing *r, const struct logfile *log)
{
	scoped(place_drop) struct place place = PLACE_NONE;
	scoped(replace_drop) struct replace new = REPLACE_NONE;
	scoped(fd_drop) int rejects = -1;
	int err = place_open(&place, r->path, true);

	if (err >= 0)
		err = replace_stage(&new, &place, 0600);
	if (err < 0)
		return err;
	rejects = open_rejects(r, log->fd);
	if (rejects < 0)
		return rejects;
	err = write_all(r, log, &new, rejects);
	if (err >= 0)
		err = replace_commit(&new);
	if (err >= 0 && replace_settle(&new) < 0 && !r->work->plan->quiet)
		say("repaired '%s', but it may not be durable", r->path);
	return err < 0 ? err : 0;
}

static int repair(struct repairing *r, const struct logfile *log)
{
	struct work *work = r->work;
	int err;

	if (!log->regular) {
		work_fail(work, 0, "cannot repair '%s': not a regular file", r->path);
		return STATUS_OWN;
	}
	err = pass(r, log->fd);
	work->stream.records = work->matched = r->records;
	if (err >= 0 && r->changed && work->plan->dry_run)
		return STATUS_NO;
	if (err >= 0 && r->changed)
		err = replace_file(r, log);
	if (err < 0) {
		work_fail(work, err, "cannot repair '%s'", r->path);
		return STATUS_OWN;
	}
	if (r->changed && !work->plan->quiet)
		say("repaired '%s': %lld records kept, %lld lines moved to '%s%s'", r->path,
		    (long long)r->records, (long long)r->rejected,
		    work->plan->rejects ? work->plan->rejects : r->path,
		    work->plan->rejects ? "" : ".rej");
	return STATUS_OK;
}

int verb_repair(struct work *work)
{
	static struct repairing r; /* two output buffers */
	const struct plan *plan = work->plan;
	scoped(logfile_drop) struct logfile log = LOGFILE_NONE;
	char limit[NS_TEXT_MAX];
	int err;

	r = (struct repairing){.work = work, .path = plan->operands[0]};
	log.path = r.path;
	err = logfile_take(&log, false, ns_add(now_ns(), plan->wait));
	if (err == -ETIMEDOUT) {
		ns_format(limit, plan->wait);
		work_fail(work, 0, "cannot lock '%s' within %s", log.path, limit);
		return STATUS_LATER;
	}
	if (err < 0) {
		work_fail(work, err, "cannot open '%s'", log.path);
		return STATUS_OWN;
	}
	if (!work_accepts(work, log.fd, log.path))
		return STATUS_OWN;
	return work_end(work, repair(&r, &log));
}
