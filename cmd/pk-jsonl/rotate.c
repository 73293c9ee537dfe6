/* rotate: a new file, the old ones numbered. */
#include <errno.h>

#include "common/clock.h"
#include "common/status.h"
#include "logfile.h"
#include "verbs.h"

static void event_rotate(struct work *work, const char *path)
{
	char name[4096];
	struct event event;

	if (logfile_name(name, path, 1) < 0 || !event_begin(&event, work->events, "rotate"))
		return;
	json_text(&event.json, "from", path);
	json_text(&event.json, "to", name);
	event_send(&event, work->events);
}

/* Under the lock. Returns the status. */
static int rotate(struct work *work, struct logfile *log)
{
	const struct plan *plan = work->plan;
	int err;

	if (!log->regular) {
		work_fail(work, 0, "cannot rotate '%s': not a regular file", log->path);
		return STATUS_OWN;
	}
	if (log->size < plan->max_size)
		return STATUS_OK;
	err = logfile_rotate(log, plan->keep);
	if (err < 0) {
		work_fail(work, err, "cannot rotate '%s'", log->path);
		return STATUS_OWN;
	}
	event_rotate(work, log->path);
	return STATUS_OK;
}

int verb_rotate(struct work *work)
{
	const struct plan *plan = work->plan;
	scoped(logfile_drop) struct logfile log = LOGFILE_NONE;
	char limit[NS_TEXT_MAX];
	int err;

	log.path = plan->operands[0];
	err = logfile_take(&log, false, ns_add(now_ns(), plan->wait));
	if (err == -ENOENT && plan->missing_ok)
		return STATUS_OK;
	if (err == -ETIMEDOUT) {
		ns_format(limit, plan->wait);
		work_fail(work, 0, "cannot lock '%s' within %s", log.path, limit);
		return STATUS_LATER;
	}
	if (err < 0) {
		work_fail(work, err, "cannot open '%s'", log.path);
		return STATUS_OWN;
	}
	return rotate(work, &log);
}
