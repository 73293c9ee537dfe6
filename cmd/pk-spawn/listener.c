/* Listening sockets and their holders. */
#include "listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/fd.h"
#include "common/proc.h"
#include "diag.h"

/* A tree of so many processes is looked at, and no more. */
#define TREE_MOST (65536 * sizeof(pid_t))

static bool is_any(const struct listener *listener)
{
	static const struct in6_addr any;

	return memcmp(&listener->address, &any, listener->family == AF_INET ? 4 : 16) == 0;
}

static bool is_at(const struct listener *listener, int family, const char *text)
{
	struct in6_addr address;

	return listener->family == family && inet_pton(family, text, &address) == 1 &&
	       memcmp(&listener->address, &address, family == AF_INET ? 4 : 16) == 0;
}

bool listener_is_for(const struct listener *listener, const char *host)
{
	if (*host == '\0')
		return true;
	if (strcmp(host, "localhost") == 0)
		return is_any(listener) || is_at(listener, AF_INET, "127.0.0.1") ||
		       is_at(listener, AF_INET6, "::1") ||
		       is_at(listener, AF_INET6, "::ffff:127.0.0.1");
	/* A socket of `::` takes IPv4 connections too, unless it was told otherwise. */
	if (is_any(listener))
		return listener->family == AF_INET6 || !strchr(host, ':');
	return is_at(listener, AF_INET, host) || is_at(listener, AF_INET6, host);
}

/* Hexadecimal words of 32 bits, each in the machine's order: how the kernel prints an address. */
static bool parse_address(const char *text, int family, struct in6_addr *ret)
{
	const size_t words = family == AF_INET ? 1 : 4;

	if (strlen(text) != 8 * words)
		return false;
	for (size_t i = 0; i < words; i++) {
		char word[9] = "";
		uint32_t value;
		char *end;

		memcpy(word, text + 8 * i, 8);
		value = (uint32_t)strtoul(word, &end, 16);
		if (*end != '\0')
			return false;
		memcpy((char *)ret + 4 * i, &value, sizeof(value));
	}
	return true;
}

/* The n-th word of a line, from 0, as a number; 0 when there is none. */
static uint64_t word_number(const char *line, int n, int base)
{
	for (line += strspn(line, " "); n > 0; n--) {
		line += strcspn(line, " \n");
		line += strspn(line, " ");
	}
	return strtoull(line, NULL, base);
}

int listener_parse(const char *line, int family, struct listener *ret)
{
	enum { STATE = 3, INODE = 9 };
	struct listener got = {.family = family};
	const char *address = strchr(line, ':'), *port;
	char text[33];
	size_t len;

	if (!address)
		return -EINVAL;
	address += 1 + strspn(address + 1, " ");
	len = strcspn(address, ": \n");
	port = address + len;
	if (len >= sizeof(text) || *port != ':')
		return -EINVAL;
	memcpy(text, address, len);
	text[len] = '\0';
	if (!parse_address(text, family, &got.address))
		return -EINVAL;
	got.port = (uint16_t)strtoul(port + 1, NULL, 16);
	got.listens = word_number(line, STATE, 16) == 0x0a; /* TCP_LISTEN */
	got.ino = word_number(line, INODE, 10);
	*ret = got;
	return 0;
}

struct search {
	const struct spec *spec;
	struct listeners *found;
};

static void add(void *arg, const struct listener *listener)
{
	const struct search *search = arg;
	struct listeners *found = search->found;

	if (listener->listens && listener->ino && listener->port == search->spec->port &&
	    listener_is_for(listener, search->spec->host) && found->count < LISTENERS_MAX)
		found->inos[found->count++] = listener->ino;
}

static int read_table(const char *path, int family, struct search *search)
{
	FILE *table = fopen(path, "re");
	struct listener listener;
	char line[512];

	if (!table)
		return -errno;
	while (fgets(line, sizeof(line), table))
		if (listener_parse(line, family, &listener) == 0)
			add(search, &listener);
	(void)fclose(table);
	return 0;
}

static int find_tcp(struct search *search)
{
	int err = diag_tcp(search->spec->port, add, search);

	if (err >= 0)
		return 0;
	/* A kernel or a sandbox without sock_diag. */
	search->found->count = 0;
	err = read_table("/proc/net/tcp", AF_INET, search);
	return read_table("/proc/net/tcp6", AF_INET6, search) >= 0 ? 0 : err;
}

int listeners_find(const struct spec *spec, struct listeners *ret)
{
	struct search search = {.spec = spec, .found = ret};

	ret->count = 0;
	if (spec->kind != SPEC_UNIX)
		return find_tcp(&search);
	return diag_unix(spec->rest, ret->inos, LISTENERS_MAX, &ret->count);
}

/* --- who holds them ------------------------------------------------------------------------------ */

struct holder {
	const struct listeners *listeners;
	int fds; /* PID/fd */
};

/* Negative when it is one of them: the walk is over. */
static int visit_fd(void *arg, const char *name)
{
	const struct holder *holder = arg;
	char link[64];
	static const char kind[] = "socket:[";
	uint64_t ino;
	ssize_t len = readlinkat(holder->fds, name, link, sizeof(link) - 1);

	if (len < 0)
		return 0;
	link[len] = '\0';
	if (strncmp(link, kind, sizeof(kind) - 1) != 0)
		return 0;
	ino = strtoull(link + sizeof(kind) - 1, NULL, 10);
	for (size_t i = 0; i < holder->listeners->count; i++)
		if (holder->listeners->inos[i] == ino)
			return -EEXIST;
	return 0;
}

static bool holds(int proc, pid_t pid, const struct listeners *listeners)
{
	struct holder holder = {.listeners = listeners};
	char path[32];

	(void)snprintf(path, sizeof(path), "%d/fd", (int)pid);
	scoped(fd_drop) int fds = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fds < 0)
		return false;
	holder.fds = fds;
	return visit_fd(&holder, "0") < 0 || proc_each_numbered(fds, visit_fd, &holder) == -EEXIST;
}

static int add_pid(void *arg, pid_t pid)
{
	return buf_add(arg, &pid, sizeof(pid));
}

bool listeners_are_ours(const struct listeners *listeners)
{
	scoped(fd_drop) int proc = proc_open();
	scoped(buf_drop) struct buf pids = {.cap = TREE_MOST};
	bool found = false;

	if (proc < 0 || listeners->count == 0 ||
	    proc_each_child(proc, getpid(), 0, add_pid, &pids) < 0)
		return false;
	for (size_t at = 0; at < pids.len && !found; at += sizeof(pid_t)) {
		pid_t pid;

		memcpy(&pid, pids.bytes + at, sizeof(pid));
		found = holds(proc, pid, listeners);
		/* Who is gone has no children any more. */
		(void)!proc_each_child(proc, pid, 0, add_pid, &pids);
	}
	return found;
}
