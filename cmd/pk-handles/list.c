/* A line for each handle, or one for each process. */
#include "list.h"

#include <errno.h>
#include <stdio.h>

#include "common/report.h"
#include "common/status.h"
#include "table.h"

static void show(struct session *session, const struct process *process)
{
	const struct table *table = &session->table;

	if (!session->plan->json)
		table_print_process(process, session->grouped);
	for (size_t i = 0; i < table_count(table); i++) {
		const struct handle *handle = table_at(table, i);
		const struct peer *peer;

		if (!(session->plan->kinds & UINT32_C(1) << handle->kind))
			continue;
		session->tally.handles++;
		peer = session->plan->peers ? peers_of(&session->peers, table, handle, process->pid)
					    : NULL;
		if (session->plan->json)
			record_handle(stdout, process, table, handle, peer);
		else
			table_print(process, table, handle, peer, session->grouped);
	}
}

static int list_one(struct session *session, const struct process *process, void *arg)
{
	int err = scan_process(&session->scan, process, &session->table);

	(void)arg;
	if (err < 0)
		return err;
	if (session->plan->peers)
		err = peers_find(&session->peers, session->proc, &session->table);
	if (err < 0)
		return err;
	session->tally.timeouts += session->table.timeouts;
	if (session->table.unreadable)
		session_unreadable(session, process->pid, process->stat.comm, -EACCES);
	else
		show(session, process);
	session_check(session, process);
	return 0;
}

static int summarize_one(struct session *session, const struct process *process, void *arg)
{
	int err = 0;

	(void)arg;
	table_clear(&session->table);
	if (session->plan->checks.most[CHECK_CLOSE_WAIT] >= 0)
		err = scan_process(&session->scan, process, &session->table);
	if (err < 0)
		return err;
	if (process->fds < 0)
		session_unreadable(session, process->pid, process->stat.comm, -EACCES);
	if (session->plan->json)
		record_summary(stdout, process);
	else
		table_print_summary(process);
	session_check(session, process);
	return 0;
}

static int run(struct session *session, session_visit *visit)
{
	char boot_id[40];
	int err;

	process_boot_id(session->proc, boot_id);
	if (session->plan->json)
		record_snapshot(stdout, boot_id);
	err = session_each(session, visit, NULL);
	if (err < 0) {
		report_error(session->events, "resource", err);
		return STATUS_OWN;
	}
	if (session->plan->json)
		record_end(stdout, &session->tally);
	return session_end(session);
}

int list_run(struct session *session)
{
	if (!session->plan->json)
		table_print_head(session->grouped);
	return run(session, list_one);
}

int summary_run(struct session *session)
{
	if (!session->plan->json)
		table_print_summary_head();
	return run(session, summarize_one);
}
