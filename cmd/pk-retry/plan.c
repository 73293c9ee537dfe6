/* pk-retry's command line: the option table and what follows from it. */
#include "plan.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/num.h"
#include "common/program.h"
#include "common/say.h"
#include "common/semaphore.h"
#include "common/status.h"
#include "feed.h"
#include "output.h"

#define DEFAULT_GRACE (5 * NS_PER_S)
#define DEFAULT_CAP (10 * NS_PER_S)
#define DEFAULT_RETRY_ON "any,!125-127"

static const char *const jitters[] = {[JITTER_FULL] = "full",
				      [JITTER_EQUAL] = "equal",
				      [JITTER_DECORRELATED] = "decorrelated",
				      [JITTER_NONE] = "none",
				      NULL};
static const char *const output_modes[] = {
	[OUTPUT_AUTO] = "auto", [OUTPUT_PASS] = "pass", [OUTPUT_COMMIT] = "commit", NULL};
static const char *const feed_modes[] = {[FEED_AUTO] = "auto",
					 [FEED_REPLAY] = "replay",
					 [FEED_INHERIT] = "inherit",
					 [FEED_NULL] = "null",
					 NULL};
static const char *const orphan_policies[] = {
	[ORPHANS_STOP] = "stop", [ORPHANS_WAIT] = "wait", [ORPHANS_LEAVE] = "leave", NULL};

static const char *set_attempts(void *arg, const char *value)
{
	struct plan *plan = arg;

	if (strcmp(value, "inf") == 0) {
		plan->attempts = PLAN_ENDLESS;
		return NULL;
	}
	return num_parse(value, 1, PLAN_ENDLESS - 1, &plan->attempts) < 0
		       ? "a whole number of at least 1, or inf"
		       : NULL;
}

static const char *set_factor(void *arg, const char *value)
{
	struct plan *plan = arg;

	return backoff_parse_factor(value, &plan->backoff.factor) < 0
		       ? "a number of at least 1 such as 2 or 1.5"
		       : NULL;
}

static const char *set_retry_on(void *arg, const char *value)
{
	struct plan *plan = arg;

	return outcome_set_parse(&plan->retry_on, value) < 0 ? OUTCOME_FORMS : NULL;
}

static const char *set_success_on(void *arg, const char *value)
{
	struct plan *plan = arg;

	return outcome_set_parse(&plan->success_on, value) < 0 ? OUTCOME_FORMS : NULL;
}

/* Compile an ERE into *regex; NULL, or what is wrong with it. */
static const char *compile(regex_t *regex, bool *has, const char *text)
{
	static char reason[160]; /* the message is printed before anything else runs */
	int err;

	if (*has)
		regfree(regex);
	*has = false;
	err = regcomp(regex, text, REG_EXTENDED | REG_NOSUB);
	if (err == 0) {
		*has = true;
		return NULL;
	}
	(void)snprintf(reason, sizeof(reason), "an extended regular expression; ");
	(void)regerror(err, regex, reason + strlen(reason), sizeof(reason) - strlen(reason));
	return reason;
}

static const char *set_until(void *arg, const char *value)
{
	struct plan *plan = arg;

	return compile(&plan->until, &plan->has_until, value);
}

static const char *set_retry_match(void *arg, const char *value)
{
	struct plan *plan = arg;

	return compile(&plan->retry_match, &plan->has_retry_match, value);
}

#define AT(member) offsetof(struct plan, member)

/* clang-format off */
static const struct opt options[] = {
	{.kind = OPT_GROUP, .help = "Attempts and delays (250ms, 5s, 1.5m, 2h, 1d; a bare number is seconds)"},
	{.kind = OPT_CALL, .letter = 'n', .name = "attempts", .arg = "N", .set = set_attempts,
	 .help = "how often COMMAND is run at most, the first time included; inf (default: 5)"},
	{.kind = OPT_DURATION, .letter = 'd', .name = "delay", .arg = "DUR", .at = AT(backoff.base),
	 .help = "delay before the second attempt (default: 1s)"},
	{.kind = OPT_CALL, .letter = 'x', .name = "factor", .arg = "F", .set = set_factor,
	 .help = "each delay is F times the one before (default: 2)"},
	{.kind = OPT_DURATION, .letter = 'm', .name = "max-delay", .arg = "DUR", .at = AT(backoff.cap),
	 .help = "longest delay (default: 10s, or --delay when that is longer)"},
	{.kind = OPT_CHOICE, .letter = 'j', .name = "jitter", .arg = "KIND", .at = AT(backoff.jitter), .choices = jitters,
	 .help = "how delays are spread: full, equal, decorrelated or none (default: equal)"},
	{.kind = OPT_DURATION, .name = "reset-after", .arg = "DUR", .at = AT(reset_after),
	 .help = "an attempt that lived for DUR starts the count and the delays anew (default: 0, none does)"},
	{.kind = OPT_FLAG, .name = "schedule", .at = AT(schedule),
	 .help = "run nothing; print one line per attempt: number, delay and total in ms"},
	{.kind = OPT_COUNT, .name = "seed", .arg = "N", .at = AT(seed), .least = 0, .most = INT64_MAX,
	 .help = "fixed random sequence for the delays"},

	{.kind = OPT_GROUP, .help = "Time limits"},
	{.kind = OPT_DURATION, .letter = 'D', .name = "deadline", .arg = "DUR", .at = AT(deadline),
	 .help = "limit of the whole run, delays included (default: 0, no limit)"},
	{.kind = OPT_DURATION, .letter = 't', .name = "timeout", .arg = "DUR", .at = AT(timeout),
	 .help = "limit of one attempt; its whole tree is stopped (default: 0, no limit)"},
	{.kind = OPT_DURATION, .letter = 'k', .name = "kill-after", .arg = "DUR", .at = AT(kill_after),
	 .help = "grace period between the stop signal and SIGKILL; 0 kills at once, inf never (default: 5s)"},
	{.kind = OPT_FLAG, .name = "no-inherit", .at = AT(no_inherit),
	 .help = "do not obey $PK_DEADLINE, nor pass it on"},
	{.kind = OPT_SIGNAL, .letter = 's', .name = "signal", .arg = "SIG", .at = AT(signal),
	 .help = "the stop signal (default: TERM)"},
	{.kind = OPT_CHOICE, .name = "orphans", .arg = "WHAT", .at = AT(orphans), .choices = orphan_policies,
	 .help = "what the successful attempt leaves running: stop, wait or leave; of a failed one everything is stopped"
		 " (default: leave)"},

	{.kind = OPT_GROUP, .help = "What is tried again"},
	{.kind = OPT_CALL, .letter = 'r', .name = "retry-on", .arg = "LIST", .set = set_retry_on,
	 .help = "N, N-M, any, timeout, signal, SIGNAME or !item; the last item that fits decides"
		 " (default: any,!125-127)"},
	{.kind = OPT_CALL, .letter = 'S', .name = "success-on", .arg = "LIST", .set = set_success_on,
	 .help = "what counts as success; none: a service that is to be kept running (default: 0)"},
	{.kind = OPT_CALL, .name = "until", .arg = "ERE", .set = set_until,
	 .help = "success also needs a line of stdout that matches"},
	{.kind = OPT_CALL, .name = "retry-match", .arg = "ERE", .set = set_retry_match,
	 .help = "a failure is tried again only if a line of stdout or stderr matches"},
	{.kind = OPT_COUNT, .letter = 'H', .name = "hint-fd", .arg = "N", .at = AT(hint_fd), .least = 3, .most = 65535,
	 .help = "COMMAND's descriptor N takes a hint: seconds, a duration, an HTTP date or header block, or stop"},
	{.kind = OPT_DURATION, .name = "max-hint", .arg = "DUR", .at = AT(max_hint),
	 .help = "a longer hint ends the run (default: 5m)"},

	{.kind = OPT_GROUP, .help = "Streams"},
	{.kind = OPT_CHOICE, .letter = 'o', .name = "stdout", .arg = "MODE", .at = AT(output), .choices = output_modes,
	 .help = "pass it on, commit only the final attempt's, or auto: commit unless it is a terminal, /dev/null or"
		 " stderr's file (default: auto)"},
	{.kind = OPT_CHOICE, .letter = 'i', .name = "stdin", .arg = "MODE", .at = AT(input), .choices = feed_modes,
	 .help = "replay it for each attempt, inherit, null, or auto: replay files and pipes (default: auto)"},

	{.kind = OPT_GROUP, .help = "Between processes"},
	{.kind = OPT_TEXT, .name = "share", .arg = "FILE", .at = AT(share),
	 .help = "of all who run COMMAND now with FILE one does; the others get its stdout and status from there"},
	{.kind = OPT_DURATION, .name = "share-ttl", .arg = "DUR", .at = AT(share_ttl),
	 .help = "a result in FILE not older than DUR is given without running COMMAND (default: 0)"},
	{.kind = OPT_FLAG, .name = "share-failures", .at = AT(share_failures),
	 .help = "share the status of a run that failed, too"},
	{.kind = OPT_TEXT, .letter = 'b', .name = "breaker", .arg = "FILE", .at = AT(breaker),
	 .help = "share a circuit breaker: while it is open COMMAND is not run (status 75)"},
	{.kind = OPT_COUNT, .name = "breaker-threshold", .arg = "N", .at = AT(breaker_rules.threshold), .least = 1,
	 .most = INT64_MAX, .help = "failures in a row that open it (default: 5)"},
	{.kind = OPT_DURATION, .name = "breaker-cooldown", .arg = "DUR", .at = AT(cooldown),
	 .help = "how long it stays open before one attempt may probe (default: 60s)"},
	{.kind = OPT_TEXT, .letter = 'l', .name = "lock", .arg = "FILE", .at = AT(lock),
	 .help = "hold flock(2) on FILE for the whole run, as flock(1) does"},
	{.kind = OPT_COUNT, .name = "slots", .arg = "N", .at = AT(slots), .least = 1, .most = SEMAPHORE_MOST,
	 .help = "as many as N may hold it at once; $PK_SLOT is the number, from 1 (FILE.1 to FILE.N)"},
	{.kind = OPT_DURATION, .letter = 'w', .name = "wait", .arg = "DUR", .at = AT(wait),
	 .help = "wait for the lock, and for --share, at most DUR, 0 not at all; then status 75 (default: until --deadline)"},

	{.kind = OPT_GROUP, .help = "Reports"},
	{.kind = OPT_TEXT, .name = "events", .arg = "DEST", .at = AT(events),
	 .help = "append lifecycle events as JSON Lines to a file or fd:N (default: $PK_EVENTS)"},
	{.kind = OPT_FLAG, .name = "events-argv", .at = AT(events_argv),
	 .help = "put all of argv into events; it may hold secrets"},
	{.kind = OPT_FLAG, .letter = 'v', .name = "verbose", .at = AT(verbose),
	 .help = "say why each attempt is or is not followed by another, and show the end of withheld stdout"},
	{.kind = OPT_FLAG, .letter = 'q', .name = "quiet", .at = AT(quiet),
	 .help = "no line for a failed attempt, no countdown"},
	OPT_COMMON,
};
/* clang-format on */

const struct opt_program plan_program = {
	.name = "pk-retry",
	.usage = "pk-retry [OPTION]... [--] COMMAND [ARG]...\n"
		 "       pk-retry --schedule [OPTION]...\n",
	.purpose = "Run COMMAND again, politely, until it succeeds.\n",
	.options = options,
	.count = array_len(options),
	.tail = "Exit status:\n"
		"  that of the last attempt; it died of a signal: so does pk-retry (128+N)\n"
		"  1    the last attempt's status was 0, but --until or -S was not met\n"
		"  75   COMMAND was never run: circuit open; lock, share or deadline not in time\n"
		"  124  a time limit ended the last attempt\n"
		"  125  pk-retry itself failed\n"
		"  126  COMMAND cannot be executed (not tried again)\n"
		"  127  COMMAND was not found (not tried again)\n"
		"\n"
		"Examples:\n"
		"  pk-retry -n 4 -d 500ms -t 30s -- make test\n"
		"  pk-retry -b api.breaker -l api.lock -D 5m -- ./job\n"
		"  pk-retry --share x -b api.breaker -l api.slots --slots 3 -- ./job\n",
};

static bool never_succeeds(const struct plan *plan)
{
	return outcome_set_is_empty(&plan->success_on);
}

/* What no single option can know. Returns false after a message. */
static bool is_consistent(const struct plan *plan, bool has_command)
{
	if (plan->schedule && plan->attempts == PLAN_ENDLESS)
		say_usage("'--schedule' needs an end: '--attempts' is inf");
	else if (!plan->schedule && !has_command)
		say_usage("no command given");
	else if (plan->slots > 0 && !plan->lock)
		say_usage("'--slots' needs '--lock'");
	else if (!plan->share && (plan->share_ttl > 0 || plan->share_failures))
		say_usage("'--share-%s' needs '--share'",
			  plan->share_failures ? "failures" : "ttl");
	else if (plan->share && plan->share[0] == '\0')
		say_usage("'--share' needs the name of a file");
	else if (plan->lock && plan->lock[0] == '\0')
		say_usage("'--lock' needs the name of a file");
	else if (plan->share && plan->output == OUTPUT_PASS)
		say_usage("'--share' keeps stdout: '--stdout=pass' cannot be given too");
	else if (never_succeeds(plan) && (plan->share || plan->output == OUTPUT_COMMIT))
		say_usage("'--success-on=none' leaves no success whose stdout could be given");
	else if (plan->has_until && plan->output == OUTPUT_PASS)
		say_usage("'--until' reads stdout before it is passed on: '--stdout=pass' cannot "
			  "be given too");
	else
		return true;
	return false;
}

/* The grace period of -k, or the default. */
static int64_t grace(const struct plan *plan)
{
	return plan->kill_after == PLAN_UNSET ? DEFAULT_GRACE : plan->kill_after;
}

/* What the other options say about streams that are left to us. */
static void settle_streams(struct plan *plan)
{
	if (plan->output == OUTPUT_AUTO && never_succeeds(plan))
		plan->output = OUTPUT_PASS;
	if (plan->output == OUTPUT_AUTO &&
	    (plan->has_until || plan->has_retry_match || plan->share))
		plan->output = OUTPUT_COMMIT;
	/* What one caller has on its stdin must not be in the result of the others. */
	if (plan->share && plan->input == FEED_AUTO)
		plan->input = FEED_NULL;
}

bool plan_parse(struct plan *plan, int argc, char **argv, int *ret_status)
{
	int first;

	*plan = (struct plan){
		.attempts = 5,
		.backoff = {.base = NS_PER_S,
			    .factor = 2 * FACTOR_ONE,
			    .cap = PLAN_UNSET,
			    .jitter = JITTER_EQUAL},
		.seed = PLAN_UNSET,
		.kill_after = PLAN_UNSET,
		.signal = SIGTERM,
		.orphans = ORPHANS_LEAVE,
		.max_hint = 300 * NS_PER_S,
		.breaker_rules = {.threshold = 5},
		.cooldown = 60 * NS_PER_S,
		.wait = PLAN_UNSET,
	};
	(void)!outcome_set_parse(&plan->retry_on, DEFAULT_RETRY_ON);
	(void)!outcome_set_parse(&plan->success_on, "0");
	first = opt_parse(&plan_program, argc, argv, plan, ret_status);
	if (first < 0)
		return false;
	*ret_status = STATUS_OWN;
	if (!is_consistent(plan, first < argc))
		return false;
	plan->command = argv + first;
	if (plan->backoff.cap == PLAN_UNSET)
		plan->backoff.cap =
			plan->backoff.base > DEFAULT_CAP ? plan->backoff.base : DEFAULT_CAP;
	settle_streams(plan);
	plan->breaker_rules.cooldown_ms =
		plan->cooldown == NS_NEVER ? INT64_MAX : plan->cooldown / NS_PER_MS;
	return plan->schedule ||
	       program_deadline(&plan->inherited, grace(plan), plan->no_inherit, plan->quiet);
}

void plan_drop(struct plan *plan)
{
	if (plan->has_until)
		regfree(&plan->until);
	if (plan->has_retry_match)
		regfree(&plan->retry_match);
	plan->has_until = plan->has_retry_match = false;
}

struct stop_policy plan_policy(const struct plan *plan, bool is_init, int64_t deadline)
{
	const bool unset = plan->kill_after == PLAN_UNSET;

	struct stop_policy policy = {
		.timeout = plan->timeout,
		.deadline = deadline,
		.grace = grace(plan),
		.signal = plan->signal,
		.patient = is_init && unset,
		.orphans = ORPHANS_LEAVE,
	};

	stop_inherit(&policy, &plan->inherited);
	return policy;
}
