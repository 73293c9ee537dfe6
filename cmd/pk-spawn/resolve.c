/* From a name to addresses, without waiting for it. */
#include "resolve.h"

#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "probe.h"

static void add(struct resolved *resolved, const void *address, socklen_t len)
{
	if (len == 0 || resolved->count == RESOLVED_MAX)
		return;
	memcpy(&resolved->addresses[resolved->count], address, len);
	resolved->lens[resolved->count++] = len;
}

static void add_here(struct resolved *resolved, const struct spec *spec, int family)
{
	struct sockaddr_storage address;
	socklen_t len = probe_address(spec->host, spec->port, family, &address);

	add(resolved, &address, len);
}

/* In the process of its own: look it up, write it down. */
static _Noreturn void look_up(const struct spec *spec, int to, pid_t parent)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct resolved found = {0};
	struct addrinfo *list = NULL;
	char port[8];

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	(void)snprintf(port, sizeof(port), "%u", spec->port);
	if (getaddrinfo(spec->host, port, &hints, &list) == 0)
		for (const struct addrinfo *at = list; at; at = at->ai_next)
			add(&found, at->ai_addr, at->ai_addrlen);
	(void)!fd_write_full(to, &found, sizeof(found));
	_exit(0);
}

static int hear(struct guard *guard, int from, int64_t until, struct resolved *ret)
{
	struct pollfd pfd = {.fd = from, .events = POLLIN};
	struct resolved found;
	int event;

	do
		event = guard_wait(guard, &pfd, 1, until);
	while (event >= 0 && event != GUARD_READY && event != GUARD_TIME && event != GUARD_STOP);
	/* It is smaller than a pipe, and written at once. */
	if (event != GUARD_READY ||
	    fd_read_full(from, &found, sizeof(found)) != (ssize_t)sizeof(found))
		return 0;
	*ret = found;
	return found.count;
}

int resolve(struct guard *guard, const struct spec *spec, int64_t until, struct resolved *ret)
{
	const pid_t parent = getpid();
	int ends[2], count;
	pid_t pid;

	ret->count = 0;
	add_here(ret, spec, AF_INET);
	add_here(ret, spec, AF_INET6);
	if (ret->count > 0)
		return ret->count;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return 0;
	pid = fork();
	if (pid == 0)
		look_up(spec, ends[1], parent);
	fd_drop(&ends[1]);
	count = pid > 0 ? hear(guard, ends[0], until, ret) : 0;
	fd_drop(&ends[0]);
	/* Who still looks when nobody waits any more dies with this process, which is about to end. */
	return count;
}
