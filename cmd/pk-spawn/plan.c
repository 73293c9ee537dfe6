/* pk-spawn's command line: the option table and what follows from it. */
#include "plan.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>

#include "common/clock.h"
#include "common/num.h"
#include "common/program.h"
#include "common/say.h"
#include "common/semaphore.h"
#include "common/status.h"

#define DEFAULT_GRACE (5 * NS_PER_S)

enum { TO_TREE, TO_MAIN };

static const char *const signal_targets[] = {[TO_TREE] = "tree", [TO_MAIN] = "main", NULL};
static const char *const orphan_policies[] = {
	[ORPHANS_STOP] = "stop", [ORPHANS_WAIT] = "wait", [ORPHANS_LEAVE] = "leave", NULL};

static const struct limit_name {
	const char *name;
	int resource;
} limit_names[] = {
	{"as", RLIMIT_AS},	 {"core", RLIMIT_CORE},	    {"cpu", RLIMIT_CPU},
	{"fsize", RLIMIT_FSIZE}, {"nofile", RLIMIT_NOFILE}, {"nproc", RLIMIT_NPROC},
	{"stack", RLIMIT_STACK},
};

/* A value of getrlimit(2): a number, with a size's suffix if that helps, or no limit. */
static bool parse_limit(const char *text, rlim_t *ret)
{
	int64_t value;

	if (strcmp(text, "inf") == 0 || strcmp(text, "unlimited") == 0) {
		*ret = RLIM_INFINITY;
		return true;
	}
	if (num_parse_size(text, &value) < 0)
		return false;
	*ret = (rlim_t)value;
	return true;
}

/* The last of several for one resource counts: applied in turn, an earlier one would lower its ceiling. */
static void put_limit(struct plan *plan, struct child_limit limit)
{
	size_t at = 0;

	while (at < plan->limit_count && plan->limits[at].resource != limit.resource)
		at++;
	plan->limits[at] = limit;
	if (at == plan->limit_count)
		plan->limit_count++;
}

/* NAME=SOFT[:HARD]; one value is both, as with prlimit(1). */
static bool add_limit(struct plan *plan, const char *text)
{
	struct child_limit limit = {.resource = -1};
	const char *value = strchr(text, '='), *colon;
	char soft[32];
	size_t len;

	for (size_t i = 0; value && i < array_len(limit_names); i++)
		if (strlen(limit_names[i].name) == (size_t)(value - text) &&
		    memcmp(limit_names[i].name, text, (size_t)(value - text)) == 0)
			limit.resource = limit_names[i].resource;
	if (limit.resource < 0)
		return false;
	value++;
	colon = strchr(value, ':');
	len = colon ? (size_t)(colon - value) : strlen(value);
	if (len >= sizeof(soft))
		return false;
	memcpy(soft, value, len);
	soft[len] = '\0';
	if (!parse_limit(soft, &limit.value.rlim_cur) ||
	    !parse_limit(colon ? colon + 1 : soft, &limit.value.rlim_max) ||
	    limit.value.rlim_cur > limit.value.rlim_max)
		return false;
	put_limit(plan, limit);
	return true;
}

static const char *set_limit(void *plan, const char *value)
{
	if (add_limit(plan, value))
		return NULL;
	return "NAME=SOFT[:HARD], NAME one of as, core, cpu, fsize, nofile, nproc, stack";
}

#define AT(member) offsetof(struct plan, member)

/* clang-format off */
static const struct opt options[] = {
	{.kind = OPT_GROUP, .help = "Time limits (250ms, 5s, 1.5m, 2h, 1d; a bare number is seconds)"},
	{.kind = OPT_DURATION, .letter = 't', .name = "timeout", .arg = "DUR", .at = AT(timeout),
	 .help = "stop COMMAND after DUR (default: 0, no limit)"},
	{.kind = OPT_DURATION, .letter = 'D', .name = "deadline", .arg = "DUR", .at = AT(deadline),
	 .help = "limit of the whole run (default: 0, no limit)"},
	{.kind = OPT_DURATION, .letter = 'k', .name = "kill-after", .arg = "DUR", .at = AT(kill_after),
	 .help = "grace period between the stop signal and SIGKILL; 0 kills at once, inf never (default: 5s)"},
	{.kind = OPT_FLAG, .name = "no-inherit", .at = AT(no_inherit),
	 .help = "do not obey $PK_DEADLINE, nor pass it on"},

	{.kind = OPT_GROUP, .help = "Stopping"},
	{.kind = OPT_SIGNAL, .letter = 's', .name = "signal", .arg = "SIG", .at = AT(signal),
	 .help = "the stop signal (default: TERM)"},
	{.kind = OPT_CHOICE, .name = "signal-to", .arg = "WHOM", .at = AT(signal_to), .choices = signal_targets,
	 .help = "who gets the stop signal: tree, or main: the command first, the rest when it has gone"
		 " (default: tree)"},
	{.kind = OPT_CHOICE, .name = "orphans", .arg = "WHAT", .at = AT(orphans), .choices = orphan_policies,
	 .help = "what COMMAND leaves running when it exits: stop, wait or leave (default: stop)"},
	{.kind = OPT_FLAG, .letter = 'p', .name = "preserve-status", .at = AT(preserve_status),
	 .help = "exit with COMMAND's status even after a time limit"},

	{.kind = OPT_GROUP, .help = "Between processes"},
	{.kind = OPT_TEXT, .letter = 'l', .name = "lock", .arg = "FILE", .at = AT(lock),
	 .help = "hold flock(2) on FILE for the whole run, as flock(1) does"},
	{.kind = OPT_COUNT, .name = "slots", .arg = "N", .at = AT(slots), .least = 1, .most = SEMAPHORE_MOST,
	 .help = "as many as N may hold it at once; $PK_SLOT is the number, from 1 (FILE.1 to FILE.N)"},
	{.kind = OPT_DURATION, .letter = 'w', .name = "wait", .arg = "DUR", .at = AT(wait),
	 .help = "wait for it at most DUR, 0 not at all; then status 75 (default: until --deadline)"},

	{.kind = OPT_GROUP, .help = "The command's world"},
	{.kind = OPT_TEXT, .letter = 'i', .name = "stdin", .arg = "FROM", .at = AT(input),
	 .help = "inherit, null or a FILE (default: inherit)"},
	{.kind = OPT_CALL, .letter = 'L', .name = "limit", .arg = "NAME=N", .set = set_limit,
	 .help = "resource limit SOFT[:HARD] of as, core, cpu, fsize, nofile, nproc or stack; repeatable"},

	{.kind = OPT_GROUP, .help = "Reports"},
	{.kind = OPT_TEXT, .name = "events", .arg = "DEST", .at = AT(events),
	 .help = "append lifecycle events as JSON Lines to a file or fd:N (default: $PK_EVENTS)"},
	{.kind = OPT_FLAG, .name = "events-argv", .at = AT(events_argv),
	 .help = "put all of argv into events; it may hold secrets"},
	{.kind = OPT_FLAG, .letter = 'v', .name = "verbose", .at = AT(verbose),
	 .help = "say each signal that is sent"},
	{.kind = OPT_FLAG, .letter = 'q', .name = "quiet", .at = AT(quiet),
	 .help = "do not say why COMMAND was ended"},
	OPT_COMMON,
};
/* clang-format on */

const struct opt_program plan_program = {
	.name = "pk-spawn",
	.usage = "pk-spawn [OPTION]... [--] COMMAND [ARG]...\n",
	.purpose = "Run COMMAND, own its whole process tree, and leave nothing behind.\n",
	.options = options,
	.count = array_len(options),
	.tail = "Exit status:\n"
		"  COMMAND's own; it died of a signal: so does pk-spawn (the shell shows 128+N)\n"
		"  75   the lock was not to be had in time: COMMAND was not run\n"
		"  124  a time limit passed (also when SIGKILL was needed)\n"
		"  125  pk-spawn itself failed; a process survived SIGKILL\n"
		"  126  COMMAND cannot be executed\n"
		"  127  COMMAND was not found\n"
		"\n"
		"Examples:\n"
		"  pk-spawn -t 30s -- make test         never longer than 30 s, nothing left\n"
		"  pk-spawn -t 1m -k 10s -s INT -- ./server --port 8080\n"
		"  pk-spawn --orphans wait -D 5m -- sh -c './worker & ./worker &'\n",
};

/* The grace period of -k, or the default. */
static int64_t grace(const struct plan *plan)
{
	return plan->kill_after == PLAN_GRACE_UNSET ? DEFAULT_GRACE : plan->kill_after;
}

bool plan_parse(struct plan *plan, int argc, char **argv, int *ret_status)
{
	int first;

	*plan = (struct plan){
		.kill_after = PLAN_GRACE_UNSET,
		.wait = PLAN_WAIT_UNSET,
		.signal = SIGTERM,
		.input = "inherit",
	};
	first = opt_parse(&plan_program, argc, argv, plan, ret_status);
	if (first < 0)
		return false;
	*ret_status = STATUS_OWN;
	if (first >= argc || (plan->slots > 0 && !plan->lock)) {
		say_usage(first >= argc ? "no command given" : "'--slots' needs '--lock'");
		return false;
	}
	plan->verbose = plan->verbose && !plan->quiet;
	plan->command = argv + first;
	return program_deadline(&plan->inherited, grace(plan), plan->no_inherit, plan->quiet);
}

const char *plan_limit_name(int resource)
{
	for (size_t i = 0; i < array_len(limit_names); i++)
		if (limit_names[i].resource == resource)
			return limit_names[i].name;
	return "";
}

struct stop_policy plan_policy(const struct plan *plan, bool is_init, int64_t now)
{
	const bool unset = plan->kill_after == PLAN_GRACE_UNSET;

	struct stop_policy policy = {
		.timeout = plan->timeout,
		.deadline = plan->deadline > 0 ? ns_add(now, plan->deadline) : NS_NEVER,
		.grace = grace(plan),
		.signal = plan->signal,
		.main_first = plan->signal_to == TO_MAIN,
		.patient = is_init && unset,
		.orphans = (enum orphans)plan->orphans,
	};

	stop_inherit(&policy, &plan->inherited);
	return policy;
}
