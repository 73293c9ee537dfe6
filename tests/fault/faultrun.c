/* faultrun: run one tool and make exactly one system call of exactly one of its processes fail, or
 * make it the moment of a signal. By ptrace: the process of the role is the only one that stays
 * attached, so the command that the tool runs is never touched. Everything that the tool leaves
 * behind becomes our child (subreaper), so "nothing is left" is waitid's ECHILD and no guess. */
#include "sysnames.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/ptrace.h> /* struct ptrace_syscall_info in full; after sys/ptrace.h */

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

enum {
	STATUS_HANG = 99,
	STATUS_OWN = 98, /* faultrun itself failed */
	MAX_CALL = 1024,
	MAX_LEFT = 64,
};

/* How far below the tool the role is: each step follows the first fork of the process before. */
enum role { ROLE_FRONT, ROLE_GUARD, ROLE_CHILD };

enum fault_state { FAULT_WAITS, FAULT_IN_CALL, FAULT_DONE };

struct run {
	/* what is asked for */
	enum role role;
	long call;  /* -1: none, only watch */
	long nth;   /* 0: every one */
	int error;  /* errno to give, or 0 */
	int signal; /* signal to send at the entry, or 0 */
	bool list;
	bool may_leave; /* leftovers are the tool's documented doing */
	int64_t limit_ns, grace_ns;
	const char *report_path;

	/* what goes on */
	pid_t front;
	pid_t traced; /* the process followed now, 0 when let go */
	pid_t early;  /* a new process whose stop came before its parent's fork event */
	enum role depth;
	bool execed;			 /* the tool's exec is through */
	bool started;			 /* and so is the loader: the tool's own code runs */
	unsigned long entry, entry_word; /* where that begins, and what a breakpoint hides there */
	bool role_met;
	enum fault_state state;
	sigset_t caller_mask, wake;

	/* what came out */
	int status;	/* wait status of the tool; -1 while it runs */
	int crash;	/* SIGSEGV and the like in the role, or 0 */
	int stopped_by; /* a signal that told us to give up, or 0 */
	bool hang;
	long fd;	    /* first argument of the call that was hit */
	int64_t settled_ns; /* from the tool's end until nothing was left */
	unsigned long counts[MAX_CALL];
	char left[MAX_LEFT][48];
	size_t left_count;
};

static int64_t now_ns(void)
{
	struct timespec ts;
	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail: a known clock, valid memory */
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static _Noreturn void die(const char *what)
{
	(void)fprintf(stderr, "faultrun: %s: %s\n", what, strerror(errno));
	_exit(STATUS_OWN);
}

/* ---- registers ------------------------------------------------------------------------------ */

#if defined(__x86_64__)
/* At a call's entry: the kernel finds no such call and runs nothing. */
static void call_suppress(pid_t pid)
{
	struct user_regs_struct regs;
	if (ptrace(PTRACE_GETREGS, pid, 0, &regs) != 0)
		return;
	regs.orig_rax = (unsigned long long)-1;
	(void)ptrace(PTRACE_SETREGS, pid, 0, &regs); /* ESRCH: it was killed meanwhile */
}

static void call_set_result(pid_t pid, long result)
{
	struct user_regs_struct regs;
	if (ptrace(PTRACE_GETREGS, pid, 0, &regs) != 0)
		return;
	regs.rax = (unsigned long long)result;
	(void)ptrace(PTRACE_SETREGS, pid, 0, &regs);
}

static unsigned long breakpoint_in(unsigned long word)
{
	return (word & ~0xffUL) | 0xcc;
}

/* Behind the breakpoint: back to the instruction that it hid. */
static void rewind_to(pid_t pid, unsigned long address)
{
	struct user_regs_struct regs;
	if (ptrace(PTRACE_GETREGS, pid, 0, &regs) != 0)
		return;
	regs.rip = address;
	(void)ptrace(PTRACE_SETREGS, pid, 0, &regs);
}
#elif defined(__aarch64__)
static void call_suppress(pid_t pid)
{
	int none = -1;
	struct iovec io = {&none, sizeof(none)};
	(void)ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &io);
}

static void call_set_result(pid_t pid, long result)
{
	struct user_regs_struct regs;
	struct iovec io = {&regs, sizeof(regs)};
	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &io) != 0)
		return;
	regs.regs[0] = (unsigned long long)result;
	(void)ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &io);
}

static unsigned long breakpoint_in(unsigned long word)
{
	return (word & ~0xffffffffUL) | 0xd4200000; /* brk #0 */
}

static void rewind_to(pid_t pid, unsigned long address)
{
	(void)pid; /* the program counter still points at the brk */
	(void)address;
}
#else
#error "faultrun knows the registers of x86-64 and aarch64 only"
#endif

/* ---- following one process -------------------------------------------------------------------- */

static void resume(const struct run *r, pid_t pid, int sig)
{
	bool calls = r->started && r->depth == r->role && r->state != FAULT_DONE;
	/* A failure here is ESRCH: it was killed, which the next wait tells. */
	(void)ptrace(calls ? PTRACE_SYSCALL : PTRACE_CONT, pid, 0, sig);
}

static void let_go(struct run *r, pid_t pid)
{
	(void)ptrace(PTRACE_DETACH, pid, 0, 0);
	if (pid == r->traced)
		r->traced = 0;
}

/* Options for the process now followed. Only on the way down to the role are children attached. */
static long options_for(const struct run *r)
{
	long options =
		PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL;
	if (r->depth == ROLE_FRONT && r->role > ROLE_FRONT)
		options |= PTRACE_O_TRACEFORK;
	if (r->depth == ROLE_GUARD && r->role > ROLE_GUARD)
		options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
	return options;
}

static void adopt(struct run *r, pid_t pid)
{
	(void)ptrace(PTRACE_SETOPTIONS, pid, 0, options_for(r));
	r->role_met = r->role_met || r->depth == r->role;
	resume(r, pid, 0);
}

/* The followed process made the next one of the chain: follow that, let the parent go. */
static void on_fork(struct run *r, pid_t parent)
{
	unsigned long child = 0;
	if (ptrace(PTRACE_GETEVENTMSG, parent, 0, &child) != 0)
		return;
	let_go(r, parent);
	r->traced = (pid_t)child;
	r->depth++;
	if (r->early == r->traced)
		adopt(r, r->early);
	r->early = 0;
}

static unsigned long entry_of(pid_t pid)
{
	char path[64];
	(void)snprintf(path, sizeof(path), "/proc/%d/auxv", pid);
	unsigned long pair[2] = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && read(fd, pair, sizeof(pair)) == sizeof(pair) && pair[0] != AT_ENTRY)
		continue;
	if (fd >= 0)
		(void)close(fd);
	return pair[0] == AT_ENTRY ? pair[1] : 0;
}

static void on_exec(struct run *r, pid_t pid)
{
	if (r->execed || pid != r->front) {
		let_go(r, pid); /* from here on it is the command */
		return;
	}
	r->execed = true;
	(void)ptrace(PTRACE_SETOPTIONS, pid, 0, options_for(r));
	r->entry = entry_of(pid);
	r->entry_word = (unsigned long)ptrace(PTRACE_PEEKTEXT, pid, r->entry, 0);
	if (ptrace(PTRACE_POKETEXT, pid, r->entry, breakpoint_in(r->entry_word)) != 0)
		die("cannot stop at the tool's entry");
	resume(r, pid, 0);
}

/* The loader of a dynamic program has done its work: its calls are not the tool's. */
static void on_entry(struct run *r, pid_t pid)
{
	r->started = true;
	(void)ptrace(PTRACE_POKETEXT, pid, r->entry, r->entry_word);
	rewind_to(pid, r->entry);
	adopt(r, pid);
}

static void fire(struct run *r, pid_t pid, const struct ptrace_syscall_info *info)
{
	r->fd = (long)info->entry.args[0];
	if (r->signal != 0) {
		/* The process is stopped and ours, so the pid cannot be another's. */
		(void)kill(pid, r->signal);
		r->state = FAULT_DONE;
	} else {
		if (r->call != SYS_close) /* a close that fails has closed all the same */
			call_suppress(pid);
		r->state = FAULT_IN_CALL;
	}
}

static void on_call(struct run *r, pid_t pid)
{
	struct ptrace_syscall_info info;
	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		unsigned long nr = info.entry.nr;
		unsigned long count = nr < MAX_CALL ? ++r->counts[nr] : 0;
		if ((long)nr == r->call && (r->nth == 0 || count == (unsigned long)r->nth))
			fire(r, pid, &info);
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT && r->state == FAULT_IN_CALL) {
		call_set_result(pid, -r->error);
		r->state = r->nth == 0 ? FAULT_WAITS : FAULT_DONE;
	}
	resume(r, pid, 0);
}

static bool is_stop_signal(int sig)
{
	return sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

static void on_event_stop(struct run *r, pid_t pid, int sig)
{
	if (is_stop_signal(sig)) {
		(void)ptrace(PTRACE_LISTEN, pid, 0, 0); /* stays stopped until SIGCONT */
	} else if (pid == r->traced && pid != r->front && !r->role_met) {
		adopt(r, pid);
	} else if (pid == r->traced) {
		resume(r, pid, 0);
	} else {
		r->early = pid;
	}
}

static void on_signal(struct run *r, pid_t pid, int sig)
{
	if (sig == SIGSEGV || sig == SIGBUS || sig == SIGILL || sig == SIGFPE || sig == SIGABRT ||
	    sig == SIGSYS)
		r->crash = sig;
	resume(r, pid, sig);
}

static void on_stop(struct run *r, pid_t pid, int status)
{
	int sig = WSTOPSIG(status);
	switch (status >> 16) {
	case 0:
		if (sig == (SIGTRAP | 0x80))
			on_call(r, pid);
		else if (sig == SIGTRAP && r->execed && !r->started)
			on_entry(r, pid);
		else
			on_signal(r, pid, sig);
		break;
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		on_fork(r, pid);
		break;
	case PTRACE_EVENT_EXEC:
		on_exec(r, pid);
		break;
	case PTRACE_EVENT_STOP:
		on_event_stop(r, pid, sig);
		break;
	default: /* PTRACE_EVENT_EXIT: let go before it is a zombie, so that its parent, and not
	          * we, is the first who can wait for it: as without us */
		let_go(r, pid);
		break;
	}
}

/* ---- waiting ---------------------------------------------------------------------------------- */

/* Handles one child that has changed. 1: one handled, 0: none has, -1: there are no children. */
static int wait_one(struct run *r, bool block)
{
	int status;
	pid_t pid = waitpid(-1, &status, __WALL | (block ? 0 : WNOHANG));
	if (pid < 0)
		return -1;
	if (pid == 0)
		return 0;
	if (WIFSTOPPED(status))
		on_stop(r, pid, status);
	else if (pid == r->front)
		r->status = status;
	return 1;
}

/* Waits until a child changes. False: the deadline passed, or we were told to give up. */
static bool wait_until(struct run *r, int64_t deadline)
{
	int64_t left = deadline - now_ns();
	if (left <= 0)
		return false;
	struct timespec ts = {left / NS_PER_S, left % NS_PER_S};
	int sig = sigtimedwait(&r->wake, NULL, &ts);
	if (sig > 0 && sig != SIGCHLD)
		r->stopped_by = sig;
	return r->stopped_by == 0;
}

/* The direct children, as the kernel lists them. Returns how many. */
static size_t children(pid_t pid, pid_t *out, size_t max)
{
	char path[64];
	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	FILE *file = fopen(path, "re");
	size_t count = 0;
	while (file != NULL && count < max && fscanf(file, "%d", &out[count]) == 1)
		count++;
	if (file != NULL)
		(void)fclose(file); /* was only read */
	return count;
}

static void read_word(pid_t pid, const char *file, char *out, size_t size)
{
	char path[64];
	(void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? read(fd, out, size - 1) : 0;
	out[got > 0 ? got : 0] = '\0';
	out[strcspn(out, " \n")] = '\0';
	if (fd >= 0)
		(void)close(fd);
}

/* Notes who is there, with the call that each is in: what a person wants to know of a hang. */
static void note_tree(struct run *r, pid_t pid)
{
	pid_t pids[MAX_LEFT];
	size_t count = children(pid, pids, COUNT(pids));
	for (size_t i = 0; i < count && r->left_count < MAX_LEFT; i++) {
		char comm[20];
		char nr[16];
		char spare[24];
		read_word(pids[i], "comm", comm, sizeof(comm));
		read_word(pids[i], "syscall", nr, sizeof(nr));
		const char *call =
			*nr >= '0' && *nr <= '9' ? call_name(atol(nr), spare) : "running";
		(void)snprintf(r->left[r->left_count++], sizeof(*r->left), "%d %.15s %.15s",
			       pids[i], *comm != '\0' ? comm : "?", call);
		note_tree(r, pids[i]);
	}
}

/* Kills all that is below us: direct children only, so that no pid can be another's. */
static void kill_all(struct run *r)
{
	int more = 1;
	while (more >= 0) {
		pid_t pids[MAX_LEFT];
		size_t count = children(getpid(), pids, COUNT(pids));
		for (size_t i = 0; i < count; i++)
			(void)kill(pids[i], SIGKILL);
		more = wait_one(r, true);
	}
}

static void supervise(struct run *r)
{
	int64_t deadline = now_ns() + r->limit_ns;
	while (r->status < 0) {
		int got = wait_one(r, false);
		if (got < 0)
			die("lost the tool");
		if (got == 0 && !wait_until(r, deadline)) {
			r->hang = r->stopped_by == 0;
			note_tree(r, getpid());
			kill_all(r);
		}
	}
}

/* After the tool's end: everything below it has to go by itself, and soon. */
static void settle(struct run *r)
{
	int64_t ended = now_ns();
	int got = 1;
	while (!r->may_leave && got >= 0) {
		got = wait_one(r, false);
		if (got == 0 && !wait_until(r, ended + r->grace_ns)) {
			note_tree(r, getpid());
			break;
		}
	}
	r->settled_ns = now_ns() - ended;
	kill_all(r);
}

/* ---- start ------------------------------------------------------------------------------------ */

static void start(struct run *r, char **argv)
{
	int gate[2];
	if (pipe2(gate, O_CLOEXEC) != 0)
		die("pipe");
	r->front = fork();
	if (r->front < 0)
		die("fork");
	if (r->front == 0) {
		char byte;
		(void)close(gate[1]);
		(void)read(gate[0], &byte, 1); /* end of file: attached */
		(void)sigprocmask(SIG_SETMASK, &r->caller_mask, NULL);
		(void)execvp(argv[0], argv);
		die(argv[0]);
	}
	if (ptrace(PTRACE_SEIZE, r->front, 0, options_for(r)) != 0)
		die("cannot trace");
	r->traced = r->front;
	(void)close(gate[0]);
	(void)close(gate[1]);
}

static void report_counts(const struct run *r, FILE *out, const char *before)
{
	char spare[24];
	for (long nr = 0; nr < MAX_CALL; nr++) {
		if (r->counts[nr] > 0)
			(void)fprintf(out, "%s%s %lu\n", before, call_name(nr, spare),
				      r->counts[nr]);
	}
}

static void report(const struct run *r, int status)
{
	FILE *out = r->report_path != NULL ? fopen(r->report_path, "we") : stdout;
	if (out == NULL)
		die(r->report_path);
	if (r->list)
		report_counts(r, out, r->report_path != NULL ? "call " : "");
	if (r->report_path != NULL) {
		bool each = r->nth == 0 && r->call >= 0 && r->counts[r->call] > 0;
		(void)fprintf(out,
			      "status %d\nhit %d\nfd %ld\ncrash %d\nhang %d\nsettled_ms %lld\n",
			      status, each || r->state != FAULT_WAITS, r->fd, r->crash, r->hang,
			      (long long)(r->settled_ns / NS_PER_MS));
		for (size_t i = 0; i < r->left_count; i++)
			(void)fprintf(out, "left %s\n", r->left[i]);
	}
	if (fflush(out) != 0)
		die("cannot write the report");
}

static int run(struct run *r, char **argv)
{
	(void)sigemptyset(&r->wake);
	const int wake[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT};
	for (size_t i = 0; i < COUNT(wake); i++)
		(void)sigaddset(&r->wake, wake[i]);
	if (sigprocmask(SIG_BLOCK, &r->wake, &r->caller_mask) != 0 ||
	    prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
		die("cannot set up");
	start(r, argv);
	supervise(r);
	if (!r->hang && r->stopped_by == 0)
		settle(r);
	int status = WIFSIGNALED(r->status) ? 128 + WTERMSIG(r->status) : WEXITSTATUS(r->status);
	if (r->hang)
		status = STATUS_HANG;
	if (r->stopped_by != 0)
		status = 128 + r->stopped_by;
	report(r, status);
	if (r->report_path == NULL) {
		for (size_t i = 0; i < r->left_count; i++)
			(void)fprintf(stderr, "faultrun: %s: %s\n", r->hang ? "hang" : "left",
				      r->left[i]);
	}
	return status;
}

/* ---- command line ----------------------------------------------------------------------------- */

static _Noreturn void usage(const char *what)
{
	(void)fprintf(
		stderr,
		"faultrun: %s\n"
		"usage: faultrun [-r front|guard|child] [-l | -c CALL [-n N|all] [-e ERROR | -k | "
		"-S SIG]]\n"
		"                [-o REPORT] [-T SECONDS] [-g SECONDS] [-a] -- TOOL [ARG...]\n"
		"  -r ROLE  front (or tool): the tool itself; guard: the first process that it "
		"forks;\n"
		"           child: the first process of the guard, until its exec\n"
		"  -l       list the role's system calls and how often each is made\n"
		"  -c -n    the call and which one of them (1 is the first; all is every one)\n"
		"  -e       it fails with this error; -k SIGKILL comes at its entry; -S this "
		"signal does\n"
		"  -o       write what happened to this file\n"
		"  -T       time limit of the tool (20); over it: all is killed, status 99\n"
		"  -g       what the tool leaves behind must be gone after this time (2)\n"
		"  -a       leaving something behind is allowed\n",
		what);
	exit(STATUS_OWN);
}

static enum role parse_role(const char *text)
{
	if (strcmp(text, "front") == 0 || strcmp(text, "tool") == 0)
		return ROLE_FRONT;
	if (strcmp(text, "guard") == 0)
		return ROLE_GUARD;
	if (strcmp(text, "child") == 0)
		return ROLE_CHILD;
	usage("unknown role");
}

static int64_t parse_seconds(const char *text)
{
	char *end;
	double seconds = strtod(text, &end);
	if (*text == '\0' || *end != '\0' || !(seconds >= 0 && seconds < 1e6))
		usage("not a number of seconds");
	return (int64_t)(seconds * (double)NS_PER_S);
}

static int parse_signal(const char *text)
{
	const char *name = strncmp(text, "SIG", 3) == 0 ? text + 3 : text;
	for (int sig = 1; sig < 32; sig++) {
		const char *abbrev = sigabbrev_np(sig);
		if (abbrev != NULL && strcmp(abbrev, name) == 0)
			return sig;
	}
	int sig = atoi(name);
	if (sig <= 0 || sig > 64)
		usage("unknown signal");
	return sig;
}

static void parse_fault(struct run *r, int option, const char *value)
{
	switch (option) {
	case 'c':
		r->call = pair_number(call_names, COUNT(call_names), value);
		if (r->call < 0 || r->call >= MAX_CALL)
			usage("unknown system call");
		break;
	case 'e':
		r->error = (int)pair_number(error_names, COUNT(error_names), value);
		if (r->error <= 0)
			usage("unknown error");
		break;
	default: /* 'n' */
		r->nth = strcmp(value, "all") == 0 ? 0 : atol(value);
		if (r->nth < 0 || (r->nth == 0 && strcmp(value, "all") != 0))
			usage("-n needs a number from 1, or all");
		break;
	}
}

static void parse(struct run *r, int argc, char **argv)
{
	int option;
	while ((option = getopt(argc, argv, "+r:lc:n:e:kS:o:T:g:a")) != -1) {
		switch (option) {
		case 'r':
			r->role = parse_role(optarg);
			break;
		case 'l':
			r->list = true;
			break;
		case 'k':
			r->signal = SIGKILL;
			break;
		case 'S':
			r->signal = parse_signal(optarg);
			break;
		case 'o':
			r->report_path = optarg;
			break;
		case 'T':
			r->limit_ns = parse_seconds(optarg);
			break;
		case 'g':
			r->grace_ns = parse_seconds(optarg);
			break;
		case 'a':
			r->may_leave = true;
			break;
		case 'c':
		case 'n':
		case 'e':
			parse_fault(r, option, optarg);
			break;
		default:
			usage("unknown option");
		}
	}
	if (optind == argc)
		usage("no tool");
	if (r->call >= 0 && (r->error != 0) == (r->signal != 0))
		usage("-c needs one of -e, -k and -S");
}

int main(int argc, char **argv)
{
	static struct run r = {
		.call = -1,
		.nth = 1,
		.status = -1,
		.limit_ns = 20 * NS_PER_S,
		.grace_ns = 2 * NS_PER_S,
	};
	parse(&r, argc, argv);
	return run(&r, argv + optind);
}
