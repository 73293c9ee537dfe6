/* Limits on a process: pure comparisons. */
#include "check.h"

#include <netinet/tcp.h>

const char *check_name(enum check check)
{
	static const char *const names[CHECK_COUNT] = {
		[CHECK_FDS] = "fds",
		[CHECK_PERCENT] = "percent",
		[CHECK_CLOSE_WAIT] = "close_wait",
		[CHECK_THREADS] = "threads",
		[CHECK_CHILDREN] = "children",
		[CHECK_RSS] = "rss_bytes",
	};

	return names[check];
}

static int64_t count_close_wait(const struct table *table)
{
	int64_t count = 0;

	if (table->unreadable)
		return -1;
	for (size_t i = 0; i < table_count(table); i++) {
		const struct sock *sock = table_sock(table, table_at(table, i));

		count += sock && sock->kind == KIND_TCP && sock->state == TCP_CLOSE_WAIT;
	}
	return count;
}

int64_t check_value(enum check check, const struct process *process, const struct table *table)
{
	switch (check) {
	case CHECK_FDS:
		return process->fds;
	case CHECK_PERCENT:
		return process_percent(process);
	case CHECK_CLOSE_WAIT:
		return count_close_wait(table);
	case CHECK_THREADS:
		return process->stat.threads;
	case CHECK_CHILDREN:
		return process->children;
	case CHECK_RSS:
		return process->rss_kb < 0 ? -1 : process->rss_kb * 1024;
	case CHECK_COUNT:
		break;
	}
	return -1;
}

int check_handler(const struct checks *checks, const struct process *process, int after)
{
	/* Bit N stands for signal N + 1. */
	for (int bit = after; bit < 64; bit++)
		if ((checks->handlers >> bit & 1) &&
		    process_handling(process, bit + 1) == HANDLING_DEFAULT)
			return bit + 1;
	return 0;
}
