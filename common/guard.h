#ifndef PK_GUARD_H
#define PK_GUARD_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base.h"
#include "common/child.h"
#include "common/events.h"
#include "common/owner.h"
#include "common/stop.h"

/*
 * The inner half of the front + guard pair (crew.h is the outer half): a process of its own that
 * owns whole trees of commands, one job after another. "Nothing that pk started survives pk" is
 * promised here and nowhere else:
 *
 *   - the guard is the subreaper of all it starts; a job is over when the guard has no child left;
 *   - when the front dies, however it dies, the channel to it ends and the guard kills everything;
 *   - when the guard is killed, the front, a subreaper too, inherits and kills the orphans.
 *
 * The guard is in its own process group and is named TREE_GUARD_NAME, so that killpg(2) and killing
 * by name on the caller's side miss it. It blocks every signal and takes orders from the front only.
 * All limits are timed here: a stopped front delays nothing.
 *
 * A tool's work runs inside the guard as a function (the body of crew_hire or front_run):
 *
 *	guard_start(guard, &job, &policy);
 *	while (guard_wait(guard, NULL, 0, NS_NEVER) != GUARD_ENDED)
 *		;
 *	use(guard_result(guard));
 *
 * Nothing is printed and nothing exits, except that a guard without a front kills its tree and ends.
 * The tree itself, its limits and its events are owner.h's.
 */
struct guard;

/* What the front tells the guard. */
enum order_kind {
	ORDER_STOP,  /* forward and start the grace clock */
	ORDER_PASS,  /* forward to the command itself, no clock; a HUP without one ends the tool */
	ORDER_OFFER, /* the same, but without a command it is nobody's */
	ORDER_TYPED, /* INT or QUIT typed at the terminal: the command has it already */
	ORDER_CONTINUE, /* the front has been continued */
	ORDER_HALT, /* the front wants an end: stop the job as its policy says, start no other */
	ORDER_CALL, /* for the body: guard_wait returns GUARD_CALLED */
	ORDER_SYNC, /* the answer to NEWS_SYNC: all that came before it has been passed on */
};

struct order {
	enum order_kind kind;
	int signal;
	pid_t from; /* the sender, 0 for the kernel */
};

/*
 * What the guard tells the front, one datagram each.
 *
 * NEWS_SYNC: what is typed at the terminal ends the command and reaches the front at the same moment
 * (the kernel signals a whole group before anybody in it can die), but the front's order may come after
 * the command's end. At a terminal the guard therefore asks, the front passes on all that it has got
 * and answers, and only then a job is over.
 */
enum news_kind { NEWS_SYNC, NEWS_REPORT, NEWS_FAREWELL };

/* The last news, where the exit status cannot say it all: otherwise an ordinary end by that status. */
struct news_farewell {
	int error; /* -errno: the guard could not be set up */
	int signal;
	bool forceful; /* some job was ended by force */
};

#define GUARD_REPORT_MAX 1024

struct news {
	enum news_kind kind;
	union {
		struct news_farewell farewell;
		char report[GUARD_REPORT_MAX];
	};
};

/* Say what is done through note(arg, ...); NULL is silence. */
void guard_set_note(struct guard *guard, owner_note_fn *note, void *arg);

/* Call exited(arg) at the instant a job's command ends, before anything is done about what it left
 * running; NULL: no more. */
void guard_set_exited(struct guard *guard, owner_exited_fn *exited, void *arg);

/* Call stopping(arg) right before a job's command is first sent anything to end it; NULL: no more. */
void guard_set_stopping(struct guard *guard, owner_stopping_fn *stopping, void *arg);

/* The sink that the guard writes to; a tool's own events go there too. */
struct events *guard_events(struct guard *guard);

/*
 * Start a job; the one before is over. policy must outlive the job. job->group is set here: the
 * caller's process group when there is a controlling terminal, else a new one. Returns 0, or -errno
 * with *ret_stage telling what failed (child.h). A held job runs into its limits from now on, but
 * waits for guard_release.
 */
must_check int guard_start(struct guard *guard, const struct child_job *job,
			   const struct stop_policy *policy, enum child_stage *ret_stage);
must_check int guard_release(struct guard *guard, enum child_stage *ret_stage);

/*
 * For a body that traces what it runs (ptrace(2)): the guard is the tracer, and trap is called from
 * guard_wait for each stop of a tracee. A traced command can stop before its exec, so guard_release,
 * which waits for that, comes after guard_tell and a guard_wait for the descriptor that guard_tell
 * returns (or -errno).
 */
void guard_set_trap(struct guard *guard, owner_trap_fn *trap, void *arg);
must_check int guard_tell(struct guard *guard);

/* The command's pid, from guard_start until guard_wait returns GUARD_ENDED. */
pid_t guard_pid(const struct guard *guard);

/*
 * Close every descriptor of the caller but stderr, and those in keep: no further job will need them,
 * and somebody may wait for their end of file.
 */
#define GUARD_KEEP_MAX 16
void guard_let_go(struct guard *guard, const int *keep, size_t count);

/*
 * Keep a signal that would be passed on to the command: guard_wait returns GUARD_CALLED for it,
 * whether a job runs or not. 0: none.
 */
void guard_claim(struct guard *guard, int signal);

/*
 * Wait, and do what is due meanwhile: reap, forward, time limits, the ending of the tree. extra are
 * the body's own descriptors, polled along with the guard's.
 *   GUARD_ENDED   the job is over, its tree is gone (or given up: survivors > 0)
 *   GUARD_STOP    no job runs, and a signal asks the tool to end: guard_stop_signal
 *   GUARD_READY   some extra[i].revents is set
 *   GUARD_TIME    `until` has come
 *   GUARD_CALLED  the claimed signal, or ORDER_CALL, has come
 * Or -errno: ppoll(2) failed.
 */
enum guard_event { GUARD_ENDED = 1, GUARD_STOP, GUARD_READY, GUARD_TIME, GUARD_CALLED };
must_check int guard_wait(struct guard *guard, struct pollfd *extra, nfds_t count, int64_t until);

/* How the last job ended. */
const struct owner_result *guard_result(const struct guard *guard);

/*
 * After GUARD_ENDED of a job whose leftovers its policy let go (ORPHANS_LEAVE): now that its result is
 * known, deal with them as policy->orphans says, stop or wait. policy must outlive that. Returns true
 * when there are any: guard_wait then leads to GUARD_ENDED again, and guard_result tells what it took.
 */
must_check bool guard_sweep(struct guard *guard, const struct stop_policy *policy);

/* After a job: is nothing left below this process, as far as the last reaping saw? False does not mean that
 * there still is. */
bool guard_is_childless(const struct guard *guard);

/* Stop the running job because of cause. guard_wait then goes on to GUARD_ENDED. */
void guard_stop(struct guard *guard, enum stop_cause cause);

/* From now on commands get a process group of their own also at a terminal: what is typed there is not for
 * them. */
void guard_stand_apart(struct guard *guard);

/* Send the running command itself a signal: no clock. */
void guard_pass(struct guard *guard, int signal);

/* The first signal that asked the tool to stop, forwarded or typed, else 0. Start nothing after it.
 * ORDER_HALT counts as its signal. */
int guard_stop_signal(const struct guard *guard);

/*
 * Send the front's owner a report of up to GUARD_REPORT_MAX bytes; it arrives as CREW_REPORT (crew.h).
 * Never waits. Returns 0, -EAGAIN when the front, stopped, has left too many unread (guard_room tells
 * when to try again), or -errno.
 */
must_check int guard_report(struct guard *guard, const void *bytes, size_t len);

/* For guard_wait's extra: ready when a report can be sent. */
struct pollfd guard_room(const struct guard *guard);

/*
 * When the front has died, call bereft(arg) after the tree has been ended: the guard's last act, for
 * what others must not miss (a token of theirs).
 */
void guard_set_bereft(struct guard *guard, void (*bereft)(void *arg), void *arg);

/* For crew.c, which keeps it on its stack. */
struct guard {
	int channel; /* to the front, SOCK_SEQPACKET */
	int sigs;    /* SIGCHLD, as a descriptor */
	pid_t front;
	int leader;	    /* pidfd of the session leader where there is a terminal, else -1 */
	pid_t caller_group; /* with a terminal: commands join it, -1: they stay where they are; 0: none */
	bool mirrored; /* we have stopped the front because the command had stopped itself */
	const struct sigstate *caller;
	bool synced;	 /* the front has answered */
	int stop_signal; /* the first request to stop, for ever */
	int claimed;	 /* a signal that is for the body, or 0 */
	bool called;	 /* it has come */
	void (*bereft)(void *arg);
	void *bereft_arg;
	struct owner owner;
};

/* Make this forked process the guard; the members up to caller, and owner.events, are set. Returns 0
 * or -errno. */
must_check int guard_make(struct guard *guard);

/* The body has returned: a job that it did not wait for is killed. */
void guard_finish(struct guard *guard);

/* Send news; size is that of what follows the kind. Returns 0 or -errno. */
must_check int guard_send(int channel, enum news_kind kind, const void *bytes, size_t size,
			  int flags);

#endif
