#ifndef PK_SPAWN_READY_H
#define PK_SPAWN_READY_H

#include <poll.h>
#include <regex.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "common/base.h"
#include "common/child.h"
#include "common/match.h"
#include "notify.h"
#include "probe.h"
#include "spec.h"

/*
 * Is a command of ours ready? A line, a descriptor, a message and a file are events. For what the kernel
 * has no event (tcp, unix, http, a file behind a link, one whose folder comes or goes) it is looked every
 * millisecond at first, then less and less often, in the end every 20 ms.
 *
 * A port counts when a socket listens on it that a process of our tree holds. Who else listens is a
 * foreigner: an older server that still has the port answers in vain.
 */
struct ready {
	const struct spec *spec; /* NULL: nothing is asked */
	bool yes;
	bool foreign; /* a listener that is not ours was there when it was looked last */
	int64_t started;
	int64_t foreign_since; /* NS_NEVER: not */
	int64_t next;	       /* look again */
	regex_t regex;
	bool has_regex;
	struct match lines[2]; /* of stdout and stderr */
	int from, to;	       /* fd:N */
	int notify;
	char notify_name[NOTIFY_NAME_MAX];
	int watch; /* inotify, on the folder of file:, or -1: looked for */
	bool existed;
	struct stat before;
	int family; /* of the next probe */
	struct probe probe;
};

#define READY_OFF                                                                                  \
	((struct ready){.from = -1, .to = -1, .notify = -1, .watch = -1, .probe = {.fd = -1}})
#define READY_POLLS 1

/*
 * Prepare for the command; spec may be NULL. Returns 0, or -errno; -EINVAL is an expression of line: that
 * is none.
 */
must_check int ready_open(struct ready *ready, const struct spec *spec);
void ready_drop(struct ready *ready);

/* Does it need to see what the command writes? Then ready_look is the relay's. */
bool ready_reads(const struct ready *ready);
bool ready_look(void *ready, int stream, const char *bytes, size_t len);

/* A descriptor for the command, if there is one: returns how many (0, 1). */
size_t ready_fds(const struct ready *ready, struct child_fd fds[static 1]);

/* The command has been started. */
void ready_started(struct ready *ready, int64_t now);

/* Descriptors of ours. Returns how many, at most READY_KEEPS. */
#define READY_KEEPS 3
size_t ready_keep(const struct ready *ready, int keep[static READY_KEEPS]);

/* What to wait for until it is ready, and afterwards too: messages that are not read block who sends them. */
nfds_t ready_poll(const struct ready *ready, struct pollfd polls[static READY_POLLS]);

/* When ready_step is to be called if none of that comes. */
int64_t ready_due(const struct ready *ready);

/* Look whether it is so by now. */
void ready_step(struct ready *ready, int64_t now);

/* Is what was ready so still? For a port that another may have taken; true where it cannot be lost. */
must_check bool ready_lasts(const struct ready *ready);

#endif
