/* --diff: an old snapshot against another one, or against the processes as they are. */
#include "compare.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/report.h"
#include "common/say.h"
#include "common/status.h"
#include "diff.h"
#include "line.h"

/* A record is far shorter; what is longer is not one. */
#define RECORD_CAP ((size_t)64 << 20)

/* Add the complete lines of text and keep the rest. */
static int add_lines(struct diff *diff, enum diff_side side, struct buf *text)
{
	size_t at = 0;

	for (;;) {
		const char *line = text->bytes + at;
		const char *newline = memchr(line, '\n', text->len - at);
		int err;

		if (!newline)
			break;
		err = diff_add(diff, side, line, (size_t)(newline - line));
		if (err < 0)
			return err;
		at = (size_t)(newline - text->bytes) + 1;
	}
	memmove(text->bytes, text->bytes + at, text->len - at);
	text->len -= at;
	return 0;
}

static int add_stream(struct diff *diff, enum diff_side side, int fd)
{
	struct buf text = {.cap = RECORD_CAP};
	ssize_t len;
	int err;

	do {
		err = buf_reserve(&text, 65536);
		if (err < 0)
			break;
		len = fd_read_full(fd, text.bytes + text.len, 65536);
		if (len < 0) {
			err = (int)len;
			break;
		}
		text.len += (size_t)len;
		err = add_lines(diff, side, &text);
	} while (err >= 0 && len == 65536);
	buf_drop(&text);
	return err;
}

/* Read a snapshot; "-" is stdin. Returns 0, or -errno after a message. */
static int add_file(struct diff *diff, enum diff_side side, const char *path)
{
	const bool is_stdin = strcmp(path, "-") == 0;
	scoped(fd_drop) int opened = is_stdin ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	int err = !is_stdin && opened < 0 ? -errno : 0;

	if (err >= 0)
		err = add_stream(diff, side, is_stdin ? STDIN_FILENO : opened);
	if (err == -EINVAL || err == -EFBIG) {
		say("'%s' is not a snapshot of pk-handles --json", path);
		return err;
	}
	if (err < 0) {
		say_errno(err, "cannot read '%s'", path);
		return err;
	}
	if (diff->complete[side])
		return 0;
	say("'%s' is not complete: its end record is missing", path);
	return -EINVAL;
}

static int add_process(struct session *session, const struct process *process, void *arg)
{
	struct diff *diff = arg;
	int err = scan_process(&session->scan, process, &session->table);

	if (err < 0)
		return err;
	if (session->table.unreadable)
		session_unreadable(session, process->pid, process->stat.comm, -EACCES);
	for (size_t i = 0; i < table_count(&session->table) && err >= 0; i++) {
		const char *line;
		size_t len = record_of_handle(&line, process, &session->table,
					      table_at(&session->table, i), NULL);

		session->tally.handles++;
		err = diff_add(diff, DIFF_NEW, line, len);
	}
	return err;
}

/* A pid with another start is another process: compared by group all the same, and said. */
static void note_restarts(const struct session *session, const struct diff *diff)
{
	const struct buf *olds = &diff->processes[DIFF_OLD];
	const struct buf *news = &diff->processes[DIFF_NEW];
	const struct diff_process *a = (const struct diff_process *)(const void *)olds->bytes;
	const struct diff_process *b = (const struct diff_process *)(const void *)news->bytes;

	for (size_t i = 0; i < olds->len / sizeof(*a); i++)
		for (size_t j = 0; j < news->len / sizeof(*b); j++)
			if (a[i].pid == b[j].pid && a[i].start != b[j].start)
				session_say(session,
					    "%d is not the process that it was: started anew",
					    (int)a[i].pid);
}

static void print_group(const struct diff_group *group)
{
	const int64_t growth = group->new_count - group->old_count;
	static struct line line;

	line_text(&line, growth > 0 ? "+" : "");
	line_number(&line, growth);
	line_pad(&line, 7);
	line_text(&line, group->kind);
	line_pad(&line, 8);
	line_name(&line, group->target, strlen(group->target));
	line_text(&line, " (");
	line_number(&line, group->old_count);
	line_text(&line, " -> ");
	line_number(&line, group->new_count);
	line_text(&line, ")");
	line_print(&line);
}

static void record_group(const struct diff_group *group)
{
	static char text[65536];
	struct json json;

	json_begin(&json, text, sizeof(text));
	json_text(&json, "type", "group");
	json_text(&json, "kind", group->kind);
	json_text(&json, "target", group->target);
	json_int(&json, "old", group->old_count);
	json_int(&json, "new", group->new_count);
	(void)fwrite(text, 1, json_end(&json), stdout);
}

static void event_growth(struct session *session, const struct diff_group *group)
{
	struct event event;

	if (!event_begin(&event, session->events, "finding"))
		return;
	json_text(&event.json, "check", "growth");
	json_text(&event.json, "kind", group->kind);
	json_text(&event.json, "target", group->target);
	json_int(&event.json, "value", group->new_count);
	json_int(&event.json, "limit", group->old_count);
	event_send(&event, session->events);
}

static void take_group(void *arg, const struct diff_group *group)
{
	struct session *session = arg;
	const int64_t least = session->plan->min_growth > 0 ? session->plan->min_growth : 1;

	if (session->plan->json)
		record_group(group);
	else
		print_group(group);
	if (group->new_count - group->old_count < least)
		return;
	session->tally.findings++;
	event_growth(session, group);
}

/* The new side: a file, "-", or processes. Returns 0, or -errno after a message. */
static int add_new(struct session *session, struct diff *diff)
{
	const struct plan *plan = session->plan;
	pid_t pid;

	if (plan->count == 1 && !plan->all && plan_parse_pid(plan->operands[0], &pid) < 0)
		return add_file(diff, DIFF_NEW, plan->operands[0]);
	return session_each(session, add_process, diff);
}

static int compare(struct session *session, struct diff *diff)
{
	char boot_id[40];
	int err = add_file(diff, DIFF_OLD, session->plan->diff);

	if (err >= 0)
		err = add_new(session, diff);
	if (err < 0)
		return err;
	note_restarts(session, diff);
	process_boot_id(session->proc, boot_id);
	if (session->plan->json)
		record_snapshot(stdout, boot_id);
	err = diff_compare(diff, take_group, session);
	if (err < 0)
		say_errno(err, "cannot compare");
	else if (session->plan->json)
		record_end(stdout, &session->tally);
	return err;
}

int compare_run(struct session *session)
{
	struct diff diff;
	int err;

	diff_init(&diff, session->plan->kinds);
	err = compare(session, &diff);
	diff_drop(&diff);
	if (err >= 0)
		return session_end(session);
	report_error(session->events, "io", err);
	return STATUS_OWN;
}
