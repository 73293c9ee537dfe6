/* pk-spawn's command line: the option table and what follows from it. */
#include "plan.h"

#include <paths.h>
#include <regex.h>
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
#include "output.h"
#include "tally.h"

#define DEFAULT_GRACE (5 * NS_PER_S)
#define DEFAULT_READY (60 * NS_PER_S)

enum { TO_TREE, TO_MAIN };

static const char *const signal_targets[] = {[TO_TREE] = "tree", [TO_MAIN] = "main", NULL};
static const char *const orphan_policies[] = {
	[ORPHANS_STOP] = "stop", [ORPHANS_WAIT] = "wait", [ORPHANS_LEAVE] = "leave", NULL};
static const char *const halts[] = {
	[HALT_NEVER] = "never", [HALT_SOON] = "soon", [HALT_NOW] = "now", NULL};
static const char *const outputs[] = {
	[OUTPUT_RAW] = "raw",	[OUTPUT_LINE] = "line",	    [OUTPUT_GROUP] = "group",
	[OUTPUT_KEEP] = "keep", [OUTPUT_FAILED] = "failed", NULL};

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

static const char *set_service(void *arg, const char *value)
{
	struct plan *plan = arg;
	struct plan_service *service = &plan->services[plan->service_count];

	if (plan->service_count == PLAN_SERVICES)
		return "at most 16 of them";
	if (*value == '\0')
		return "a command for the shell";
	*service = (struct plan_service){
		.argv = {(char *)_PATH_BSHELL, (char *)"-c", (char *)value, NULL}};
	plan->service_count++;
	return NULL;
}

static bool is_expression(const char *text)
{
	regex_t regex;

	if (regcomp(&regex, text, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	regfree(&regex);
	return true;
}

/* About the service before it, or COMMAND. */
static const char *set_ready(void *arg, const char *value)
{
	struct plan *plan = arg;
	struct plan_service *service =
		plan->service_count > 0 ? &plan->services[plan->service_count - 1] : NULL;
	struct spec *spec = service ? &service->ready : &plan->ready;
	bool *has = service ? &service->has_ready : &plan->has_ready;
	const char *wanted;

	if (*has)
		return "one SPEC for each --service, and one for COMMAND before them";
	wanted = spec_parse(spec, value, false);
	if (!wanted && spec->kind == SPEC_LINE && !is_expression(spec->rest))
		wanted = "an extended regular expression behind line:";
	*has = !wanted;
	return wanted;
}

static const char *set_wait(void *arg, const char *value)
{
	struct plan *plan = arg;
	const char *wanted;

	if (plan->wait_count == PLAN_WAITS)
		return "at most 16 of them";
	wanted = spec_parse(&plan->waits[plan->wait_count], value, true);
	plan->wait_count += !wanted;
	return wanted;
}

#define AT(member) offsetof(struct plan, member)
#define POOL(member) offsetof(struct plan, pool.member)

/* clang-format off */
static const struct opt options[] = {
	{.kind = OPT_GROUP, .help = "Time limits (250ms, 5s, 1.5m, 2h, 1d; a bare number is seconds)"},
	{.kind = OPT_DURATION, .letter = 't', .name = "timeout", .arg = "DUR", .at = AT(timeout),
	 .help = "stop COMMAND after DUR (default: 0, no limit)"},
	{.kind = OPT_DURATION, .letter = 'D', .name = "deadline", .arg = "DUR", .at = AT(deadline),
	 .help = "limit of the whole run (default: 0, no limit)"},
	{.kind = OPT_DURATION, .letter = 'I', .name = "idle", .arg = "DUR", .at = AT(idle),
	 .help = "stop COMMAND when it wrote nothing for DUR (default: 0, no limit)"},
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
	 .help = "inherit, null or a FILE (default: inherit; null in a pool)"},
	{.kind = OPT_CALL, .letter = 'L', .name = "limit", .arg = "NAME=N", .set = set_limit,
	 .help = "resource limit SOFT[:HARD] of as, core, cpu, fsize, nofile, nproc or stack; repeatable"},

	{.kind = OPT_GROUP, .help = "Services and readiness"},
	{.kind = OPT_CALL, .name = "service", .arg = "CMD", .set = set_service,
	 .help = "run `sh -c CMD` beside COMMAND, ready before it starts, stopped after it; repeatable"},
	{.kind = OPT_CALL, .name = "ready", .arg = "SPEC", .set = set_ready,
	 .help = "when the --service before it is ready, or without one COMMAND: tcp:[HOST:]PORT, unix:PATH,"
		 " http://HOST:PORT/PATH, line:ERE, fd:N, notify, file:PATH or exec:CMD"},
	{.kind = OPT_CALL, .name = "wait-for", .arg = "SPEC", .set = set_wait,
	 .help = "start nothing before this is there: tcp, unix, http, file or exec; repeatable"},
	{.kind = OPT_DURATION, .name = "ready-timeout", .arg = "DUR", .at = AT(ready_timeout),
	 .help = "how long each may take to be ready or there (default: 60s)"},
	{.kind = OPT_TEXT, .name = "ready-file", .arg = "FILE", .at = AT(ready_file),
	 .help = "a file that is there from when all is ready until the end begins"},

	{.kind = OPT_GROUP, .help = "Output"},
	{.kind = OPT_SIZE, .letter = 'm', .name = "max-output", .arg = "SIZE", .at = AT(max_output),
	 .help = "pass on only the first and the last half SIZE of each of stdout and stderr (default: 0, all)"},
	{.kind = OPT_TEXT, .name = "spill", .arg = "FILE", .at = AT(spill),
	 .help = "write the complete output to FILE as well"},

	{.kind = OPT_GROUP, .help = "Pool: COMMAND once for each item of stdin, a file, or the words behind ':::'"},
	{.kind = OPT_CALL, .letter = 'j', .name = "jobs", .arg = "N", .set = pool_plan_set_jobs,
	 .help = "run N at a time; 0: as many as there are CPUs for us (default: 1)"},
	{.kind = OPT_CALL, .letter = 'a', .name = "arg-file", .arg = "FILE", .set = pool_plan_set_file,
	 .help = "read the items from FILE (default: stdin)"},
	{.kind = OPT_CALL, .letter = '0', .name = "null", .set = pool_plan_set_null,
	 .help = "items end with a NUL byte (default: with a newline)"},
	{.kind = OPT_CALL, .letter = 'd', .name = "delimiter", .arg = "C", .set = pool_plan_set_delimiter,
	 .help = "items end with the character C, or \\t, \\0 and the like"},
	{.kind = OPT_COUNT, .letter = 'n', .name = "max-args", .arg = "N", .at = POOL(max_args), .least = 1,
	 .most = INT32_MAX, .help = "up to N items for one COMMAND (default: 1)"},
	{.kind = OPT_CALL, .name = "item-stdin", .set = pool_plan_set_item_stdin,
	 .help = "the item is COMMAND's standard input, of any size"},
	{.kind = OPT_DURATION, .name = "delay", .arg = "DUR", .at = POOL(delay),
	 .help = "wait between two starts (default: 0)"},
	{.kind = OPT_CHOICE, .name = "halt", .arg = "WHEN", .at = POOL(halt), .choices = halts,
	 .help = "at the first failure: never, soon (start no more) or now (stop all) (default: never)"},
	{.kind = OPT_CALL, .name = "fail-fast", .set = pool_plan_set_fail_fast, .help = "the same as --halt now"},
	{.kind = OPT_FLAG, .name = "any", .at = POOL(any),
	 .help = "one success is enough: stop all others then"},
	{.kind = OPT_CALL, .name = "success-on", .arg = "LIST", .set = pool_plan_set_success_on,
	 .help = "what counts as success: N, N-M, any, timeout, signal, SIGNAME or !item (default: 0)"},
	{.kind = OPT_DURATION, .name = "drain", .arg = "DUR", .at = POOL(drain),
	 .help = "at the first TERM or INT start no more, and let the running ones go on for DUR"},
	{.kind = OPT_FLAG, .name = "no-jobserver", .at = POOL(no_jobserver),
	 .help = "do not share the job slots of the make that runs us"},

	{.kind = OPT_GROUP, .help = "Output and results of a pool"},
	{.kind = OPT_CHOICE, .letter = 'o', .name = "output", .arg = "HOW", .at = POOL(output), .choices = outputs,
	 .help = "raw (as it is), line (whole lines), group (a job's at its end), keep (group, in the order of"
		 " the items) or failed (group, of failed jobs only) (default: group)"},
	{.kind = OPT_FLAG, .name = "tag", .at = POOL(tag), .help = "begin each line with the item and a tab"},
	{.kind = OPT_TEXT, .letter = 'r', .name = "results", .arg = "FILE", .at = POOL(results),
	 .help = "append one JSON object for each job to FILE"},
	{.kind = OPT_SIZE, .name = "capture", .arg = "SIZE", .at = POOL(capture),
	 .help = "put the output of a job into its result, the first and the last half of SIZE (default: 0)"},
	{.kind = OPT_CALL, .name = "progress", .arg = "[plain]", .set = pool_plan_set_progress,
	 .help = "show on a terminal how far it is; plain: a line every 10 s"},

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
	.usage = "pk-spawn [OPTION]... [--] COMMAND [ARG]...\n"
		 "       pk-spawn --service CMD --ready SPEC [...] [--] COMMAND [ARG]...\n"
		 "       pk-spawn -j N [OPTION]... [--] COMMAND [ARG]... [::: ITEM...]\n",
	.purpose = "Run COMMAND, own its whole process tree, and leave nothing behind.\n",
	.options = options,
	.count = array_len(options),
	.tail = "Exit status:\n"
		"  COMMAND's own; it died of a signal: so does pk-spawn (the shell shows 128+N)\n"
		"  75   the lock, or what --wait-for names, was not there in time: nothing ran\n"
		"  123  a service ended, or its port is not its own; jobs of a pool failed\n"
		"  124  a time limit passed (also when SIGKILL was needed); not ready in time\n"
		"  125  pk-spawn itself failed; a process survived SIGKILL\n"
		"  126  COMMAND cannot be executed\n"
		"  127  COMMAND was not found\n"
		"\n"
		"Examples:\n"
		"  pk-spawn -t 30s -- make test         never longer than 30 s, nothing left\n"
		"  pk-spawn -t 1m -k 10s -s INT -- ./server --port 8080\n"
		"  pk-spawn --service 'exec ./api 18080' --ready tcp:18080 -- make test\n"
		"  pk-spawn -I 2m -m 64K --spill build.log -- make\n"
		"  pk-spawn -j4 -o keep -- gzip -t {} ::: *.gz\n"
		"  pk-spawn --orphans wait -D 5m -- sh -c './worker & ./worker &'\n",
};

/* The grace period of -k, or the default. */
static int64_t grace(const struct plan *plan)
{
	return plan->kill_after == PLAN_GRACE_UNSET ? DEFAULT_GRACE : plan->kill_after;
}

/* What fits together only as a whole. Returns false after a message. */
static bool is_coherent(const struct plan *plan)
{
	for (size_t i = 0; i < plan->service_count; i++) {
		if (plan->services[i].has_ready)
			continue;
		say_usage("'--service %s' needs a --ready behind it", plan->services[i].argv[2]);
		return false;
	}
	if (plan->lock && plan->service_count > 0) {
		say_usage("'--lock' does not cover a '--service': let 'pk-spawn --lock' run the "
			  "'pk-spawn --service'");
		return false;
	}
	if (!plan->ready_file || plan->has_ready || plan->service_count > 0)
		return true;
	say_usage("--ready-file needs --ready or --service");
	return false;
}

bool plan_parse(struct plan *plan, int argc, char **argv, int *ret_status)
{
	int first;

	*plan = (struct plan){
		.kill_after = PLAN_GRACE_UNSET,
		.wait = PLAN_WAIT_UNSET,
		.signal = SIGTERM,
		.ready_timeout = DEFAULT_READY,
	};
	pool_plan_init(&plan->pool);
	first = opt_parse(&plan_program, argc, argv, plan, ret_status);
	if (first < 0)
		return false;
	*ret_status = STATUS_OWN;
	if (first >= argc || (plan->slots > 0 && !plan->lock)) {
		say_usage(first >= argc ? "no command given" : "'--slots' needs '--lock'");
		return false;
	}
	if (!is_coherent(plan)) {
		*ret_status = STATUS_OWN;
		return false;
	}
	plan->verbose = plan->verbose && !plan->quiet;
	plan->command = argv + first;
	*ret_status = STATUS_OWN;
	if (!pool_plan_check(plan))
		return false;
	if (!plan->pool.wanted && !plan->input)
		plan->input = "inherit";
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

struct plan_ready_by plan_ready_by(const struct plan *plan, const struct stop_policy *policy,
				   int64_t now)
{
	const int64_t timeout = ns_add(now, plan->ready_timeout);

	return (struct plan_ready_by){
		.at = ns_min(timeout, policy->deadline),
		.cause = stop_limit_cause(policy, timeout),
	};
}
