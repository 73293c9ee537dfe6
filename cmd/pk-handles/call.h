#ifndef PK_HANDLES_CALL_H
#define PK_HANDLES_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base.h"

/* The system call that a thread sleeps in, from /proc/PID/task/TID/syscall (proc(5)). */
struct call {
	bool known;	  /* the thread is in a system call, and we may see which */
	const char *name; /* NULL: one that is not in our table */
	int fd;		  /* the descriptor that it is about, or -1 */
	int64_t timeout; /* ns that it sleeps at most, NS_NEVER, or -1: not known from its arguments */
};

/* Decode the text of that file. "running" and a thread outside of any call are not known. */
struct call call_parse(const char *text);

#endif
