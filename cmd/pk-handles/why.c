/* What keeps a process alive: reasons from facts, nothing is read here. */
#include "why.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>

#include "common/clock.h"
#include "describe.h"

/* Of many things alike so many are named. */
#define SHOWN 3

struct teller {
	const struct why_facts *facts;
	struct line *line;
	why_say *say;
	void *arg;
};

static void finish(const struct teller *teller, enum why_rank rank)
{
	teller->say(teller->arg, rank, teller->line);
	teller->line->len = teller->line->column = 0;
}

static void add_process(struct line *line, pid_t pid, const char *comm)
{
	line_number(line, pid);
	line_text(line, " (");
	line_name(line, comm, strlen(comm));
	line_text(line, ")");
}

static bool is_main(const struct teller *teller, const struct thread *thread)
{
	return thread->tid == teller->facts->process->pid;
}

static void add_thread(const struct teller *teller, const struct thread *thread)
{
	if (is_main(teller, thread)) {
		line_text(teller->line, "the main thread");
		return;
	}
	line_text(teller->line, "thread ");
	add_process(teller->line, thread->tid, thread->comm);
}

static void add_fd(const struct teller *teller, int fd)
{
	const struct table *table = teller->facts->table;
	const struct handle *handle = table_find(table, fd);

	line_text(teller->line, " on descriptor ");
	line_number(teller->line, fd);
	if (!handle)
		return;
	line_text(teller->line, ", ");
	line_text(teller->line, kind_name(handle->kind));
	line_text(teller->line, " ");
	describe(teller->line, table, handle);
}

static void tell_state(const struct teller *teller, char state, enum why_rank rank,
		       const char *text)
{
	for (size_t i = 0; i < teller->facts->thread_count; i++) {
		const struct thread *thread = &teller->facts->threads[i];

		if (thread->state != state)
			continue;
		add_thread(teller, thread);
		line_text(teller->line, text);
		if (thread->wchan[0]) {
			line_text(teller->line, " in ");
			line_name(teller->line, thread->wchan, strlen(thread->wchan));
		}
		if (thread->call.fd >= 0)
			add_fd(teller, thread->call.fd);
		finish(teller, rank);
	}
}

static void tell_zombie(const struct teller *teller)
{
	const struct proc_stat *stat = &teller->facts->process->stat;

	if (stat->state != 'Z')
		return;
	line_text(teller->line, "it is dead (a zombie): its parent ");
	add_process(teller->line, stat->ppid, teller->facts->parent);
	line_text(teller->line, " has not waited for it");
	finish(teller, WHY_ZOMBIE);
}

/* Where the main thread sleeps, and when it wakes by itself. */
static void tell_blocked(const struct teller *teller)
{
	const struct thread *thread = teller->facts->threads;
	struct line *line = teller->line;

	if (teller->facts->thread_count == 0 || thread->state != 'S' ||
	    (!thread->call.known && !thread->wchan[0]))
		return;
	line_text(line, "the main thread waits in ");
	if (thread->call.name)
		line_text(line, thread->call.name);
	else if (thread->wchan[0])
		line_name(line, thread->wchan, strlen(thread->wchan));
	else
		line_text(line, "a system call");
	if (thread->call.fd >= 0)
		add_fd(teller, thread->call.fd);
	if (thread->call.timeout >= 0 && thread->call.timeout != NS_NEVER) {
		line_text(line, "; wakes within ");
		line_duration(line, thread->call.timeout);
	}
	finish(teller, WHY_BLOCKED);
}

static void tell_running(const struct teller *teller)
{
	if (teller->facts->thread_count == 0 || teller->facts->threads[0].state != 'R')
		return;
	line_text(teller->line, "the main thread is running");
	finish(teller, WHY_BLOCKED);
}

/* --- handles -------------------------------------------------------------------------------------- */

typedef bool is_reason(const struct teller *teller, const struct handle *handle);

static bool is_listener(const struct teller *teller, const struct handle *handle)
{
	const struct sock *sock = table_sock(teller->facts->table, handle);

	return sock && sock->state == TCP_LISTEN;
}

static bool is_connection(const struct teller *teller, const struct handle *handle)
{
	const struct sock *sock = table_sock(teller->facts->table, handle);

	return sock && sock->state == TCP_ESTABLISHED &&
	       (sock->kind == KIND_TCP || sock->kind == KIND_UNIX);
}

static bool is_armed(const struct teller *teller, const struct handle *handle)
{
	(void)teller;
	return handle->kind == KIND_TIMERFD && handle->info.next_ns > 0;
}

/* A pipe that is read from, while another process can still write to it. */
static bool is_fed(const struct teller *teller, const struct handle *handle)
{
	const struct why_facts *facts = teller->facts;
	const struct peer *peer;

	if (handle->kind != KIND_PIPE || (handle->info.flags & O_ACCMODE) == O_WRONLY)
		return false;
	peer = peers_of(facts->peers, facts->table, handle, facts->process->pid);
	return peer && peer->pid != facts->process->pid;
}

static void add_peer(const struct teller *teller, const struct handle *handle)
{
	const struct why_facts *facts = teller->facts;
	const struct peer *peer = peers_of(facts->peers, facts->table, handle, facts->process->pid);

	if (!peer)
		return;
	line_text(teller->line, " held by ");
	add_process(teller->line, peer->pid, peer->comm);
}

static void tell_handles(const struct teller *teller, is_reason *is, enum why_rank rank,
			 const char *text)
{
	const struct table *table = teller->facts->table;
	size_t count = 0;

	for (size_t i = 0; i < table_count(table); i++) {
		const struct handle *handle = table_at(table, i);

		if (!is(teller, handle) || ++count > SHOWN)
			continue;
		line_text(teller->line, text);
		line_text(teller->line, ": ");
		line_number(teller->line, handle->fd);
		line_text(teller->line, " ");
		line_text(teller->line, kind_name(handle->kind));
		line_text(teller->line, " ");
		describe(teller->line, table, handle);
		if (rank == WHY_PIPE)
			add_peer(teller, handle);
		finish(teller, rank);
	}
	if (count <= SHOWN)
		return;
	line_text(teller->line, text);
	line_text(teller->line, ": and ");
	line_number(teller->line, (int64_t)(count - SHOWN));
	line_text(teller->line, " more");
	finish(teller, rank);
}

/* --- the rest ------------------------------------------------------------------------------------- */

static void tell_children(const struct teller *teller)
{
	for (size_t i = 0; i < teller->facts->child_count; i++) {
		const struct why_child *child = &teller->facts->children[i];

		line_text(teller->line,
			  child->state == 'Z' ? "dead child not waited for: " : "living child: ");
		add_process(teller->line, child->pid, child->comm);
		finish(teller, child->state == 'Z' ? WHY_HINT : WHY_CHILD);
	}
}

static bool does_the_same(const struct thread *a, const struct thread *b)
{
	return a->state == b->state && a->call.fd == b->call.fd && a->call.name == b->call.name &&
	       strcmp(a->comm, b->comm) == 0;
}

static size_t count_alike(const struct why_facts *facts, size_t at)
{
	size_t count = 0;

	for (size_t i = 1; i < facts->thread_count; i++)
		count += does_the_same(&facts->threads[at], &facts->threads[i]);
	return count;
}

/* Threads of one name that do the same are one line. */
static void tell_threads(const struct teller *teller)
{
	const struct why_facts *facts = teller->facts;
	struct line *line = teller->line;

	for (size_t i = 1; i < facts->thread_count; i++) {
		const struct thread *thread = &facts->threads[i];
		size_t first = 1;

		while (!does_the_same(&facts->threads[first], thread))
			first++;
		if (first < i)
			continue;
		line_text(line, "other threads: ");
		line_number(line, (int64_t)count_alike(facts, i));
		line_text(line, " x ");
		line_name(line, thread->comm, strlen(thread->comm));
		if (thread->state == 'R') {
			line_text(line, " running");
		} else if (thread->call.name) {
			line_text(line, " in ");
			line_text(line, thread->call.name);
		}
		if (thread->call.fd >= 0)
			add_fd(teller, thread->call.fd);
		finish(teller, WHY_THREAD);
	}
}

/* A blocked signal that a signalfd takes is handled all the same. */
static bool is_read(const struct teller *teller, int signal)
{
	const struct table *table = teller->facts->table;
	const size_t count = table_count(table);

	for (size_t i = 0; i < count; i++) {
		const struct handle *handle = table_at(table, i);

		if (handle->kind == KIND_SIGNALFD && handle->info.signals >> (signal - 1) & 1)
			return true;
	}
	return false;
}

static void tell_signals(const struct teller *teller)
{
	const struct process *process = teller->facts->process;
	const enum handling term = process_handling(process, SIGTERM);

	if (process->stat.state == 'Z')
		return;
	if (term == HANDLING_IGNORED || (term == HANDLING_BLOCKED && !is_read(teller, SIGTERM))) {
		line_text(teller->line, "SIGTERM is ");
		line_text(teller->line, handling_name(term));
		line_text(teller->line, ": it will not end it");
		finish(teller, WHY_SIGNAL);
	}
	if (process->pid == 1 && term == HANDLING_DEFAULT) {
		line_text(teller->line,
			  "process 1 has no handler for SIGTERM: the kernel drops it");
		finish(teller, WHY_SIGNAL);
	}
}

static bool watches_by_epoll(const struct table *table)
{
	return table->watches.len > 0;
}

static bool is_waited_for(const struct why_facts *facts, int fd)
{
	for (size_t i = 0; i < facts->thread_count; i++)
		if (facts->threads[i].call.fd == fd)
			return true;
	return false;
}

/* The peer has closed; the process has not, and where it uses epoll it has stopped listening too. */
static bool hint_close_wait(const struct teller *teller, const struct handle *handle)
{
	const struct table *table = teller->facts->table;
	const struct sock *sock = table_sock(table, handle);

	if (!sock || sock->kind != KIND_TCP || sock->state != TCP_CLOSE_WAIT)
		return false;
	line_text(teller->line, watches_by_epoll(table) && !handle->watchers &&
						!is_waited_for(teller->facts, handle->fd)
					? "likely leak: CLOSE_WAIT and in no epoll set: "
					: "possible leak: CLOSE_WAIT: ");
	return true;
}

static bool hint_queue(const struct teller *teller, const struct handle *handle)
{
	const struct sock *sock = table_sock(teller->facts->table, handle);

	if (!sock || sock->state != TCP_LISTEN || sock->backlog == 0 || sock->recvq < sock->backlog)
		return false;
	line_text(teller->line, "accept queue is full: ");
	return true;
}

static bool hint_deleted(const struct teller *teller, const struct handle *handle)
{
	if (!handle->deleted || handle->disk == 0)
		return false;
	line_text(teller->line, "deleted file uses disk space: ");
	return true;
}

static void tell_hint(const struct teller *teller, is_reason *hint)
{
	const struct table *table = teller->facts->table;
	size_t told = 0;

	for (size_t i = 0; i < table_count(table) && told < 10; i++) {
		const struct handle *handle = table_at(table, i);

		if (!hint(teller, handle))
			continue;
		told++;
		line_number(teller->line, handle->fd);
		line_text(teller->line, " ");
		describe(teller->line, table, handle);
		finish(teller, WHY_HINT);
	}
}

static void tell_stale(const struct teller *teller)
{
	const struct table *table = teller->facts->table;
	const struct watch *watches = (const struct watch *)(const void *)table->watches.bytes;

	for (size_t i = 0; i < table->watches.len / sizeof(*watches); i++) {
		if (!watches[i].stale)
			continue;
		line_text(teller->line, "stale epoll entry: ");
		line_number(teller->line, watches[i].epoll);
		line_text(teller->line, " watches a file that was closed as descriptor ");
		line_number(teller->line, watches[i].fd);
		line_text(teller->line, " and is open elsewhere");
		finish(teller, WHY_HINT);
	}
}

/* What is outside of the kernel is outside of our sight. */
static void tell_unseen(const struct teller *teller)
{
	const struct thread *thread = teller->facts->threads;

	if (teller->facts->table->unreadable) {
		line_text(teller->line, "its descriptors may not be read: reasons may be missing");
		finish(teller, WHY_UNSEEN);
	}
	if (teller->facts->thread_count > 0 && !thread->call.known && thread->state == 'S') {
		line_text(teller->line, "its system call may not be read");
		finish(teller, WHY_UNSEEN);
	}
	if (teller->facts->thread_count == 0 || !thread->call.name ||
	    strcmp(thread->call.name, "epoll_wait") != 0)
		return;
	line_text(teller->line,
		  "timers, promises and callbacks inside the program cannot be seen from outside");
	finish(teller, WHY_UNSEEN);
}

void why_explain(const struct why_facts *facts, struct line *line, why_say *say, void *arg)
{
	const struct teller teller = {.facts = facts, .line = line, .say = say, .arg = arg};

	line->len = line->column = 0;
	tell_state(&teller, 'D', WHY_UNINTERRUPTIBLE, " cannot be interrupted (state D)");
	tell_state(&teller, 'T', WHY_STOPPED, " is stopped (SIGCONT lets it go on)");
	tell_state(&teller, 't', WHY_STOPPED, " is stopped by a tracer");
	tell_zombie(&teller);
	tell_blocked(&teller);
	tell_running(&teller);
	tell_handles(&teller, is_listener, WHY_LISTENER, "listens");
	tell_handles(&teller, is_connection, WHY_CONNECTION, "is connected");
	tell_handles(&teller, is_armed, WHY_TIMER, "armed timer");
	tell_children(&teller);
	tell_handles(&teller, is_fed, WHY_PIPE, "reads a pipe that can still be written");
	tell_threads(&teller);
	tell_signals(&teller);
	tell_hint(&teller, hint_close_wait);
	tell_stale(&teller);
	tell_hint(&teller, hint_queue);
	tell_hint(&teller, hint_deleted);
	tell_unseen(&teller);
}
