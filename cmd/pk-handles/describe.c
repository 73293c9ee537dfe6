/* What a handle is, in words. */
#include "describe.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <time.h>

#include "common/signame.h"

const char *describe_mode(const struct handle *handle)
{
	if (!handle->has_info)
		return "?";
	if (handle->info.flags & O_PATH)
		return "path";
	switch (handle->info.flags & O_ACCMODE) {
	case O_RDONLY:
		return "r";
	case O_WRONLY:
		return "w";
	}
	return "rw";
}

const char *describe_target(enum target target)
{
	static const char *const names[] = {[TARGET_ALIVE] = "alive",
					    [TARGET_ZOMBIE] = "zombie",
					    [TARGET_REAPED] = "reaped",
					    [TARGET_OUTSIDE] = "outside"};

	return names[target];
}

const char *describe_clock(int clock)
{
	switch (clock) {
	case CLOCK_REALTIME:
		return "realtime";
	case CLOCK_MONOTONIC:
		return "monotonic";
	case CLOCK_BOOTTIME:
		return "boottime";
	case CLOCK_REALTIME_ALARM:
		return "realtime_alarm";
	case CLOCK_BOOTTIME_ALARM:
		return "boottime_alarm";
	}
	return "other";
}

void describe_events(struct line *line, uint32_t events)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = {
		{EPOLLIN, "in"},	 {EPOLLOUT, "out"},	   {EPOLLPRI, "pri"},
		{EPOLLRDHUP, "rdhup"},	 {EPOLLET, "et"},	   {EPOLLONESHOT, "oneshot"},
		{EPOLLWAKEUP, "wakeup"}, {EPOLLEXCLUSIVE, "excl"},
	};
	bool any = false;

	for (size_t i = 0; i < array_len(names); i++) {
		if (!(events & names[i].bit))
			continue;
		if (any)
			line_text(line, "|");
		line_text(line, names[i].name);
		any = true;
	}
	if (!any)
		line_text(line, "none");
}

static void add_labelled(struct line *line, const char *label, int64_t value)
{
	line_text(line, label);
	line_number(line, value);
}

static void add_file(struct line *line, const struct handle *handle)
{
	if (handle->timed_out)
		line_text(line, " (stat timed out)");
	if (handle->deleted) {
		line_text(line, " (deleted, ");
		line_size(line, handle->disk);
		line_text(line, " on disk)");
	}
}

static void add_queues(struct line *line, const struct sock *sock)
{
	if (sock->state == TCP_LISTEN) {
		add_labelled(line, " queue ", sock->recvq);
		add_labelled(line, "/", sock->backlog);
		return;
	}
	if (sock->recvq)
		add_labelled(line, " recvq ", sock->recvq);
	if (sock->sendq)
		add_labelled(line, " sendq ", sock->sendq);
}

static void add_sock(struct line *line, const struct table *table, const struct handle *handle)
{
	const struct sock *sock = table_sock(table, handle);
	char text[SOCK_TEXT_MAX];
	size_t len = sock_local(sock, text);

	if (len > 0)
		line_name(line, text, len);
	else
		line_name(line, table_name(table, handle), handle->name_len);
	len = sock_remote(sock, text);
	if (len > 0) {
		line_text(line, " -> ");
		line_name(line, text, len);
	}
	if (sock->kind == KIND_TCP || sock->kind == KIND_UDP || sock->kind == KIND_UNIX) {
		line_text(line, " ");
		line_text(line, sock_state_name(sock));
	}
	add_queues(line, sock);
}

static void add_epoll(struct line *line, const struct table *table, const struct handle *handle)
{
	const struct watch *watches = table_watches(table, handle);

	line_text(line, handle->watch_count ? "watches " : "watches nothing");
	for (size_t i = 0; i < handle->watch_count; i++) {
		if (i > 0)
			line_text(line, ",");
		line_number(line, watches[i].fd);
		if (watches[i].stale)
			line_text(line, "(stale)");
	}
}

static void add_timer(struct line *line, const struct fdinfo *info)
{
	line_text(line, describe_clock(info->clock));
	if (info->next_ns == 0) {
		line_text(line, " not armed");
	} else {
		line_text(line, " in ");
		line_duration(line, info->next_ns);
	}
	if (info->interval_ns) {
		line_text(line, " every ");
		line_duration(line, info->interval_ns);
	}
	if (info->ticks)
		add_labelled(line, " unread ", (int64_t)info->ticks);
}

static void add_signals(struct line *line, uint64_t signals)
{
	char name[SIGNAME_MAX];
	bool any = false;

	for (int i = 1; i <= 64; i++) {
		if (!(signals & UINT64_C(1) << (i - 1)))
			continue;
		if (any)
			line_text(line, ",");
		line_text(line, signame(i, name));
		any = true;
	}
}

static void add_target(struct line *line, const struct handle *handle)
{
	if (handle->info.target > 0) {
		line_number(line, handle->info.target);
		line_text(line, " ");
	}
	line_text(line, describe_target(handle->target));
}

void describe(struct line *line, const struct table *table, const struct handle *handle)
{
	const struct fdinfo *info = &handle->info;

	if (handle->sock) {
		add_sock(line, table, handle);
		return;
	}
	switch (handle->has_info ? handle->kind : KIND_OTHER) {
	case KIND_EPOLL:
		add_epoll(line, table, handle);
		return;
	case KIND_TIMERFD:
		add_timer(line, info);
		return;
	case KIND_EVENTFD:
		add_labelled(line, "count ", (int64_t)info->count);
		return;
	case KIND_SIGNALFD:
		add_signals(line, info->signals);
		return;
	case KIND_INOTIFY:
		add_labelled(line, "watches ", (int64_t)info->watches);
		return;
	case KIND_PIDFD:
		add_target(line, handle);
		return;
	case KIND_IO_URING:
		add_labelled(line, "registered files ", (int64_t)info->user_files);
		return;
	case KIND_FILE:
	case KIND_DIR:
	case KIND_PIPE:
	case KIND_FIFO:
	case KIND_TCP:
	case KIND_UDP:
	case KIND_UNIX:
	case KIND_NETLINK:
	case KIND_PACKET:
	case KIND_MEMFD:
	case KIND_TTY:
	case KIND_DEV:
	case KIND_NS:
	case KIND_OTHER:
	case KIND_COUNT:
		break;
	}
	line_name(line, table_name(table, handle), handle->name_len);
	add_file(line, handle);
}
