#ifndef PK_HANDLES_PEER_H
#define PK_HANDLES_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base.h"
#include "common/buf.h"
#include "common/proc.h"
#include "handle.h"

/* A process that holds the other end of a pipe, of a unix socket or of a TCP connection on this machine. */
struct peer {
	uint64_t ino; /* of that end; a pipe has one for both */
	pid_t pid;
	int fd;
	bool reads, writes;
	char comm[PROC_COMM_MAX];
};

/* Who holds what, of the inodes that were asked for. */
struct peers {
	struct buf found;	  /* of struct peer */
	struct sock_table wanted; /* by inode: what is looked for */
	struct sock_table system; /* every socket of our network namespace */
	struct sock_table
		tuples; /* of those, TCP connections: by hash of addresses, peer is the inode */
};
#define PEERS_NONE ((struct peers){.found = {.cap = (size_t)256 << 20}})

void peers_drop(struct peers *peers);

/*
 * Look through all processes for the other ends of table's handles. What is not to be seen is missing.
 * Returns 0 or -errno.
 */
must_check int peers_find(struct peers *peers, int proc, const struct table *table);

/* The inode of the other end: of a pipe its own; 0: there is none, or not on this machine. */
uint64_t peers_other_end(const struct peers *peers, const struct table *table,
			 const struct handle *handle);

/*
 * The first process that holds the other end of handle, which is pid's: for a pipe one that can do the
 * opposite of what the handle can. Other processes come before pid itself. NULL: nobody was found.
 */
const struct peer *peers_of(const struct peers *peers, const struct table *table,
			    const struct handle *handle, pid_t pid);

#endif
