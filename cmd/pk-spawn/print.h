#ifndef PK_SPAWN_PRINT_H
#define PK_SPAWN_PRINT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/base.h"
#include "common/buf.h"
#include "common/sink.h"

/*
 * A pool's way to the caller's stdout and stderr: what is added is written at once as far as there is
 * room, the rest is kept until print_flush. A producer that stops while print_busy bounds what is
 * kept to its last piece.
 */
enum { PRINT_OUT, PRINT_ERR, PRINT_STREAMS };

struct print_stream {
	struct sink sink;
	struct buf bytes;
	size_t at; /* of the first byte that has not been written */
	int err;   /* the first failure, -errno: nothing is written any more */
};

struct print {
	struct print_stream streams[PRINT_STREAMS];
	bool one; /* stdout and stderr are the same object */
};

void print_open(struct print *print);
void print_drop(struct print *print);

/* Add bytes behind what is kept. Out of memory is a failure of the stream. */
void print_add(struct print *print, int stream, const char *bytes, size_t len);

/* Write what can be written. Returns true when nothing is kept any more. */
bool print_flush(struct print *print);

bool print_busy(const struct print *print);

/* What to wait for while it is busy. Returns how many. */
nfds_t print_poll(const struct print *print, struct pollfd polls[static PRINT_STREAMS]);

#endif
