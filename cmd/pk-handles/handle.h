#ifndef PK_HANDLES_HANDLE_H
#define PK_HANDLES_HANDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base.h"
#include "common/buf.h"
#include "fdinfo.h"
#include "kind.h"
#include "process.h"
#include "sock.h"

/* What became of the process that a pidfd means; outside: of a namespace that we do not see into. */
enum target { TARGET_ALIVE, TARGET_ZOMBIE, TARGET_REAPED, TARGET_OUTSIDE };

/* One open descriptor with its facts. */
#define HANDLE_WATCHERS 4
struct handle {
	int fd;
	pid_t tid; /* the thread whose private table it is in; 0: the process's table */
	enum kind kind;
	bool has_info; /* fdinfo was readable */
	bool has_stat;
	bool socket;	/* ino is a socket's, whatever its kind turned out to be */
	bool deleted;	/* has a path and no link left in the file system */
	bool timed_out; /* stat did not answer in time */
	struct fdinfo info;
	uint64_t ino, dev;
	int64_t size, disk; /* bytes; disk is what is allocated */
	size_t name;	    /* offset in the table's text */
	size_t name_len;
	size_t sock;		   /* index + 1 into the table's socks, 0: none */
	enum target target;	   /* of a pidfd */
	size_t watch, watch_count; /* what this epoll descriptor watches */
	unsigned watchers;	   /* how many epoll descriptors of the process watch this one */
	int watched_by[HANDLE_WATCHERS]; /* the first of them */
};

/* A watch of an epoll descriptor; stale: the file that it is about is not that descriptor any more. */
struct watch {
	int epoll; /* the descriptor that watches */
	int fd;
	uint32_t events;
	uint64_t ino;
	bool stale;
};

/* All descriptors of one process: {.text.cap ...} by table_init. Memory is kept for the next process. */
struct table {
	struct buf handles; /* of struct handle */
	struct buf watches; /* of struct watch */
	struct sock_table socks;
	struct buf text; /* names, each NUL-terminated */
	size_t own;	 /* handles of the process's own table; those of threads follow */
	int timeouts;	 /* files whose stat did not answer */
	bool unreadable; /* the process may not be looked at */
};

void table_init(struct table *table);
void table_drop(struct table *table);
void table_clear(struct table *table);

size_t table_count(const struct table *table);
struct handle *table_at(const struct table *table, size_t i);
const char *table_name(const struct table *table, const struct handle *handle);
const struct sock *table_sock(const struct table *table, const struct handle *handle);
const struct watch *table_watches(const struct table *table, const struct handle *handle);

/* The handle of that descriptor in the process's own table, or NULL. */
const struct handle *table_find(const struct table *table, int fd);

/*
 * Compare what epoll descriptors watch with what is there: a closed descriptor whose description lives on
 * leaves a stale watch under a number that may be another file's by now. Sets stale and watchers.
 */
void table_link(struct table *table);

#endif
