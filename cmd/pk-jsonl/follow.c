/* follow: print records as they are appended, over rotation and truncation. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/replace.h"
#include "common/say.h"
#include "common/status.h"
#include "show.h"
#include "trail.h"
#include "verbs.h"
#include "wake.h"

#define OLD_KEPT (5 * NS_PER_S) /* a writer may still have the renamed file open */

/* A file and what has been read of it. */
struct source {
	struct trail trail;
	struct input input;
	int64_t line;  /* lines before input.offset */
	int64_t until; /* of an old one: when it is given up */
};

struct following {
	struct work *work;
	const char *path;
	struct source now, old;
	struct wake wake;
	int64_t deadline;
	bool done; /* --until has matched or --max-count is reached */
};

static int take(void *arg, const struct record *record)
{
	struct following *f = arg;
	struct work *work = f->work;
	struct plan *plan = work->plan;
	int match = pred_match(&plan->where, &plan->fields);
	const int until = plan->until.count > 0 ? pred_match(&plan->until, &plan->fields) : 0;

	if (match < 0 || until < 0)
		return match < 0 ? match : until;
	if (match) {
		work->matched++;
		show_record(&work->output, plan, record, f->path);
	}
	f->done = until || work->matched == plan->max_count;
	return f->done || work->output.error < 0 ? STREAM_STOP : 0;
}

static void event_reopen(struct following *f, const char *reason)
{
	struct event event;

	if (!event_begin(&event, f->work->events, "reopen"))
		return;
	json_text(&event.json, "reason", reason);
	event_send(&event, f->work->events);
}

/* Read on from an offset. */
static void source_seek(struct following *f, struct source *source, int64_t offset, int64_t line)
{
	input_drop(&source->input);
	input_begin(&source->input, source->trail.fd, f->work->plan->max_line);
	source->input.live = true;
	source->input.offset = offset;
	source->line = line;
	f->work->stream.long_bytes = 0;
	/* Cannot fail: a regular file, an offset from its own size. */
	(void)lseek(source->trail.fd, offset, SEEK_SET);
	trail_advance(&source->trail, offset);
}

static void source_drop(struct source *source)
{
	if (source->trail.fd >= 0)
		input_drop(&source->input);
	trail_drop(&source->trail);
}

/* A shorter or another content: begin again at the top, and say so; or wait behind a rolled back line. */
static void check_truncation(struct following *f, struct source *source)
{
	struct stat st;

	if (!trail_is_intact(&source->trail)) {
		if (!f->work->plan->quiet)
			say("'%s' was truncated: going on at its beginning", f->path);
		event_reopen(f, "truncated");
		source_seek(f, source, 0, 0);
	} else if (fstat(source->trail.fd, &st) == 0 &&
		   source->input.buf.len > source->input.start &&
		   st.st_size < source->input.offset +
					(int64_t)(source->input.buf.len - source->input.start)) {
		source_seek(f, source, source->input.offset, source->line);
	}
}

/* All that is there. Returns 0, STREAM_STOP or -errno. */
static int drain(struct following *f, struct source *source)
{
	struct stream *stream = &f->work->stream;
	const int64_t before = source->input.offset;
	int result;

	check_truncation(f, source);
	stream->line = source->line;
	result = stream_pump(stream, &source->input);
	source->line = stream->line;
	if (source->input.offset != before) {
		trail_advance(&source->trail, source->input.offset);
		source->until = ns_add(now_ns(), OLD_KEPT);
	}
	return result;
}

/* Output first, then the cursor: after a crash records come twice rather than not at all. */
static int settle(struct following *f)
{
	const struct trail *trail = &f->now.trail;
	const char *cursor = f->work->plan->cursor;
	char text[96];
	int len, err;

	if (output_flush(&f->work->output) < 0)
		return STREAM_STOP;
	if (!cursor || trail->fd < 0)
		return 0;
	len = snprintf(text, sizeof(text), "%llu:%llu:%lld\n", (unsigned long long)trail->dev,
		       (unsigned long long)trail->ino, (long long)f->now.input.offset);
	err = replace_bytes(cursor, text, (size_t)len, 0666, REPLACE_WHOLE);
	if (err >= 0)
		return 0;
	work_fail(f->work, err, "cannot write the cursor '%s'", cursor);
	return STREAM_STOP;
}

static bool read_cursor(const struct following *f, struct trail *ret)
{
	char text[96], *end;
	unsigned long long dev, ino;
	long long offset;

	if (fd_read_file(AT_FDCWD, f->work->plan->cursor, text, sizeof(text)) <= 0)
		return false;
	dev = strtoull(text, &end, 10);
	if (*end != ':')
		return false;
	ino = strtoull(end + 1, &end, 10);
	if (*end != ':')
		return false;
	offset = strtoll(end + 1, &end, 10);
	if (*end != '\n' || offset < 0)
		return false;
	if (trail_find(ret, f->path, (dev_t)dev, (ino_t)ino, offset) < 0) {
		if (!f->work->plan->quiet)
			say("the file of the cursor is gone: beginning with '%s'", f->path);
		return false;
	}
	return true;
}

/* The file at its first opening: where to begin. */
static int begin(struct following *f)
{
	const struct plan *plan = f->work->plan;
	int64_t offset = 0, before = 0;
	int err = 0;

	if (plan->cursor && read_cursor(f, &f->now.trail)) {
		source_seek(f, &f->now, f->now.trail.offset, 0);
		return 0;
	}
	err = trail_open(&f->now.trail, f->path);
	if (err < 0)
		return err;
	if (!work_accepts(f->work, f->now.trail.fd, f->path))
		return STREAM_STOP;
	if (!plan->cursor)
		err = trail_seek(&f->now.trail, plan->tail, plan->from_line, &offset, &before);
	if (err >= 0)
		source_seek(f, &f->now, offset, before);
	return err;
}

/* The file was renamed and another has its name: read both, the new one from its top. */
static int advance(struct following *f, bool *ret_moved)
{
	struct trail next = TRAIL_NONE;
	int err = trail_next(&f->now.trail, f->path, &next);

	*ret_moved = err > 0;
	if (err <= 0)
		return err;
	/* What came before the rename and after our last look. */
	err = drain(f, &f->now);
	if (err != 0) {
		trail_drop(&next);
		return err;
	}
	source_drop(&f->old);
	f->old = f->now;
	f->old.until = ns_add(now_ns(), OLD_KEPT);
	f->now = (struct source){.trail = next};
	source_seek(f, &f->now, 0, 0);
	event_reopen(f, "renamed");
	return 0;
}

/* Everything that can be read now, over any number of rotations. */
static int catch_up(struct following *f)
{
	int result = 0;

	if (f->now.trail.fd < 0) {
		result = begin(f);
		if (result == -ENOENT)
			return 0;
	}
	if (result == 0 && f->old.trail.fd >= 0)
		result = drain(f, &f->old);
	for (bool moved = true; moved && result == 0;) {
		result = drain(f, &f->now);
		if (result == 0)
			result = advance(f, &moved);
	}
	return result == 0 ? settle(f) : result;
}

static int loop(struct following *f)
{
	for (;;) {
		int result = catch_up(f), woken;
		int64_t due = f->deadline;

		if (result != 0)
			return result;
		if (f->old.trail.fd >= 0) {
			if (now_ns() >= f->old.until)
				source_drop(&f->old);
			else
				due = ns_min(due, f->old.until);
		}
		woken = wake_wait(&f->wake, f->now.trail.fd, due);
		if (woken < 0)
			return woken;
		if (woken == WAKE_READER_GONE)
			ending_die((struct ending){.signal = SIGPIPE});
		if (now_ns() >= f->deadline)
			return -ETIME;
	}
}

static void event_timeout(const struct work *work)
{
	const struct deadline *inherited = &work->plan->inherited;
	struct event event;

	if (!event_begin(&event, work->events, "timeout"))
		return;
	json_text(&event.json, "kind", inherited->at == NS_NEVER ? "timeout" : "inherited");
	if (inherited->from[0] != '\0')
		json_text(&event.json, "from", inherited->from);
	event_send(&event, work->events);
}

static int status_of(struct following *f, int result)
{
	if (result == -ETIME) {
		event_timeout(f->work);
		return STATUS_TIMEOUT;
	}
	if (result == -EINVAL)
		work_fail(f->work, 0, "cannot follow '%s': not a regular file", f->path);
	else if (result < 0)
		work_fail(f->work, result, "cannot follow '%s'", f->path);
	return STATUS_OK;
}

int verb_follow(struct work *work)
{
	static struct following f; /* it holds buffers of some size */
	const struct plan *plan = work->plan;
	int status, result;

	f = (struct following){.work = work, .path = plan->operands[0], .deadline = NS_NEVER};
	f.now.trail = f.old.trail = TRAIL_NONE;
	if (plan->timeout > 0)
		f.deadline = ns_add(now_ns(), plan->timeout);
	work->stream.call = take;
	work->stream.arg = &f;
	work->stream.name = f.path;
	if (!work_accepts(work, STDOUT_FILENO, "stdout"))
		return STATUS_OWN;
	result = wake_begin(&f.wake, f.path);
	if (result >= 0 && plan->max_count != 0)
		result = loop(&f);
	if (result == STREAM_STOP && f.done)
		(void)!settle(&f);
	status = status_of(&f, result);
	wake_drop(&f.wake);
	source_drop(&f.now);
	source_drop(&f.old);
	return work_end(work, status);
}
