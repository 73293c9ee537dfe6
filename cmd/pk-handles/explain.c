/* --why: gather the facts about a process and print the reasons. */
#include "explain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/report.h"
#include "common/status.h"
#include "line.h"
#include "why.h"

#define GATHER_CAP ((size_t)64 << 20)

/* What is gathered about one process. */
struct gather {
	struct session *session;
	const struct process *process;
	struct buf threads, children;
	struct peers peers;
};

static int add_child(void *arg, pid_t pid)
{
	struct gather *gather = arg;
	struct why_child child = {.pid = pid};
	struct proc_stat stat;

	if (proc_stat(gather->session->proc, pid, &stat) < 0)
		return 0;
	child.state = stat.state;
	memcpy(child.comm, stat.comm, sizeof(child.comm));
	return buf_add(&gather->children, &child, sizeof(child));
}

/* Only pipes need the look through all processes. */
static bool has_a_pipe(const struct table *table)
{
	for (size_t i = 0; i < table_count(table); i++)
		if (table_at(table, i)->kind == KIND_PIPE)
			return true;
	return false;
}

static int gather_facts(struct gather *gather)
{
	struct session *session = gather->session;
	int err = scan_process(&session->scan, gather->process, &session->table);

	if (err < 0)
		return err;
	err = thread_read(gather->process, &gather->threads);
	if (err == -ENOMEM || err == -EFBIG || err == -EMFILE)
		return err;
	err = proc_each_child(session->proc, gather->process->pid, gather->process->stat.threads,
			      add_child, gather);
	if (err == -ENOMEM || err == -EFBIG)
		return err;
	if (has_a_pipe(&session->table))
		return peers_find(&gather->peers, session->proc, &session->table);
	return 0;
}

static void print_reason(void *arg, enum why_rank rank, const struct line *text)
{
	const struct gather *gather = arg;
	static struct line line;
	struct record record;

	if (gather->session->plan->json) {
		record_begin(&record, "why");
		json_int(&record.json, "pid", gather->process->pid);
		json_int(&record.json, "rank", rank);
		json_bytes(&record.json, "text", text->bytes, text->len);
		record_send(&record, stdout);
		return;
	}
	line_number(&line, gather->process->pid);
	line_text(&line, " ");
	line_name(&line, gather->process->stat.comm, strlen(gather->process->stat.comm));
	line_text(&line, ": ");
	/* Escaped already. */
	line_name(&line, text->bytes, text->len);
	line_print(&line);
}

static int explain_one(struct session *session, const struct process *process, void *arg)
{
	struct gather gather = {.session = session,
				.process = process,
				.threads.cap = GATHER_CAP,
				.children.cap = GATHER_CAP,
				.peers = PEERS_NONE};
	static struct line line;
	struct proc_stat parent = {.comm = "?"};
	int err = gather_facts(&gather);

	(void)arg;
	(void)!proc_stat(session->proc, process->stat.ppid, &parent);
	if (err >= 0) {
		const struct why_facts facts = {
			.process = process,
			.table = &session->table,
			.peers = &gather.peers,
			.threads = (const struct thread *)(const void *)gather.threads.bytes,
			.thread_count = gather.threads.len / sizeof(struct thread),
			.children = (const struct why_child *)(const void *)gather.children.bytes,
			.child_count = gather.children.len / sizeof(struct why_child),
			.parent = parent.comm,
		};

		if (session->table.unreadable)
			session_unreadable(session, process->pid, process->stat.comm, -EACCES);
		why_explain(&facts, &line, print_reason, &gather);
	}
	buf_drop(&gather.threads);
	buf_drop(&gather.children);
	peers_drop(&gather.peers);
	return err;
}

int explain_run(struct session *session)
{
	char boot_id[40];

	process_boot_id(session->proc, boot_id);
	if (session->plan->json)
		record_snapshot(stdout, boot_id);
	if (session_each(session, explain_one, NULL) < 0) {
		report_error(session->events, "resource", 0);
		return STATUS_OWN;
	}
	if (session->plan->json)
		record_end(stdout, &session->tally);
	return session_end(session);
}
