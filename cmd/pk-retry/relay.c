/* Stderr through our hands. */
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/fd.h"
#include "pump.h"

int relay_begin(struct relay *relay)
{
	int ends[2], flags;

	*relay = RELAY_EMPTY;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	relay->from = ends[0];
	relay->to = ends[1];
	flags = fcntl(relay->from, F_GETFL);
	if (flags < 0 || fcntl(relay->from, F_SETFL, flags | O_NONBLOCK) < 0) {
		flags = -errno;
		fd_drop(&relay->from);
		fd_drop(&relay->to);
		return flags;
	}
	return relay->to;
}

void relay_started(struct relay *relay)
{
	fd_drop(&relay->to);
}

nfds_t relay_poll(const struct relay *relay, struct pollfd poll[static 2])
{
	if (relay->from < 0)
		return 0;
	poll[0] = (struct pollfd){.fd = relay->len == 0 ? relay->from : -1, .events = POLLIN};
	poll[1] = (struct pollfd){.fd = relay->len > 0 ? STDERR_FILENO : -1, .events = POLLOUT};
	return 2;
}

/* Read a piece. Returns false at the end, or when there is nothing now. */
static bool take(struct relay *relay, struct match *match)
{
	ssize_t n;

	do
		n = read(relay->from, relay->piece, sizeof(relay->piece));
	while (n < 0 && errno == EINTR);
	relay->at = 0;
	relay->len = n > 0 ? (size_t)n : 0;
	match_add(match, relay->piece, relay->len);
	if (n == 0)
		fd_drop(&relay->from);
	return n > 0;
}

void relay_step(struct relay *relay, const struct pollfd poll[static 2], struct match *match)
{
	ssize_t n;

	if (poll[0].revents) {
		(void)take(relay, match);
		return;
	}
	if (!poll[1].revents)
		return;
	n = write(STDERR_FILENO, relay->piece + relay->at, relay->len - relay->at);
	if (n > 0)
		relay->at += (size_t)n;
	/* A stderr that does not work gets nothing, and there is nobody to be told. */
	if (relay->at == relay->len || (n < 0 && errno != EAGAIN && errno != EINTR))
		relay->len = 0;
}

void relay_end(struct relay *relay, struct guard *guard, struct match *match, int64_t until)
{
	fd_drop(&relay->to);
	if (relay->from < 0)
		return;
	do
		if (relay->len > 0)
			(void)!pump_bytes(guard, STDERR_FILENO, relay->piece + relay->at,
					  relay->len - relay->at, until);
	while (relay->from >= 0 && take(relay, match));
	fd_drop(&relay->from);
}
