/* Records of --json. */
#include "record.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>

#include "common/signame.h"
#include "common/utf8.h"
#include "describe.h"

/* Room for a name of PATH_MAX with every byte escaped and its hexadecimal form, and for many watches. */
#define RECORD_SIZE 131072

static bool is_utf8(const char *bytes, size_t len)
{
	for (size_t i = 0, n; i < len; i += n) {
		n = (unsigned char)bytes[i] < 0x80 ? 1 : utf8_len(bytes + i, len - i);
		if (n == 0)
			return false;
	}
	return true;
}

/* In a function of its own: the room for it is large, and it is seldom needed. */
__attribute__((noinline)) static void add_hex(struct json *json, const char *key, const char *bytes,
					      size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char name[32], hex[2 * 4096 + 1];
	size_t n = 0;

	for (; n < len && n < 4096; n++) {
		hex[2 * n] = digits[(unsigned char)bytes[n] >> 4];
		hex[2 * n + 1] = digits[bytes[n] & 15];
	}
	(void)snprintf(name, sizeof(name), "%s_hex", key);
	json_bytes(json, name, hex, 2 * n);
}

void record_name(struct json *json, const char *key, const char *bytes, size_t len)
{
	json_bytes(json, key, bytes, len);
	if (!is_utf8(bytes, len))
		add_hex(json, key, bytes, len);
}

static void end(struct json *json, FILE *out)
{
	const size_t len = json_end(json);

	/* stdio remembers a failure until program_finish. */
	(void)fwrite(json->line, 1, len, out);
}

void record_begin(struct record *record, const char *type)
{
	json_begin(&record->json, record->line, sizeof(record->line));
	json_text(&record->json, "type", type);
}

void record_send(struct record *record, FILE *out)
{
	end(&record->json, out);
}

void record_snapshot(FILE *out, const char *boot_id)
{
	struct record record;

	record_begin(&record, "snapshot");
	json_int(&record.json, "v", RECORD_VERSION);
	json_text(&record.json, "boot_id", boot_id);
	record_send(&record, out);
}

void record_end(FILE *out, const struct tally *tally)
{
	struct record record;

	record_begin(&record, "end");
	json_int(&record.json, "processes", tally->processes);
	json_int(&record.json, "handles", tally->handles);
	json_int(&record.json, "unreadable", tally->unreadable);
	json_int(&record.json, "vanished", tally->vanished);
	json_int(&record.json, "timeouts", tally->timeouts);
	record_send(&record, out);
}

static void add_handling(struct json *json, const struct process *process)
{
	json_text(json, "term", handling_name(process_handling(process, SIGTERM)));
	json_text(json, "int", handling_name(process_handling(process, SIGINT)));
	json_text(json, "hup", handling_name(process_handling(process, SIGHUP)));
}

/* What is not known is left out. */
static void add_known(struct json *json, const char *key, int64_t value)
{
	if (value >= 0)
		json_int(json, key, value);
}

void record_summary(FILE *out, const struct process *process)
{
	const char state[2] = {process->stat.state, '\0'};
	struct record record;

	record_begin(&record, "summary");
	json_int(&record.json, "pid", process->pid);
	json_int(&record.json, "start", (int64_t)process->stat.start);
	record_name(&record.json, "comm", process->stat.comm, strlen(process->stat.comm));
	json_text(&record.json, "state", state);
	add_known(&record.json, "fds", process->fds);
	add_known(&record.json, "soft", process->soft);
	add_known(&record.json, "hard", process->hard);
	add_known(&record.json, "percent", process_percent(process));
	json_int(&record.json, "threads", process->stat.threads);
	add_known(&record.json, "children", process->children);
	add_known(&record.json, "rss_kb", process->rss_kb);
	add_handling(&record.json, process);
	record_send(&record, out);
}

static void add_file(struct json *json, const struct handle *handle)
{
	if (handle->timed_out)
		json_text(json, "stat", "timeout");
	if (!handle->has_stat)
		return;
	json_bool(json, "deleted", handle->deleted);
	if (handle->kind == KIND_FILE || handle->kind == KIND_MEMFD) {
		json_int(json, "size", handle->size);
		json_int(json, "disk", handle->disk);
	}
}

static void add_sock(struct json *json, const struct sock *sock)
{
	char text[SOCK_TEXT_MAX];
	size_t len = sock_local(sock, text);

	if (len > 0)
		record_name(json, "local", text, len);
	len = sock_remote(sock, text);
	if (len > 0)
		json_bytes(json, "remote", text, len);
	if (sock->kind == KIND_TCP || sock->kind == KIND_UDP || sock->kind == KIND_UNIX)
		json_text(json, "state", sock_state_name(sock));
	json_int(json, "recvq", sock->recvq);
	if (sock->state == TCP_LISTEN)
		json_int(json, "backlog", sock->backlog);
	else
		json_int(json, "sendq", sock->sendq);
	if (sock->netns)
		json_int(json, "netns", (int64_t)sock->netns);
}

static void add_watches(struct json *json, const struct table *table, const struct handle *handle)
{
	const struct watch *watches = table_watches(table, handle);
	static struct line line;

	json_open(json, "watches");
	for (size_t i = 0; i < handle->watch_count; i++) {
		if (!json_object(json, NULL))
			break;
		json_int(json, "fd", watches[i].fd);
		line.len = 0;
		describe_events(&line, watches[i].events);
		json_bytes(json, "events", line.bytes, line.len);
		json_bool(json, "stale", watches[i].stale);
		json_object_end(json);
	}
	json_close(json);
}

static void add_timer(struct json *json, const struct fdinfo *info)
{
	json_text(json, "clock", describe_clock(info->clock));
	if (info->next_ns)
		json_ms(json, "next_ms", info->next_ns);
	if (info->interval_ns)
		json_ms(json, "interval_ms", info->interval_ns);
	json_int(json, "ticks", (int64_t)info->ticks);
}

static void add_signals(struct json *json, uint64_t signals)
{
	char name[SIGNAME_MAX];

	json_open(json, "signals");
	for (int i = 1; i <= 64; i++)
		if (signals & UINT64_C(1) << (i - 1))
			json_item_text(json, signame(i, name));
	json_close(json);
}

static void add_pidfd(struct json *json, const struct handle *handle)
{
	if (handle->info.target > 0)
		json_int(json, "target_pid", handle->info.target);
	json_text(json, "target_state", describe_target(handle->target));
}

/* What only this kind has, from fdinfo. */
static void add_kind(struct json *json, const struct table *table, const struct handle *handle)
{
	switch (handle->kind) {
	case KIND_FILE:
	case KIND_DIR:
	case KIND_MEMFD:
		json_int(json, "pos", handle->info.pos);
		return;
	case KIND_EPOLL:
		add_watches(json, table, handle);
		return;
	case KIND_TIMERFD:
		add_timer(json, &handle->info);
		return;
	case KIND_EVENTFD:
		json_int(json, "count", (int64_t)handle->info.count);
		return;
	case KIND_SIGNALFD:
		add_signals(json, handle->info.signals);
		return;
	case KIND_INOTIFY:
		json_int(json, "count", (int64_t)handle->info.watches);
		return;
	case KIND_PIDFD:
		add_pidfd(json, handle);
		return;
	case KIND_IO_URING:
		json_int(json, "count", (int64_t)handle->info.user_files);
		return;
	case KIND_PIPE:
	case KIND_FIFO:
	case KIND_TCP:
	case KIND_UDP:
	case KIND_UNIX:
	case KIND_NETLINK:
	case KIND_PACKET:
	case KIND_TTY:
	case KIND_DEV:
	case KIND_NS:
	case KIND_OTHER:
	case KIND_COUNT:
		return;
	}
}

static void add_watchers(struct json *json, const struct handle *handle)
{
	json_open(json, "watched_by");
	for (unsigned i = 0; i < handle->watchers && i < HANDLE_WATCHERS; i++)
		json_item_int(json, handle->watched_by[i]);
	json_close(json);
}

void record_facts(struct json *json, const struct table *table, const struct handle *handle)
{
	const unsigned flags = handle->info.flags;

	json_int(json, "fd", handle->fd);
	json_text(json, "kind", kind_name(handle->kind));
	if (handle->has_info) {
		json_text(json, "mode", describe_mode(handle));
		json_bool(json, "cloexec", flags & O_CLOEXEC);
		json_bool(json, "nonblock", flags & O_NONBLOCK);
		json_bool(json, "append", flags & O_APPEND);
	}
	if (handle->ino)
		json_int(json, "ino", (int64_t)handle->ino);
	if (handle->has_stat)
		json_int(json, "dev", (int64_t)handle->dev);
	record_name(json, "name", table_name(table, handle), handle->name_len);
	add_file(json, handle);
	if (handle->sock)
		add_sock(json, table_sock(table, handle));
	if (handle->has_info)
		add_kind(json, table, handle);
	if (handle->watchers)
		add_watchers(json, handle);
	if (handle->tid)
		json_int(json, "tid", handle->tid);
}

static void add_peer(struct json *json, const struct peer *peer)
{
	if (!json_object(json, "peer"))
		return;
	json_int(json, "ino", (int64_t)peer->ino);
	json_int(json, "pid", peer->pid);
	json_int(json, "fd", peer->fd);
	json_object_end(json);
}

/* The members that every record of a handle begins with. */
static void begin_handle(struct json *json, const struct process *process,
			 const struct table *table, const struct handle *handle)
{
	static char line[RECORD_SIZE];

	json_begin(json, line, sizeof(line));
	json_text(json, "type", "handle");
	json_int(json, "pid", process->pid);
	json_int(json, "start", (int64_t)process->stat.start);
	record_name(json, "comm", process->stat.comm, strlen(process->stat.comm));
	record_facts(json, table, handle);
}

size_t record_of_handle(const char **ret_line, const struct process *process,
			const struct table *table, const struct handle *handle,
			const struct peer *peer)
{
	struct json json;

	begin_handle(&json, process, table, handle);
	if (peer)
		add_peer(&json, peer);
	*ret_line = json.line;
	return json_end(&json);
}

size_t record_of_leftover(const char **ret_line, const struct process *process,
			  const struct table *table, const struct handle *handle, bool inherited)
{
	struct json json;

	begin_handle(&json, process, table, handle);
	json_bool(&json, "inherited", inherited);
	*ret_line = json.line;
	return json_end(&json);
}

void record_handle(FILE *out, const struct process *process, const struct table *table,
		   const struct handle *handle, const struct peer *peer)
{
	const char *line;
	const size_t len = record_of_handle(&line, process, table, handle, peer);

	(void)fwrite(line, 1, len, out);
}
