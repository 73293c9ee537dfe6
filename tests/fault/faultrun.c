/* faultrun: run one tool and make exactly one system call of exactly one of its processes fail, or
 * make it the moment of a signal. By ptrace: the process of the role is the only one that stays
 * attached, so the command that the tool runs is never touched. Everything that the tool leaves
 * behind becomes our child (subreaper), so "nothing is left" is waitid's ECHILD and no guess. */
#include "await.h"
#include "follow.h"
#include "run.h"
#include "sysnames.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

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
