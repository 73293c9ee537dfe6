/* Events that tools share. */
#include "common/report.h"

#include "common/errname.h"
#include "common/fd.h"
#include "common/proc.h"
#include "common/signame.h"

void report_error(struct events *events, const char *class, int err)
{
	struct event event;

	if (!event_begin(&event, events, "error"))
		return;
	json_text(&event.json, "class", class);
	if (err)
		json_text(&event.json, "errno", errname(-err));
	event_send(&event, events);
}

void report_signal(struct events *events, const char *name, pid_t command, int signal, int targets,
		   pid_t from)
{
	char text[SIGNAME_MAX];
	struct event event;

	if (!event_begin(&event, events, name))
		return;
	json_int(&event.json, "command_pid", command);
	json_text(&event.json, "signal", signame(signal, text));
	json_int(&event.json, "targets", targets);
	if (from >= 0)
		json_int(&event.json, "from_pid", from);
	event_send(&event, events);
}

void report_limit(struct events *events, pid_t command, const char *kind, const char *from)
{
	struct event event;

	if (!event_begin(&event, events, "timeout"))
		return;
	json_int(&event.json, "command_pid", command);
	json_text(&event.json, "kind", kind);
	if (from[0] != '\0')
		json_text(&event.json, "from", from);
	event_send(&event, events);
}

void report_processes(struct events *events, const char *name, const pid_t *pids, int count)
{
	scoped(fd_drop) int proc = -1;
	struct proc_stat stat;
	struct event event;

	if (!event_begin(&event, events, name))
		return;
	proc = proc_open();
	json_open(&event.json, "pids");
	for (int i = 0; i < count; i++)
		json_item_int(&event.json, pids[i]);
	json_close(&event.json);
	json_open(&event.json, "comms");
	for (int i = 0; i < count; i++)
		json_item_text(&event.json, proc_stat(proc, pids[i], &stat) == 0 ? stat.comm : "");
	json_close(&event.json);
	event_send(&event, events);
}
