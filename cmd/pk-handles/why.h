#ifndef PK_HANDLES_WHY_H
#define PK_HANDLES_WHY_H

#include "common/base.h"
#include "common/buf.h"
#include "handle.h"
#include "line.h"
#include "peer.h"
#include "process.h"
#include "thread.h"

/* Why a process is still alive, the strongest reason first; hints at leaks come last. */
enum why_rank {
	WHY_UNINTERRUPTIBLE = 1,
	WHY_STOPPED,
	WHY_ZOMBIE,
	WHY_BLOCKED,
	WHY_LISTENER,
	WHY_CONNECTION,
	WHY_TIMER,
	WHY_CHILD,
	WHY_PIPE,
	WHY_THREAD,
	WHY_SIGNAL,
	WHY_HINT,
	WHY_UNSEEN,
};

/* A living child. */
struct why_child {
	pid_t pid;
	char state;
	char comm[PROC_COMM_MAX];
};

/* Everything that the answer is made from. */
struct why_facts {
	const struct process *process;
	const struct table *table;
	const struct peers *peers;
	const struct thread *threads; /* the main one first */
	size_t thread_count;
	const struct why_child *children;
	size_t child_count;
	const char *parent; /* the name of the parent process, or "?" */
};

/* Called with each reason, in order of rank. */
typedef void why_say(void *arg, enum why_rank rank, const struct line *text);

/* Explain: pure, from the facts alone. line is scratch memory. */
void why_explain(const struct why_facts *facts, struct line *line, why_say *say, void *arg);

#endif
