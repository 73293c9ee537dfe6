#ifndef PK_OWNER_H
#define PK_OWNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "common/base.h"
#include "common/buf.h"
#include "common/child.h"
#include "common/events.h"
#include "common/status.h"
#include "common/stop.h"

/*
 * One command and everything below it, owned by the calling process, which must be the subreaper and
 * must own nothing else: from its start until the process has no child left. stop decides what
 * happens when; this carries it out, reaps, and writes the family's events about it. guard.h has the
 * loop around it.
 */

/* What was done, for a line on stderr (-v). */
enum owner_note { OWNER_FORWARDED, OWNER_ASKED, OWNER_KILLED, OWNER_NO_PROC };
typedef void owner_note_fn(void *arg, enum owner_note note, int signal, int targets);

/* The command itself has ended, in this moment: nothing has been done yet about what it left. */
typedef void owner_exited_fn(void *arg);

/* The command is about to be asked to stop, or killed, for the first time; nothing has been sent yet. */
typedef void owner_stopping_fn(void *arg);

enum owner_cause {
	CAUSE_EXITED,
	CAUSE_SIGNAL,
	CAUSE_TIMEOUT,
	CAUSE_IDLE,
	CAUSE_DEADLINE,
	CAUSE_INHERITED, /* the deadline of an enclosing tool (deadline.h) */
	CAUSE_OOM,	 /* SIGKILL while the cgroup's oom_kill counter grew */
	CAUSE_STOPPED,	 /* a request to stop was forwarded to it */
	CAUSE_UNKNOWN,	 /* SIGKILL of unknown origin, the counter cannot be read */
};

/* "exited", "signal", ... as events have it. */
const char *owner_cause_name(enum owner_cause cause);

/*
 * A tracee of the calling process (ptrace(2)) is in a stop, which wait(2) has not taken yet. Returns true
 * when that was the command itself stopping as by SIGSTOP.
 */
typedef bool owner_trap_fn(void *arg, pid_t tracee);

struct owner_result {
	bool ended;	      /* the command itself has ended; else it is among the survivors */
	struct ending ending; /* the command's own */
	enum owner_cause cause;
	bool timed_out; /* by a limit: timeout, deadline, inherited, idle */
	bool killed;	/* SIGKILL was needed, for the command or for what it left */
	bool requested; /* a forwarded signal asked it to stop */
	int passed;	/* the last signal that owner_pass passed on from outside, else 0 */
	int orphans;	/* descendants alive when the command ended by itself */
	int survivors;	/* what SIGKILL could not end */
	int64_t elapsed_ns;
	struct rusage usage; /* of the command and what it waited for (wait4(2)) */
};

struct owner {
	struct events *events;
	owner_note_fn *note; /* NULL: silence */
	void *note_arg;
	owner_exited_fn *exited; /* may be NULL */
	void *exited_arg;
	owner_stopping_fn *stopping; /* may be NULL */
	void *stopping_arg;
	owner_trap_fn *trap; /* NULL: nothing is traced */
	void *trap_arg;
	bool trap_stopped; /* the trap has seen the command stop */
	bool forceful; /* something was asked to stop or killed, in this job or an earlier one */

	bool running;	/* from owner_start until the tree is gone or given up */
	bool own_group; /* the command leads a process group that we made */
	struct child main;
	bool main_gone;
	bool is_stopping;   /* stopping has been called */
	bool saw_leftovers; /* the policy has decided about them */
	bool childless;	    /* reaping has found that nothing is left below this process */
	struct stop stop;
	int64_t started;
	int64_t oom_kills; /* the counter at the start, or -errno */
	struct buf asked;  /* pids that got the current stop signal */
	int condemned;	   /* by the last round of SIGKILL */
	int reaped;	   /* since then */
	int64_t kill_again;
	struct deadline_export deadline; /* what the command is told of its limit */
	struct owner_result result;
};

/*
 * Start job, in process group `group` (0: a new one); the one before is over. policy must outlive
 * the job. Returns 0, or -errno with *ret_stage telling what failed (child.h).
 */
must_check int owner_start(struct owner *owner, const struct child_job *job, pid_t group,
			   const struct sigstate *caller, const struct stop_policy *policy,
			   enum child_stage *ret_stage);

/* Let a held job go on to its exec. Returns as owner_start. */
must_check int owner_release(struct owner *owner, enum child_stage *ret_stage);

/* Reap what has died and draw the consequences; owner->running is false when the job is over. */
void owner_settle(struct owner *owner);

/* Something may be due: a limit, the end of the grace period. */
void owner_tick(struct owner *owner);

/* When owner_tick or, while things refuse to die, owner_settle is next to be called. */
int64_t owner_due(const struct owner *owner);

/*
 * The job is over and its policy let the leftovers go (ORPHANS_LEAVE): deal with them after all, as
 * policy->orphans says. policy must outlive that. Returns whether there are any; the job runs again.
 */
must_check bool owner_sweep(struct owner *owner, const struct stop_policy *policy);

/* Stop the job because of cause. */
void owner_stop(struct owner *owner, enum stop_cause cause);

/* Pass a request to stop on, sent by pid `from` (0: the kernel), and start the clock. */
void owner_request(struct owner *owner, int signal, pid_t from);

/* Pass a signal on to the command itself, sent by pid `from` (0: the kernel), without consequences. */
void owner_pass(struct owner *owner, int signal, pid_t from);

/*
 * Take note of the command having stopped (SIGSTOP, SIGTSTP ...) since the last call; false when it has
 * not, or is running again by now.
 */
must_check bool owner_take_stop(struct owner *owner);

/* Continue the command. */
void owner_continue(struct owner *owner);

/* Kill everything below this process, whatever job or none it is of, and reap until nothing is left.
 * sigs is a signalfd for SIGCHLD. Waits as long as that takes. */
void owner_exterminate(struct owner *owner, int sigs);

#endif
