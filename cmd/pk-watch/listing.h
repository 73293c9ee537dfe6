#ifndef PK_WATCH_LISTING_H
#define PK_WATCH_LISTING_H

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"
#include "lists.h"

/* The entries of one directory, by name and type alone: that is all that a first walk needs. */
struct listing {
	struct buf names; /* one after another: a byte DT_DIR, DT_LNK or DT_REG; the name; NUL */
	struct lists_present present;
	_Alignas(struct dirent64) char buffer[32768];
};

/* Which entries are wanted: directories, with `follow` links to directories as DT_LNK, and files. */
struct listing_wish {
	bool follow;
	enum { FILES_NONE, FILES_ALL, FILES_SINCE } files;
	int64_t since; /* FILES_SINCE: those with a ctime from then on */
};

/* List the open directory. Returns 0 or -errno. */
must_check int listing_read(struct listing *listing, int fd, struct listing_wish wish);

/* The ctime of fd itself, or of name below it, is not before `since`, or cannot be known. */
bool listing_is_since(int fd, const char *name, int64_t since);

#endif
