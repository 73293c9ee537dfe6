/* Inherited, or left open: the bookkeeping of run mode. */
#include "leftovers.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "line.h"
#include "record.h"
#include "table.h"

#define REPORT_CAP ((size_t)1 << 30)

/* The same number and the same file at exec and at exit: it was not opened by the command. */
struct inherited {
	int fd;
	uint64_t ino, dev;
};

void leftovers_init(struct leftovers *leftovers, struct session *session)
{
	*leftovers = (struct leftovers){
		.session = session, .inherited.cap = REPORT_CAP, .report.cap = REPORT_CAP};
}

void leftovers_drop(struct leftovers *leftovers)
{
	buf_drop(&leftovers->inherited);
	buf_drop(&leftovers->report);
}

static int look(struct leftovers *leftovers, pid_t pid, struct process *process)
{
	struct session *session = leftovers->session;
	int err = process_open(process, session->proc, pid);

	if (err < 0)
		return err;
	err = scan_process(&session->scan, process, &session->table);
	if (err >= 0 && session->table.unreadable)
		err = -EACCES;
	if (err < 0)
		process_close(process);
	return err;
}

int leftovers_born(struct leftovers *leftovers, pid_t pid)
{
	const struct table *table = &leftovers->session->table;
	struct process process;
	int err = look(leftovers, pid, &process);

	if (err < 0)
		return err;
	process_close(&process);
	for (size_t i = 0; i < table_count(table) && err >= 0; i++) {
		const struct handle *handle = table_at(table, i);
		const struct inherited inherited = {handle->fd, handle->ino, handle->dev};

		if (!(handle->info.flags & O_CLOEXEC))
			err = buf_add(&leftovers->inherited, &inherited, sizeof(inherited));
	}
	return err;
}

static bool is_inherited(const struct leftovers *leftovers, const struct handle *handle)
{
	const struct inherited *at =
		(const struct inherited *)(const void *)leftovers->inherited.bytes;

	for (size_t i = 0; i < leftovers->inherited.len / sizeof(*at); i++)
		if (at[i].fd == handle->fd && at[i].ino == handle->ino && at[i].dev == handle->dev)
			return true;
	return false;
}

/* People see what is the command's own; records say of each which it is. */
static int add_handle(struct leftovers *leftovers, const struct process *process,
		      const struct handle *handle, bool inherited)
{
	const struct table *table = &leftovers->session->table;
	static struct line line;
	const char *record;
	size_t len;

	if (leftovers->session->plan->json) {
		len = record_of_leftover(&record, process, table, handle, inherited);
		return buf_add(&leftovers->report, record, len);
	}
	if (inherited)
		return 0;
	line.len = line.column = 0;
	table_line(&line, process, table, handle, NULL);
	line.bytes[line.len++] = '\n';
	return buf_add(&leftovers->report, line.bytes, line.len);
}

static void event_open_at_exit(struct session *session, const struct process *process,
			       int64_t inherited, int64_t own)
{
	struct event event;

	if (!session_event(session, &event, "open_at_exit", process))
		return;
	json_int(&event.json, "inherited", inherited);
	json_int(&event.json, "own", own);
	event_send(&event, session->events);
}

static int take(struct leftovers *leftovers, const struct process *process)
{
	struct session *session = leftovers->session;
	int64_t own = 0, inherited = 0;
	int err = 0;

	for (size_t i = 0; i < table_count(&session->table) && err >= 0; i++) {
		const struct handle *handle = table_at(&session->table, i);
		const bool old = is_inherited(leftovers, handle);

		if (!(session->plan->kinds & UINT32_C(1) << handle->kind))
			continue;
		inherited += old;
		own += !old;
		err = add_handle(leftovers, process, handle, old);
	}
	session->tally.handles += own + inherited;
	leftovers->own += own;
	event_open_at_exit(session, process, inherited, own);
	return err;
}

void leftovers_leaving(void *arg, pid_t pid)
{
	struct leftovers *leftovers = arg;
	struct process process;
	int err = look(leftovers, pid, &process);

	if (err >= 0) {
		leftovers->taken++;
		leftovers->session->tally.processes++;
		err = take(leftovers, &process);
		process_close(&process);
	}
	leftovers->incomplete |= err < 0;
}

int64_t leftovers_inherited(const struct leftovers *leftovers)
{
	return (int64_t)(leftovers->inherited.len / sizeof(struct inherited));
}

int leftovers_report(const struct leftovers *leftovers)
{
	const bool json = leftovers->session->plan->json;
	char boot_id[40];
	int err;

	process_boot_id(leftovers->session->proc, boot_id);
	if (json)
		record_snapshot(stderr, boot_id);
	err = fd_write_full(STDERR_FILENO, leftovers->report.bytes, leftovers->report.len);
	if (json)
		record_end(stderr, &leftovers->session->tally);
	return err;
}
