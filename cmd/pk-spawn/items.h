#ifndef PK_SPAWN_ITEMS_H
#define PK_SPAWN_ITEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"

/*
 * Where a pool's items come from: the words behind `:::`, or a descriptor whose bytes are separated by
 * one character. No quoting, no splitting, and an empty item is an item; the last one may lack its
 * separator.
 *
 * Items are read when they are needed, at most ITEMS_WINDOW bytes beyond the last one taken, so that who
 * writes them slowly sees them run at once, and who reads the same pipe after us misses little. A
 * file is put back to the first byte that was not taken.
 */
#define ITEMS_WINDOW 4096

/* An item is at most that long: the kernel's limit for one argument is 128 KiB with its NUL (MAX_ARG_STRLEN). */
#define ITEMS_LONGEST ((size_t)128 * 1024)

struct items {
	char *const *list; /* of `:::`, NULL-terminated; or NULL */
	int fd;		   /* else */
	int own;	   /* fd when it was opened here, else -1 */
	char separator;
	bool unbounded; /* a longer item goes to a file; else it loses its end */
	bool ended;	/* nothing more comes */
	struct buf bytes;
	size_t at; /* of the first byte that has not been taken */
	bool cut;  /* the item at `at` goes on, and is being dropped or written to: */
	int file;
};

struct item {
	char *bytes; /* len bytes and a NUL, valid until the next call */
	size_t len;
	int file;      /* -1, or where all of a longer item is: the caller's to close */
	bool too_long; /* bytes are only its beginning */
};

/*
 * Read from path ("-" and NULL: stdin). A pipe is opened anew if that is possible, so that nobody
 * who reads it too can make us wait for good. Returns 0 or -errno.
 */
must_check int items_open(struct items *items, const char *path, char separator, bool unbounded);

/* Take the words of a list. */
void items_list(struct items *items, char *const *list);

/* Put back what was not taken, where that is possible, and free everything. */
void items_drop(struct items *items);

/*
 * Take the next item. Returns 1, 0 at the end, -EAGAIN when it has not been read yet (items_read), or
 * -errno.
 */
must_check int items_next(struct items *items, struct item *ret);

/* Read once; the descriptor is ready (poll(2)). Returns 0 or -errno. */
must_check int items_read(struct items *items);

/*
 * How many items there are, as far as that can be known without taking any: of a list or a file; -1: of
 * anything else.
 */
int64_t items_count(const struct items *items);

#endif
