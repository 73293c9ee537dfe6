/* The list for people. */
#include "table.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "describe.h"
#include "line.h"

static void add_text(struct line *line, const char *text, size_t width)
{
	line_text(line, text);
	line_pad(line, width);
}

static void add_number(struct line *line, int64_t value, size_t width)
{
	if (value < 0)
		line_text(line, "-");
	else
		line_number(line, value);
	line_pad(line, width);
}

static void add_comm(struct line *line, const struct process *process)
{
	line_name(line, process->stat.comm, strlen(process->stat.comm));
	line_pad(line, 15);
}

void table_print_head(bool grouped)
{
	static struct line line;

	if (!grouped) {
		add_text(&line, "PID", 7);
		add_text(&line, "COMMAND", 15);
	}
	add_text(&line, "FD", 5);
	add_text(&line, "KIND", 8);
	add_text(&line, "MODE", 4);
	add_text(&line, "FLAGS", 5);
	line_text(&line, "NAME");
	line_print(&line);
}

static void add_signal(struct line *line, const struct process *process, int signal,
		       const char *name)
{
	line_text(line, name);
	line_text(line, handling_name(process_handling(process, signal)));
}

/* A row like the others for those who read by columns; a title on a terminal. */
static void add_title(struct line *line, const struct process *process, bool grouped)
{
	const char *comm = process->stat.comm;

	if (grouped) {
		line_number(line, process->pid);
		line_text(line, " ");
		line_name(line, comm, strlen(comm));
		line_text(line, ": ");
		return;
	}
	add_number(line, process->pid, 7);
	add_comm(line, process);
	add_text(line, "-", 5);
	add_text(line, "process", 8);
	add_text(line, "-", 4);
	add_text(line, "-", 5);
}

void table_print_process(const struct process *process, bool grouped)
{
	static struct line line;

	add_title(&line, process, grouped);
	line_number(&line, process->fds);
	line_text(&line, process->soft >= 0 ? " of " : " descriptors");
	if (process->soft >= 0) {
		line_number(&line, process->soft);
		line_text(&line, " descriptors");
	}
	line_text(&line, ", threads ");
	line_number(&line, process->stat.threads);
	add_signal(&line, process, SIGTERM, ", TERM ");
	add_signal(&line, process, SIGINT, ", INT ");
	add_signal(&line, process, SIGHUP, ", HUP ");
	line_print(&line);
}

/* C close-on-exec, N non-blocking, A append. */
static void add_flags(struct line *line, const struct handle *handle)
{
	const unsigned flags = handle->info.flags;

	line_text(line, flags & O_CLOEXEC ? "C" : "-");
	line_text(line, flags & O_NONBLOCK ? "N" : "-");
	line_text(line, flags & O_APPEND ? "A" : "-");
	line_pad(line, 5);
}

static void add_peer(struct line *line, const struct peer *peer)
{
	line_text(line, " <- ");
	line_number(line, peer->pid);
	line_text(line, " (");
	line_name(line, peer->comm, strlen(peer->comm));
	line_text(line, ") ");
	line_number(line, peer->fd);
}

static void add_handle(struct line *line, const struct table *table, const struct handle *handle,
		       const struct peer *peer)
{
	line_number(line, handle->fd);
	if (handle->tid) {
		line_text(line, "/");
		line_number(line, handle->tid);
	}
	line_pad(line, 5);
	add_text(line, kind_name(handle->kind), 8);
	add_text(line, describe_mode(handle), 4);
	add_flags(line, handle);
	describe(line, table, handle);
	if (peer)
		add_peer(line, peer);
}

void table_line(struct line *line, const struct process *process, const struct table *table,
		const struct handle *handle, const struct peer *peer)
{
	add_number(line, process->pid, 7);
	add_comm(line, process);
	add_handle(line, table, handle, peer);
}

void table_print(const struct process *process, const struct table *table,
		 const struct handle *handle, const struct peer *peer, bool grouped)
{
	static struct line line;

	if (grouped)
		add_handle(&line, table, handle, peer);
	else
		table_line(&line, process, table, handle, peer);
	line_print(&line);
}

void table_print_summary_head(void)
{
	static struct line line;

	add_text(&line, "PID", 7);
	add_text(&line, "COMMAND", 15);
	add_text(&line, "STATE", 5);
	add_text(&line, "FDS", 7);
	add_text(&line, "SOFT", 9);
	add_text(&line, "USED", 5);
	add_text(&line, "THREADS", 7);
	add_text(&line, "CHILDREN", 8);
	add_text(&line, "RSS", 6);
	add_text(&line, "TERM", 7);
	add_text(&line, "INT", 7);
	line_text(&line, "HUP");
	line_print(&line);
}

static void add_percent(struct line *line, int64_t percent)
{
	if (percent >= 0) {
		line_number(line, percent);
		line_text(line, "%");
	} else {
		line_text(line, "-");
	}
	line_pad(line, 5);
}

void table_print_summary(const struct process *process)
{
	const char state[2] = {process->stat.state, '\0'};
	static struct line line;

	add_number(&line, process->pid, 7);
	add_comm(&line, process);
	add_text(&line, state, 5);
	add_number(&line, process->fds, 7);
	add_number(&line, process->soft, 9);
	add_percent(&line, process_percent(process));
	add_number(&line, process->stat.threads, 7);
	add_number(&line, process->children, 8);
	if (process->rss_kb >= 0)
		line_size(&line, process->rss_kb * 1024);
	else
		line_text(&line, "-");
	line_pad(&line, 6);
	add_text(&line, handling_name(process_handling(process, SIGTERM)), 7);
	add_text(&line, handling_name(process_handling(process, SIGINT)), 7);
	line_text(&line, handling_name(process_handling(process, SIGHUP)));
	line_print(&line);
}
