#ifndef PK_CHILD_H
#define PK_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "common/base.h"
#include "common/signame.h"

/*
 * Start a command without a shell. It gets the caller's signal state, descriptors, environment,
 * limits and directory as they are, except what the job says. vfork(2) and execve(2): the errno of a
 * failed exec comes back through the shared memory, never guessed from a status.
 */
struct child_fd {
	int from; /* a descriptor of ours */
	int to;	  /* its number in the command */
};

struct child_limit {
	int resource;
	struct rlimit value;
};

struct child_job {
	char *const *argv; /* argv[0] is looked up in PATH as the shell does */
	char *const *envp; /* NULL: environ, where an owner puts PK_DEADLINE (deadline.h) */
	const struct child_fd *fds; /* applied at once, as if all dup2(2) happened together */
	size_t fd_count;
	const struct child_limit *limits;
	size_t limit_count;
	pid_t group; /* process group to enter: 0 makes a new one, -1 stays in the parent's */
	bool held;   /* stop before exec until child_release, so that a tracer can attach */
};

/* How far a start came before it failed. */
enum child_stage { CHILD_FORK, CHILD_SETUP, CHILD_LIMIT, CHILD_EXEC };

struct child {
	pid_t pid;
	int hold;		/* the held child's socket, else -1: readable when it has gone on */
	bool told;		/* child_tell has been called */
	enum child_stage stage; /* of the failure */
};

#define CHILD_NONE ((struct child){.hold = -1})

/*
 * Start job. caller is the signal state to give back. The command gets SIGKILL when the calling
 * process dies (PR_SET_PDEATHSIG). Returns 0 with *ret_child set, or -errno with ret_child->stage
 * set: at CHILD_EXEC -ENOENT means "not found", anything else "found but cannot be executed". A child
 * that failed has been reaped.
 */
must_check int child_start(const struct child_job *job, const struct sigstate *caller,
			   struct child *ret_child);

/*
 * Tell a held child to go on to its exec without waiting for that, for a caller who has to do something
 * for it meanwhile: a tracer. child_release is still to be called. Returns 0 or -errno.
 */
must_check int child_tell(struct child *child);

/* Let a held child go on to its exec, and wait for that. Returns as child_start. */
must_check int child_release(struct child *child);

#endif
