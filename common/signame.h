#ifndef PK_SIGNAME_H
#define PK_SIGNAME_H

#include <signal.h>

#include "common/base.h"

/* A name without SIG ("TERM", "RTMIN+3" is written as its number) for events and messages. */
#define SIGNAME_MAX 16
const char *signame(int signal, char text[static SIGNAME_MAX]);

/*
 * Read a signal: TERM, SIGTERM, term, or a number from 1 to the last real-time signal. Returns 0 and
 * sets *ret_signal, or -EINVAL.
 */
must_check int signame_parse(const char *text, int *ret_signal);

/*
 * The caller's signal state, which a command gets back exactly (execve(2) keeps the mask and ignored
 * signals). We change two things only: every signal that we handle is blocked and read from a
 * signalfd, and SIGCHLD is set to its default, because an ignored one makes wait(2) forget children.
 */
struct sigstate {
	sigset_t mask;
	struct sigaction child;
};

/*
 * Block `block` on top of the caller's mask and set SIGCHLD to its default; *ret_old is what there
 * was. Returns 0 or -errno.
 */
must_check int sigstate_take(struct sigstate *ret_old, const sigset_t *block);

/* Give the caller's state back, in a child before exec. Async-signal-safe. Returns 0 or -errno. */
must_check int sigstate_give(const struct sigstate *old);

/* A non-blocking, close-on-exec signalfd for set, or -errno. */
must_check int sigs_open(const sigset_t *set);

#endif
