/* pk-handles' command line: the option table and what follows from it. */
#include "plan.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "common/clock.h"
#include "common/num.h"
#include "common/program.h"
#include "common/say.h"
#include "common/signame.h"
#include "common/status.h"
#include "kind.h"

#define DEFAULT_TIMEOUT (2 * NS_PER_S)

/* Larger than any pid_max (2^22). */
#define PID_MOST INT32_MAX

int plan_parse_pid(const char *text, pid_t *ret)
{
	int64_t pid;

	if (num_parse(text, 1, PID_MOST, &pid) < 0)
		return -EINVAL;
	*ret = (pid_t)pid;
	return 0;
}

static const char *set_kinds(void *plan, const char *value)
{
	if (kind_parse_set(value, &((struct plan *)plan)->kinds) == 0)
		return NULL;
	return "a list of file, dir, pipe, fifo, tcp, udp, unix, netlink, packet, epoll, timerfd, "
	       "eventfd, signalfd, inotify, pidfd, io_uring, memfd, tty, dev, ns, other";
}

/* NAME[,NAME]...; real-time signals by number. */
static const char *set_handlers(void *plan, const char *value)
{
	static const char expected[] = "signals such as TERM,INT";
	uint64_t set = 0;

	for (;; value++) {
		size_t len = strcspn(value, ",");
		char name[SIGNAME_MAX];
		int signal;

		if (len >= sizeof(name))
			return expected;
		memcpy(name, value, len);
		name[len] = '\0';
		if (signame_parse(name, &signal) < 0)
			return expected;
		set |= UINT64_C(1) << (signal - 1);
		value += len;
		if (*value == '\0')
			break;
	}
	((struct plan *)plan)->checks.handlers |= set;
	return NULL;
}

static const char *set_diff(void *plan, const char *value)
{
	((struct plan *)plan)->mode = MODE_DIFF;
	((struct plan *)plan)->diff = value;
	return NULL;
}

#define DEFAULT_GRACE (5 * NS_PER_S)
#define AT(member) offsetof(struct plan, member)
#define MOST(check) offsetof(struct plan, checks.most[check])

/* clang-format off */
static const struct opt options[] = {
	{.kind = OPT_GROUP, .help = "What to show (default: a line for each open descriptor)"},
	{.kind = OPT_VALUE, .letter = 's', .name = "summary", .at = AT(mode), .most = MODE_SUMMARY,
	 .help = "one line for each process: descriptors, limit, threads, memory, signals"},
	{.kind = OPT_VALUE, .letter = 'w', .name = "why", .at = AT(mode), .most = MODE_WHY,
	 .help = "what keeps each process alive, the strongest reason first, and hints at leaks"},
	{.kind = OPT_CALL, .letter = 'd', .name = "diff", .arg = "OLD", .set = set_diff,
	 .help = "which groups of handles have changed since the snapshot OLD; growth is a finding."
		 " The operand is another snapshot or PIDs; - is stdin"},
	{.kind = OPT_VALUE, .name = "trend", .at = AT(mode), .most = MODE_TREND,
	 .help = "take samples and judge descriptors, memory, threads and children; a leak is a finding"},
	{.kind = OPT_DURATION, .letter = 'i', .name = "interval", .arg = "DUR", .at = AT(interval),
	 .help = "time between samples of --trend (default: 1s)"},
	{.kind = OPT_COUNT, .letter = 'n', .name = "samples", .arg = "N", .at = AT(samples), .least = 1,
	 .most = 1000000, .help = "number of samples of --trend; below 15 it cannot tell (default: 30)"},
	{.kind = OPT_COUNT, .name = "min-growth", .arg = "N", .at = AT(min_growth), .least = 1, .most = INT32_MAX,
	 .help = "smallest growth that is a finding, for rss in MiB (default: 1 with --diff, 5 with --trend)"},

	{.kind = OPT_GROUP, .help = "Processes and handles"},
	{.kind = OPT_FLAG, .letter = 'a', .name = "all", .at = AT(all),
	 .help = "every process that may be read, instead of PIDs"},
	{.kind = OPT_FLAG, .letter = 'T', .name = "tree", .at = AT(tree),
	 .help = "the descendants of each PID too"},
	{.kind = OPT_FLAG, .letter = 'p', .name = "peers", .at = AT(peers),
	 .help = "find who holds the other end of pipes, unix sockets and local TCP connections"},
	{.kind = OPT_CALL, .letter = 'k', .name = "kind", .arg = "LIST", .set = set_kinds,
	 .help = "only these kinds: file, dir, pipe, fifo, tcp, udp, unix, netlink, packet, epoll, timerfd,"
		 " eventfd, signalfd, inotify, pidfd, io_uring, memfd, tty, dev, ns, other"},

	{.kind = OPT_GROUP, .help = "Checks (a finding is status 1; with a list or --summary)"},
	{.kind = OPT_COUNT, .name = "max-fds", .arg = "N", .at = MOST(CHECK_FDS), .most = INT64_MAX,
	 .help = "more than N descriptors"},
	{.kind = OPT_COUNT, .name = "max-percent", .arg = "P", .at = MOST(CHECK_PERCENT), .most = 100,
	 .help = "more than P percent of the soft limit of descriptors"},
	{.kind = OPT_COUNT, .name = "max-close-wait", .arg = "N", .at = MOST(CHECK_CLOSE_WAIT), .most = INT64_MAX,
	 .help = "more than N TCP connections in CLOSE_WAIT"},
	{.kind = OPT_COUNT, .name = "max-threads", .arg = "N", .at = MOST(CHECK_THREADS), .most = INT64_MAX,
	 .help = "more than N threads"},
	{.kind = OPT_COUNT, .name = "max-children", .arg = "N", .at = MOST(CHECK_CHILDREN), .most = INT64_MAX,
	 .help = "more than N child processes"},
	{.kind = OPT_SIZE, .name = "max-rss", .arg = "SIZE", .at = MOST(CHECK_RSS),
	 .help = "more resident memory than SIZE"},
	{.kind = OPT_CALL, .name = "require-handler", .arg = "SIGS", .set = set_handlers,
	 .help = "a signal of the list (TERM,INT) is left at its default"},

	{.kind = OPT_GROUP, .help = "With -- COMMAND (the report goes to stderr)"},
	{.kind = OPT_COUNT, .name = "error-exitcode", .arg = "N", .at = AT(error_exitcode), .least = 1, .most = 255,
	 .help = "exit with N when COMMAND exits with 0 and leaves descriptors of its own open"
		 " (default: COMMAND's status)"},
	{.kind = OPT_DURATION, .name = "kill-after", .arg = "DUR", .at = AT(kill_after),
	 .help = "grace period between the stop signal and SIGKILL for what COMMAND leaves (default: 5s)"},
	{.kind = OPT_SIGNAL, .name = "signal", .arg = "SIG", .at = AT(signal),
	 .help = "the stop signal for that (default: TERM)"},
	{.kind = OPT_FLAG, .name = "no-inherit", .at = AT(no_inherit),
	 .help = "do not obey $PK_DEADLINE, nor pass it on"},
	{.kind = OPT_FLAG, .name = "events-argv", .at = AT(events_argv),
	 .help = "put all of argv into events; it may hold secrets"},

	{.kind = OPT_GROUP, .help = "Reports"},
	{.kind = OPT_FLAG, .letter = 'j', .name = "json", .at = AT(json),
	 .help = "JSON Lines; of a list, this is a snapshot"},
	{.kind = OPT_DURATION, .letter = 't', .name = "timeout", .arg = "DUR", .at = AT(timeout),
	 .help = "how long a file system may take to answer for one file; 0 or inf: no limit (default: 2s)"},
	{.kind = OPT_TEXT, .name = "events", .arg = "DEST", .at = AT(events),
	 .help = "append lifecycle events as JSON Lines to a file or fd:N (default: $PK_EVENTS)"},
	{.kind = OPT_FLAG, .letter = 'q', .name = "quiet", .at = AT(quiet),
	 .help = "do not say on stderr what was found or could not be read"},
	OPT_COMMON,
};
/* clang-format on */

const struct opt_program plan_program = {
	.name = "pk-handles",
	.usage = "pk-handles [OPTION]... PID...\n"
		 "       pk-handles [OPTION]... --all\n"
		 "       pk-handles --diff OLD NEW|PID...\n"
		 "       pk-handles [OPTION]... -- COMMAND [ARG]...\n",
	.purpose = "Show what a process holds open, what keeps it alive, and what it leaks.\n",
	.options = options,
	.count = array_len(options),
	.tail = "Exit status:\n"
		"  0    no finding\n"
		"  1    a finding: a limit is exceeded, a group grew, a leak is suspected\n"
		"  3    cannot tell: a process is gone or may not be read, too few samples\n"
		"  124  the inherited deadline ended COMMAND\n"
		"  125  pk-handles itself failed\n"
		"  With COMMAND its own status; 126 it cannot be executed, 127 it was not found\n"
		"\n"
		"Examples:\n"
		"  pk-handles $$                        what this shell holds open\n"
		"  pk-handles --summary --max-percent 80 --all\n"
		"  pk-handles -k tcp,unix -j $$         sockets, as JSON Lines\n"
		"  pk-handles --error-exitcode 9 -- true   fail when descriptors are left open\n",
};

static bool has_checks(const struct plan *plan)
{
	for (int i = 0; i < CHECK_COUNT; i++)
		if (plan->checks.most[i] >= 0)
			return true;
	return plan->checks.handlers != 0;
}

/* Options that this mode would pass over in silence. */
static bool has_strangers(const struct plan *plan)
{
	if (has_checks(plan) && plan->mode != MODE_LIST && plan->mode != MODE_SUMMARY) {
		say_usage("checks go with a list or --summary");
		return true;
	}
	if (plan->error_exitcode > 0 && plan->mode != MODE_RUN) {
		say_usage("--error-exitcode goes with -- COMMAND");
		return true;
	}
	return false;
}

static bool is_mistaken(const struct plan *plan)
{
	pid_t pid;

	if (has_strangers(plan))
		return true;

	if (plan->peers && plan->mode != MODE_LIST) {
		say_usage("--peers goes with a list");
		return true;
	}
	if (plan->mode == MODE_RUN)
		return false;
	if (plan->all && plan->count > 0) {
		say_usage("--all takes no PID");
		return true;
	}
	if (!plan->all && plan->count == 0) {
		say_usage("no PID given");
		return true;
	}
	/* One operand of --diff may be a file. */
	for (size_t i = plan->mode == MODE_DIFF && plan->count == 1; i < plan->count; i++) {
		if (plan_parse_pid(plan->operands[i], &pid) < 0) {
			say_usage("invalid PID '%s': expected a process number", plan->operands[i]);
			return true;
		}
	}
	return false;
}

/* What follows the double dash is a command to run. */
static bool take_command(struct plan *plan)
{
	if (plan->mode != MODE_LIST || plan->all || plan->peers) {
		say_usage(
			"a command goes with neither of --summary, --why, --diff, --trend, --all, "
			"--peers");
		return false;
	}
	if (plan->count == 0) {
		say_usage("no command given");
		return false;
	}
	plan->mode = MODE_RUN;
	plan->command = plan->operands;
	plan->count = 0;
	return true;
}

/* The grace period of -k, or the default. */
static int64_t grace(const struct plan *plan)
{
	return plan->kill_after == PLAN_GRACE_UNSET ? DEFAULT_GRACE : plan->kill_after;
}

bool plan_parse(struct plan *plan, int argc, char **argv, int *ret_status)
{
	int first;

	*plan = (struct plan){.kinds = ~UINT32_C(0),
			      .timeout = DEFAULT_TIMEOUT,
			      .interval = NS_PER_S,
			      .samples = 30,
			      .kill_after = PLAN_GRACE_UNSET,
			      .signal = SIGTERM};
	for (int i = 0; i < CHECK_COUNT; i++)
		plan->checks.most[i] = -1;
	first = opt_parse(&plan_program, argc, argv, plan, ret_status);
	if (first < 0)
		return false;
	plan->operands = argv + first;
	plan->count = (size_t)(argc - first);
	if (first > 1 && strcmp(argv[first - 1], "--") == 0 && !take_command(plan)) {
		*ret_status = STATUS_OWN;
		return false;
	}
	plan->whole_facts = has_checks(plan) || !plan->json ||
			    (plan->mode != MODE_LIST && plan->mode != MODE_DIFF);
	*ret_status = STATUS_OWN;
	if (is_mistaken(plan))
		return false;
	/* Only a run has a command to end. */
	return plan->mode != MODE_RUN ||
	       program_deadline(&plan->inherited, grace(plan), plan->no_inherit, plan->quiet);
}

struct stop_policy plan_policy(const struct plan *plan, bool is_init)
{
	struct stop_policy policy = {
		.deadline = NS_NEVER,
		.grace = grace(plan),
		.signal = plan->signal,
		.patient = is_init && plan->kill_after == PLAN_GRACE_UNSET,
	};

	stop_inherit(&policy, &plan->inherited);
	return policy;
}
