#ifndef PK_CREW_H
#define PK_CREW_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base.h"
#include "common/events.h"
#include "common/guard.h"
#include "common/signame.h"
#include "common/status.h"
#include "common/terminal.h"
#include "common/tree.h"

/*
 * A front with any number of guards: the process that the caller started and waits for, and below it
 * one guard for each thing that is owned apart from the others. This is the outer half of guard.h's
 * promise: when a guard is killed from outside, what it owned becomes the front's and is ended here,
 * and the other guards, the front's only other children, are left alone.
 *
 *	crew_open(&crew, events, max, true);
 *	member = crew_hire(&crew, body, arg);
 *	while (crew_wait(&crew, NULL, 0, NS_NEVER, &event) != CREW_GONE)
 *		if (event.kind == CREW_ORDER)
 *			crew_order(&crew, CREW_ALL, &event.order);
 *	crew_close(&crew);
 *
 * Each guard runs a body of its own and has one channel to the front: orders go down (crew_order),
 * reports come up (guard_report), and its end is seen by both sides, however it comes. The front
 * holds no time limit of a command: it may be stopped (Ctrl-Z) and delays nothing.
 *
 * The front leaves TSTP, TTIN, TTOU and CONT alone, so that job control works on it as on the bare
 * command; signals that the caller had ignored stay ignored.
 */

/* A guard's work. Returns how the guard's process shall end, as the front will see it. */
typedef struct ending crew_body(struct guard *guard, void *arg);

enum crew_event_kind {
	CREW_ORDER = 1, /* a signal came for the tool; `order` is what the guards are told of it */
	CREW_REPORT,	/* `member` has sent `bytes` */
	CREW_GONE,	/* `member` has ended, and nothing of what it owned is left but if LOST */
	CREW_READY,	/* some extra[i].revents is set */
	CREW_TIME,	/* `until` has come */
};

enum crew_end {
	CREW_DONE,   /* body has returned `ending` */
	CREW_UNMADE, /* the guard could not be set up: `error`, a -errno; nothing was started */
	CREW_BEREFT, /* it was killed from outside; what it owned has been ended */
	CREW_LOST,   /* the same, but not all of that was within reach */
};

struct crew_event {
	enum crew_event_kind kind;
	int member;	    /* REPORT, GONE */
	struct order order; /* ORDER */
	const void *bytes;  /* REPORT: valid until the next crew_wait */
	size_t len;
	enum crew_end end; /* GONE */
	struct ending ending;
	int error;
};

struct crew_member {
	pid_t pid;   /* 0: reaped */
	int channel; /* -1: it has ended */
	bool told;   /* CREW_GONE has been returned */
	bool asks;   /* to be told that all signals so far have been passed on */
	bool clean;  /* the process ended by itself, with `code` */
	int code;
	struct news_farewell farewell;
};

#define CREW_EXTRA_MAX 16
#define CREW_STASH 16

/* For callers to keep; the members are crew.c's. */
struct crew {
	struct events *events;
	bool hears;
	pid_t self;
	int sigs;
	sigset_t blocked;
	struct sigstate caller;
	struct terminal terminal;
	bool forceful; /* some job was ended by force: its terminal modes may need to be put back */
	struct tree_spared spared;
	struct crew_member *members;
	struct pollfd *fds;
	struct crew_member lone; /* a crew of one needs no memory */
	struct pollfd lone_fds[2 + CREW_EXTRA_MAX];
	int count, max;
	int next;	  /* members before it have been looked at since the last poll */
	struct news news; /* the last one */
	struct order stash[CREW_STASH]; /* signals that have been read but not returned */
	size_t stashed;
};

/*
 * Become the front: block the signals, take the place of the subreaper, remember the terminal. At most
 * max guards will be hired; events is the sink that they share. Without hears no report is expected, and
 * a front with nothing else to do is woken by the end of a guard alone. Returns 0 or -errno.
 */
must_check int crew_open(struct crew *crew, struct events *events, int max, bool hears);

/*
 * Fork a guard that runs body(guard, arg). It inherits every descriptor of the front but the channels of
 * the others. Returns the number of the member, from 0 on and never used again, or -errno.
 */
must_check int crew_hire(struct crew *crew, crew_body *body, void *arg);

/* Close every descriptor of the caller but stderr, and those in keep: none is needed any more, and
 * somebody may wait for their end of file. Descriptors of the crew stay. */
void crew_let_go(const struct crew *crew, const int *keep, size_t count);

/*
 * Wait for the next event and return its kind, or -errno. extra are the caller's own descriptors, up to
 * CREW_EXTRA_MAX, polled along. A CREW_ORDER has not been passed on: the caller decides to whom. What a
 * member reported comes before its CREW_GONE.
 */
must_check int crew_wait(struct crew *crew, struct pollfd *extra, nfds_t count, int64_t until,
			 struct crew_event *ret_event);

/*
 * Give a member, or all with CREW_ALL, an order. It waits for a moment at most: a guard that does not read
 * is stopped (then it is continued) or dying. A guard that cannot be told ORDER_HALT loses its front
 * instead, and kills its tree. Returns 0, or the last -errno of an
 * order that a living guard will not get: a signal is then lost, as it can be on the way to any process
 * that is out of memory.
 */
#define CREW_ALL (-1)
int crew_order(const struct crew *crew, int member, const struct order *order);

/* Is the member's guard still there? */
bool crew_has(const struct crew *crew, int member);

/*
 * End whoever is left (each guard kills its tree, since its front is gone), wait for that, restore the
 * terminal and free everything. Returns false when something could not be ended.
 */
bool crew_close(struct crew *crew);

#endif
