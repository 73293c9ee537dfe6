/* Messages, and the last event of a run. */
#include "tell.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/errname.h"
#include "common/say.h"
#include "common/signame.h"
#include "trace.h"

#define MESSAGE_MAX 1024

/* Say a formatted line: err as in say_errno, 0 for none. */
printf_like(2, 0) static void say_list(int err, const char *format, va_list args)
{
	char text[MESSAGE_MAX];

	(void)vsnprintf(text, sizeof(text), format, args);
	if (err)
		say_errno(err, "%s", text);
	else
		say("%s", text);
}

void tell_detail(const struct work *work, const char *format, ...)
{
	va_list args;

	if (!work->plan->verbose)
		return;
	va_start(args, format);
	say_list(0, format, args);
	va_end(args);
}

void tell_warning(const struct work *work, const char *format, ...)
{
	va_list args;

	if (work->plan->quiet)
		return;
	va_start(args, format);
	say_list(0, format, args);
	va_end(args);
}

static const char *class_of(int err)
{
	switch (-err) {
	case ENOMEM:
	case EMFILE:
	case ENFILE:
	case EAGAIN:
		return "resource";
	default:
		return "io";
	}
}

static void event_error(const struct work *work, const char *class, int err)
{
	struct event event;

	if (!event_begin(&event, work->events, "error"))
		return;
	json_text(&event.json, "class", class);
	if (err)
		json_text(&event.json, "errno", errname(-err));
	event_send(&event, work->events);
}

static void event_failed(const struct work *work, const char *step, int err)
{
	struct event event;

	if (!event_begin(&event, work->events, "failed"))
		return;
	json_text(&event.json, "step", step);
	if (err)
		json_text(&event.json, "errno", errname(-err));
	event_send(&event, work->events);
}

bool tell_failed(struct work *work, const char *step, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_list(err, format, args);
	va_end(args);
	event_error(work, class_of(err), err);
	event_failed(work, step, err);
	work->ending = (struct ending){.code = STATUS_OWN};
	return false;
}

bool tell_mistake(struct work *work, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_list(0, format, args);
	va_end(args);
	event_error(work, "usage", 0);
	event_failed(work, "find", 0);
	work->ending = (struct ending){.code = STATUS_OWN};
	return false;
}

bool tell_stopped(struct work *work, const char *step)
{
	struct event event;
	char name[SIGNAME_MAX];

	work->ending = (struct ending){.signal = work_stop_signal(work)};
	if (event_begin(&event, work->events, "failed")) {
		json_text(&event.json, "step", step);
		json_text(&event.json, "signal", signame(work->ending.signal, name));
		event_send(&event, work->events);
	}
	return false;
}

bool tell_conflict(struct work *work, const char *wanted, const char *found)
{
	struct event event;

	tell_warning(work, "'%s' is not as it should be: wanted %s, found %s", work->plan->file,
		     wanted, found);
	if (event_begin(&event, work->events, "conflict")) {
		json_text(&event.json, "wanted", wanted);
		json_text(&event.json, "found", found);
		event_send(&event, work->events);
	}
	work->ending = (struct ending){.code = STATUS_FAILED};
	return false;
}

bool tell_rejected(struct work *work, const char *why, struct ending ending)
{
	struct event event;

	if (event_begin(&event, work->events, "rejected")) {
		json_text(&event.json, "why", why);
		event_send(&event, work->events);
	}
	work->ending = ending;
	return false;
}

bool tell_not_run(struct work *work, int err)
{
	say_errno(err, "cannot run '%s'", work->plan->command[0]);
	event_error(work, "exec", err);
	return tell_rejected(work, "command", (struct ending){.code = status_of_exec(-err)});
}

bool tell_late(struct work *work)
{
	char limit[NS_TEXT_MAX];

	ns_format(limit, work->plan->wait);
	tell_warning(work, "'%s' is locked by another process; gave up after %s", work->plan->file,
		     limit);
	event_failed(work, "lock", -EWOULDBLOCK);
	work->ending = (struct ending){.code = STATUS_LATER};
	return false;
}

bool tell_unchanged(struct work *work)
{
	struct event event;

	tell_detail(work, "'%s' has this content already", work->plan->file);
	if (event_begin(&event, work->events, "unchanged")) {
		json_ms(&event.json, "elapsed_ms", now_ns() - work->begun);
		event_send(&event, work->events);
	}
	work->ending = (struct ending){.code = (int)work->plan->unchanged_status};
	return false;
}

static void add_old(struct json *json, const struct stat *old)
{
	json_int(json, "old_ino", (int64_t)old->st_ino);
	json_int(json, "old_size_bytes", old->st_size);
	json_ms(json, "old_mtime_ms",
		(int64_t)old->st_mtim.tv_sec * NS_PER_S + old->st_mtim.tv_nsec);
	json_int(json, "old_nlink", (int64_t)old->st_nlink);
}

void tell_committed(const struct work *work)
{
	const bool durable = work->plan->sync == REPLACE_DURABLE && work->ending.code == STATUS_OK;
	struct event event;
	struct stat st;

	trace_swept(work);
	tell_detail(work, "'%s' %s: %lld bytes%s", work->plan->file,
		    work->in_place	  ? "rewritten in place"
		    : work->target.exists ? "replaced"
					  : "created",
		    (long long)work->size, durable ? "" : ", not synchronised");
	if (!event_begin(&event, work->events, "committed"))
		return;
	json_int(&event.json, "size_bytes", work->size);
	json_bool(&event.json, "durable", durable);
	if (work->in_place)
		json_bool(&event.json, "in_place", true);
	if (work->target.fd >= 0)
		add_old(&event.json, &work->target.st);
	if (!work->in_place && fstat(work->new.fd, &st) == 0)
		json_int(&event.json, "ino", (int64_t)st.st_ino);
	json_ms(&event.json, "elapsed_ms", now_ns() - work->begun);
	event_send(&event, work->events);
}
