/* Which processes, which findings, and the status that follows. */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/errname.h"
#include "common/fd.h"
#include "common/say.h"
#include "common/signame.h"
#include "common/status.h"

#define PIDS_CAP ((size_t)64 << 20)

int session_open(struct session *session, const struct plan *plan, struct events *events)
{
	*session = (struct session){.plan = plan, .events = events, .peers = PEERS_NONE};
	session->proc = proc_open();
	if (session->proc < 0) {
		say_errno(session->proc, "cannot read /proc");
		return session->proc;
	}
	scan_init(&session->scan, session->proc, plan->timeout);
	session->scan.whole_system = plan->all;
	session->grouped = isatty(STDOUT_FILENO) == 1;
	table_init(&session->table);
	return 0;
}

void session_close(struct session *session)
{
	table_drop(&session->table);
	peers_drop(&session->peers);
	scan_drop(&session->scan);
	fd_drop(&session->proc);
}

void session_say(const struct session *session, const char *format, ...)
{
	char text[4096];
	va_list list;

	if (session->plan->quiet)
		return;
	va_start(list, format);
	(void)vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	say("%s", text);
}

bool session_event(struct session *session, struct event *event, const char *name,
		   const struct process *process)
{
	if (!event_begin(event, session->events, name))
		return false;
	json_int(&event->json, "target_pid", process->pid);
	json_text(&event->json, "comm", process->stat.comm);
	return true;
}

void session_event_end(struct events *events, int status)
{
	struct event event;

	if (!event_begin(&event, events, "end"))
		return;
	json_int(&event.json, "status", status);
	event_send(&event, events);
}

static void event_unseen(struct session *session, const char *name, pid_t pid, int err)
{
	struct event event;

	if (!event_begin(&event, session->events, name))
		return;
	json_int(&event.json, "target_pid", pid);
	json_text(&event.json, "errno", errname(-err));
	event_send(&event, session->events);
}

void session_unreadable(struct session *session, pid_t pid, const char *comm, int err)
{
	session->tally.unreadable++;
	event_unseen(session, "unreadable", pid, err);
	if (session->plan->all)
		return;
	session->tally.unknown = true;
	session_say(session, "cannot look into %d (%s): %s", (int)pid, comm, strerror(-err));
}

static void note_vanished(struct session *session, pid_t pid)
{
	session->tally.vanished++;
	event_unseen(session, "vanished", pid, -ESRCH);
	if (session->plan->all)
		return;
	session->tally.unknown = true;
	session_say(session, "there is no process %d", (int)pid);
}

/* --- which processes ----------------------------------------------------------------------------- */

static bool has_pid(const struct buf *pids, pid_t pid)
{
	for (size_t at = 0; at < pids->len; at += sizeof(pid))
		if (memcmp(pids->bytes + at, &pid, sizeof(pid)) == 0)
			return true;
	return false;
}

static int add_pid(void *arg, pid_t pid)
{
	return buf_add(arg, &pid, sizeof(pid));
}

static int add_new_pid(void *arg, pid_t pid)
{
	return has_pid(arg, pid) ? 0 : add_pid(arg, pid);
}

static pid_t pid_at(const struct buf *pids, size_t at)
{
	pid_t pid;

	memcpy(&pid, pids->bytes + at, sizeof(pid));
	return pid;
}

/* The list is the queue too: each process's children go to its end. */
static int add_descendants(struct session *session, struct buf *pids)
{
	for (size_t at = 0; at < pids->len; at += sizeof(pid_t)) {
		int err = proc_each_child(session->proc, pid_at(pids, at), 0, add_new_pid, pids);

		if (err == -ENOMEM || err == -EFBIG)
			return err;
	}
	return 0;
}

static int collect(struct session *session, struct buf *pids)
{
	const struct plan *plan = session->plan;
	int err = 0;

	if (plan->all)
		return process_each(session->proc, add_pid, pids);
	for (size_t i = 0; i < plan->count && err >= 0; i++) {
		pid_t pid;

		err = plan_parse_pid(plan->operands[i], &pid);
		if (err >= 0)
			err = add_new_pid(pids, pid);
	}
	return err >= 0 && plan->tree ? add_descendants(session, pids) : err;
}

static int visit_one(struct session *session, pid_t pid, session_visit *visit, void *arg)
{
	struct process process;
	int err = process_open(&process, session->proc, pid);

	if (err == -ESRCH) {
		note_vanished(session, pid);
		return 0;
	}
	if (err == -EACCES || err == -EPERM) {
		session_unreadable(session, pid, "?", err);
		return 0;
	}
	if (err < 0)
		return err;
	if (session->plan->whole_facts)
		err = process_refresh(&process);
	session->tally.processes++;
	if (err >= 0)
		err = visit(session, &process, arg);
	process_close(&process);
	if (err != -ESRCH && err != -ENOENT)
		return err;
	note_vanished(session, pid);
	return 0;
}

int session_each(struct session *session, session_visit *visit, void *arg)
{
	struct buf pids = {.cap = PIDS_CAP};
	int err = collect(session, &pids);

	for (size_t at = 0; at < pids.len && err >= 0; at += sizeof(pid_t))
		err = visit_one(session, pid_at(&pids, at), visit, arg);
	buf_drop(&pids);
	if (err < 0)
		say_errno(err, "cannot look at the processes");
	return err < 0 ? err : 0;
}

/* --- findings ------------------------------------------------------------------------------------- */

static void event_finding(struct session *session, const struct process *process, const char *check,
			  int64_t value, int64_t limit)
{
	struct event event;

	session->tally.findings++;
	if (!session_event(session, &event, "finding", process))
		return;
	json_text(&event.json, "check", check);
	json_int(&event.json, "value", value);
	json_int(&event.json, "limit", limit);
	event_send(&event, session->events);
}

static void compare(struct session *session, const struct process *process, enum check check)
{
	const int64_t most = session->plan->checks.most[check];
	const int64_t value = most < 0 ? -1 : check_value(check, process, &session->table);

	if (most < 0)
		return;
	if (value < 0 && !session->plan->all)
		session->tally.unknown = true;
	if (value <= most)
		return;
	event_finding(session, process, check_name(check), value, most);
	session_say(session, "%d (%s): %s is %lld, more than %lld", (int)process->pid,
		    process->stat.comm, check_name(check), (long long)value, (long long)most);
}

void session_check(struct session *session, const struct process *process)
{
	char name[SIGNAME_MAX];

	for (int check = 0; check < CHECK_COUNT; check++)
		compare(session, process, (enum check)check);
	for (int signal = 0;
	     (signal = check_handler(&session->plan->checks, process, signal)) != 0;) {
		event_finding(session, process, "handler", signal, 0);
		session_say(session, "%d (%s): %s is left at its default", (int)process->pid,
			    process->stat.comm, signame(signal, name));
	}
}

/* Other users' processes are not even listed then (proc(5)). Of several mounts on /proc the last one is on top. */
static bool hides_pids(const struct session *session)
{
	static const char mount[] = " /proc proc ", option[] = "hidepid=";
	static char text[65536];
	const char *line = NULL;

	if (fd_read_file(session->proc, "self/mounts", text, sizeof(text)) < 0)
		return false;
	for (const char *at = text; (at = strstr(at, mount)); at++)
		line = at;
	line = line ? memmem(line, strcspn(line, "\n"), option, strlen(option)) : NULL;
	return line && line[strlen(option)] != '0' && strncmp(line + strlen(option), "off", 3) != 0;
}

int session_end(struct session *session)
{
	const struct tally *tally = &session->tally;

	if (session->plan->all && tally->unreadable > 0)
		session_say(session, "%lld process%s not readable", (long long)tally->unreadable,
			    tally->unreadable == 1 ? "" : "es");
	if ((session->plan->all || tally->vanished > 0) && hides_pids(session))
		session_say(session,
			    "/proc is mounted with hidepid: other users' processes are not seen");
	if (tally->findings > 0)
		return STATUS_NO;
	return tally->unknown ? STATUS_UNKNOWN : STATUS_OK;
}
