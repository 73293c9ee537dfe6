/* Who holds the other end: one look through the descriptors of all processes. */
#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/fd.h"
#include "entries.h"
#include "process.h"

void peers_drop(struct peers *peers)
{
	buf_drop(&peers->found);
	sock_table_drop(&peers->wanted);
	sock_table_drop(&peers->system);
	sock_table_drop(&peers->tuples);
}

static bool is_other_end(const struct sock *a, const struct sock *b)
{
	return a->known && b->known && b->kind == KIND_TCP && a->family == b->family &&
	       a->local_port == b->remote_port && a->remote_port == b->local_port &&
	       memcmp(a->local, b->remote, sizeof(a->local)) == 0 &&
	       memcmp(a->remote, b->local, sizeof(a->local)) == 0;
}

static uint64_t mix(uint64_t hash, const unsigned char *bytes, size_t len)
{
	/* FNV-1a */
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

/* A number for the connection as seen from the end at `here`. */
static uint64_t tuple(const unsigned char *here, uint16_t here_port, const unsigned char *there,
		      uint16_t there_port)
{
	const unsigned char ports[4] = {(unsigned char)here_port, (unsigned char)(here_port >> 8),
					(unsigned char)there_port,
					(unsigned char)(there_port >> 8)};

	return mix(mix(mix(UINT64_C(0xcbf29ce484222325), here, 16), there, 16), ports, 4);
}

static int index_connections(struct peers *peers)
{
	for (size_t i = 0; i < peers->system.count; i++) {
		const struct sock *sock = &peers->system.socks[i];
		uint64_t key;

		if (sock->kind != KIND_TCP || sock->remote_port == 0)
			continue;
		key = tuple(sock->local, sock->local_port, sock->remote, sock->remote_port);
		if (sock_want(&peers->tuples, key) < 0)
			return -ENOMEM;
		sock_find(&peers->tuples, key)->peer = sock->ino;
	}
	return 0;
}

static uint64_t tcp_end(const struct peers *peers, const struct sock *sock)
{
	const struct sock *index, *end;

	if (sock->remote_port == 0)
		return 0;
	index = sock_find(&peers->tuples,
			  tuple(sock->remote, sock->remote_port, sock->local, sock->local_port));
	end = index ? sock_find(&peers->system, index->peer) : NULL;
	return end && is_other_end(sock, end) ? end->ino : 0;
}

uint64_t peers_other_end(const struct peers *peers, const struct table *table,
			 const struct handle *handle)
{
	const struct sock *sock = table_sock(table, handle), *known;

	if (handle->kind == KIND_PIPE)
		return handle->ino;
	if (!sock)
		return 0;
	known = sock_find(&peers->system, handle->ino);
	if (sock->kind == KIND_UNIX)
		return known ? known->peer : 0;
	return sock->kind == KIND_TCP ? tcp_end(peers, sock) : 0;
}

/* Ask for the other ends of all handles; the number of them. */
static int want_ends(struct peers *peers, const struct table *table)
{
	int count = 0;

	for (size_t i = 0; i < table_count(table); i++) {
		uint64_t ino = peers_other_end(peers, table, table_at(table, i));

		if (ino && sock_want(&peers->wanted, ino) < 0)
			return -ENOMEM;
		count += ino != 0;
	}
	return count;
}

/* Looking through one process. */
struct walk {
	struct peers *peers;
	int proc, fds;
	pid_t pid;
};

static void read_mode(const struct walk *walk, struct peer *peer)
{
	char path[48], text[1024];
	struct fdinfo info = FDINFO_NONE;
	struct proc_stat stat;

	(void)snprintf(path, sizeof(path), "%d/fdinfo/%d", (int)walk->pid, peer->fd);
	peer->reads = peer->writes = true;
	if (fd_read_file(walk->proc, path, text, sizeof(text)) > 0 &&
	    fdinfo_parse(text, &info, NULL, NULL) == 0) {
		peer->reads = (info.flags & O_ACCMODE) != O_WRONLY;
		peer->writes = (info.flags & O_ACCMODE) != O_RDONLY;
	}
	if (proc_stat(walk->proc, walk->pid, &stat) == 0)
		memcpy(peer->comm, stat.comm, sizeof(peer->comm));
}

static int take(void *arg, const char *name)
{
	const struct walk *walk = arg;
	struct peer peer = {.pid = walk->pid};
	struct kind_link link;
	char text[64];
	ssize_t len;

	if (name[0] == '.')
		return 0;
	len = readlinkat(walk->fds, name, text, sizeof(text) - 1);
	if (len <= 0)
		return 0;
	text[len] = '\0';
	link = kind_of_link(text);
	if (link.ino == 0 || !sock_find(&walk->peers->wanted, link.ino))
		return 0;
	peer.ino = link.ino;
	peer.fd = (int)strtol(name, NULL, 10);
	read_mode(walk, &peer);
	return buf_add(&walk->peers->found, &peer, sizeof(peer));
}

static int look_into(void *arg, pid_t pid)
{
	struct walk *walk = arg;
	char path[32];
	int err;

	(void)snprintf(path, sizeof(path), "%d/fd", (int)pid);
	scoped(fd_drop) int fds = openat(walk->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fds < 0)
		return 0;
	walk->fds = fds;
	walk->pid = pid;
	err = entries_each(fds, take, walk);
	return err == -ENOMEM || err == -EFBIG ? err : 0;
}

static int by_inode(const void *a, const void *b)
{
	const struct peer *x = a, *y = b;

	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return (x->fd > y->fd) - (x->fd < y->fd);
}

int peers_find(struct peers *peers, int proc, const struct table *table)
{
	struct walk walk = {.peers = peers, .proc = proc};
	int count, err;

	peers->found.len = 0;
	sock_table_clear(&peers->wanted);
	if (table->socks.count > 0 && peers->system.count == 0) {
		peers->system.open = true;
		/* Refused: the ends of sockets stay unknown, those of pipes do not. */
		(void)!sock_dump(&peers->system);
		if (index_connections(peers) < 0)
			return -ENOMEM;
	}
	count = want_ends(peers, table);
	err = count <= 0 ? count : process_each(proc, look_into, &walk);
	if (peers->found.len > 0)
		qsort(peers->found.bytes, peers->found.len / sizeof(struct peer),
		      sizeof(struct peer), by_inode);
	return err;
}

/* The first of those with that inode, in the order of the list. */
static size_t first_of(const struct peer *found, size_t count, uint64_t ino)
{
	size_t low = 0, high = count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (found[middle].ino < ino)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool fits(const struct handle *handle, const struct peer *peer)
{
	const unsigned mode = handle->info.flags & O_ACCMODE;

	if (handle->kind != KIND_PIPE)
		return true;
	return (mode != O_RDONLY || peer->writes) && (mode != O_WRONLY || peer->reads);
}

const struct peer *peers_of(const struct peers *peers, const struct table *table,
			    const struct handle *handle, pid_t pid)
{
	const struct peer *found = (const struct peer *)(const void *)peers->found.bytes;
	const uint64_t ino = peers_other_end(peers, table, handle);
	const size_t count = peers->found.len / sizeof(*found);
	const struct peer *own = NULL;

	for (size_t i = first_of(found, count, ino); ino && i < count && found[i].ino == ino; i++) {
		if (!fits(handle, &found[i]) || (found[i].pid == pid && found[i].fd == handle->fd))
			continue;
		if (found[i].pid != pid)
			return &found[i];
		own = &found[i];
	}
	return own;
}
