/* Find, ask and end everything below this process. */
#include "common/tree.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/proc.h"

/*
 * Each round peels a chain whose members die at once of the signal: the child of the last is ours then.
 * Against processes that fork faster than we read, this many must do; SIGKILL ends those.
 */
#define ASK_ROUNDS 256

int tree_own(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 ? -errno : 0;
}

bool tree_is_empty(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD;
}

static int add_pid(void *arg, pid_t pid)
{
	return buf_add(arg, &pid, sizeof(pid));
}

static bool has_pid(const struct buf *pids, pid_t pid)
{
	for (size_t at = 0; at < pids->len; at += sizeof(pid))
		if (memcmp(pids->bytes + at, &pid, sizeof(pid)) == 0)
			return true;
	return false;
}

int tree_spare(struct tree_spared *ret)
{
	scoped(fd_drop) int proc = -1;

	*ret = (struct tree_spared){.pids = {.cap = TREE_CAP}};
	if (tree_is_empty())
		return 0;
	proc = proc_open();
	return proc < 0 ? proc : proc_each_child(proc, getpid(), 0, add_pid, &ret->pids);
}

/* One walk over the tree: a queue of processes, each with the parent it was found under. */
struct link {
	pid_t pid;
	pid_t parent;
};

struct walk {
	int proc;
	int signal;
	pid_t self;
	pid_t parent;	 /* whose children are being read */
	struct buf todo; /* of struct link; `at` is the next */
	size_t at;
	struct buf *asked;
	int count;
};

static int queue_child(void *arg, pid_t pid)
{
	struct walk *walk = arg;
	const struct link link = {.pid = pid, .parent = walk->parent};

	return buf_add(&walk->todo, &link, sizeof(link));
}

static int queue_children(struct walk *walk, pid_t parent, long threads)
{
	int err;

	walk->parent = parent;
	err = proc_each_child(walk->proc, parent, threads, queue_child, walk);
	/* A process that is gone has given its children to us: the next round finds them. */
	return err == -ENOENT || err == -ESRCH ? 0 : err;
}

/*
 * Is it still the process that was found? Its parent may have died of the signal since: then it is our
 * own child. A direct child needs no proof, and under hidepid there may be none.
 */
static bool is_same(const struct walk *walk, const struct link *link, struct proc_stat *stat)
{
	bool readable = proc_stat(walk->proc, link->pid, stat) == 0;

	if (link->parent == walk->self)
		return true;
	return readable && (stat->ppid == link->parent || stat->ppid == walk->self);
}

/* A pidfd for link, or -errno; -ESRCH when that pid is another process by now. */
static int open_verified(const struct walk *walk, const struct link *link, struct proc_stat *stat)
{
	scoped(fd_drop) int pidfd = (int)syscall(SYS_pidfd_open, link->pid, 0);
	int opened = pidfd;

	if (pidfd < 0)
		return -errno;
	/* The parent is read after the open: a recycled pid has another one. */
	if (!is_same(walk, link, stat))
		return -ESRCH;
	pidfd = -1;
	return opened;
}

static int send_to(const struct walk *walk, const struct link *link, int pidfd, int signal)
{
	if (pidfd >= 0 && syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) == 0)
		return 0;
	/* Our own unreaped child keeps its pid, so the number is as good as a pidfd. */
	if (link->parent == walk->self && (pidfd < 0 || errno == ENOSYS || errno == EPERM))
		return kill(link->pid, signal) < 0 ? -errno : 0;
	return -errno;
}

/*
 * Signal one process. Returns how many threads it has when its children are to be visited too, else 0.
 * Who was asked in an earlier round has no children that were not: they are read after the signal, and
 * later ones are forked in knowledge of it.
 */
static long ask(struct walk *walk, const struct link *link)
{
	struct proc_stat stat = {0};
	scoped(fd_drop) int pidfd = -1;

	if (has_pid(walk->asked, link->pid))
		return 0;
	pidfd = open_verified(walk, link, &stat);
	if (pidfd < 0 && (link->parent != walk->self || !is_same(walk, link, &stat)))
		return 0;
	if (strcmp(stat.comm, TREE_GUARD_NAME) == 0)
		return 0;
	/* Out of memory costs at most a second signal in the next round. */
	(void)!buf_add(walk->asked, &link->pid, sizeof(link->pid));
	/* A process whose first thread has ended looks dead while others live. */
	if ((stat.state != 'Z' || stat.threads > 1) &&
	    send_to(walk, link, pidfd, walk->signal) == 0) {
		walk->count++;
		/* A stopped process cannot obey. What fails here, the grace period ends. */
		if (stat.state == 'T')
			(void)!send_to(walk, link, pidfd, SIGCONT);
	}
	return stat.threads > 0 ? stat.threads : 1;
}

/* One round over the tree; new are those that have become our children since. Returns 0 or -errno. */
static int ask_round(struct walk *walk)
{
	int err;

	walk->todo.len = 0;
	walk->at = 0;
	err = queue_children(walk, walk->self, 0);
	while (err >= 0 && walk->at < walk->todo.len) {
		struct link link;
		long threads;

		memcpy(&link, walk->todo.bytes + walk->at, sizeof(link));
		walk->at += sizeof(link);
		threads = ask(walk, &link);
		if (threads > 0)
			err = queue_children(walk, link.pid, threads);
	}
	return err;
}

int tree_signal(int signal, struct buf *asked)
{
	scoped(fd_drop) int proc = proc_open();
	struct walk walk = {
		.proc = proc,
		.signal = signal,
		.self = getpid(),
		.todo = {.cap = TREE_CAP},
		.asked = asked,
	};
	int err = proc < 0 ? proc : 0;

	for (int round = 0, before = -1; err >= 0 && round < ASK_ROUNDS && walk.count > before;
	     round++) {
		before = walk.count;
		err = ask_round(&walk);
	}
	buf_drop(&walk.todo);
	return walk.count > 0 ? walk.count : err;
}

struct kill {
	const struct tree_spared *spared;
	int count;
};

static int kill_child(void *arg, pid_t pid)
{
	struct kill *job = arg;

	if (job->spared && has_pid(&job->spared->pids, pid))
		return 0;
	/* Our unreaped child: the number cannot be another's. EPERM (set-user-ID) is told by its survival. */
	if (kill(pid, SIGKILL) == 0)
		job->count++;
	return 0;
}

int tree_kill(const struct tree_spared *spared)
{
	scoped(fd_drop) int proc = proc_open();
	struct kill job = {.spared = spared};
	int err = proc < 0 ? proc : proc_each_child(proc, getpid(), 0, kill_child, &job);

	return err < 0 && job.count == 0 ? err : job.count;
}

struct list {
	pid_t *pids;
	size_t max;
	size_t count;
};

static int list_child(void *arg, pid_t pid)
{
	struct list *list = arg;

	if (list->count < list->max)
		list->pids[list->count++] = pid;
	return 0;
}

int tree_list(pid_t *pids, size_t max)
{
	scoped(fd_drop) int proc = proc_open();
	struct list list = {.pids = pids, .max = max};
	int err = proc < 0 ? proc : proc_each_child(proc, getpid(), 0, list_child, &list);

	return err < 0 ? err : (int)list.count;
}
