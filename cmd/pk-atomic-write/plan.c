/* pk-atomic-write's command line: the option table and what follows from it. */
#include "plan.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "common/clock.h"
#include "common/program.h"
#include "common/say.h"
#include "common/status.h"

#define DEFAULT_GRACE (5 * NS_PER_S)

static const char *const sync_names[] = {
	[REPLACE_LAZY] = "none", [REPLACE_WHOLE] = "file", [REPLACE_DURABLE] = "full", NULL};

static const char *set_match(void *target, const char *value)
{
	struct plan *plan = target;

	if (strcmp(value, "none") == 0)
		plan->match = MATCH_ABSENT;
	else if (strcmp(value, "any") == 0)
		plan->match = MATCH_ANY;
	else if (sha256_parse(value, plan->match_hash) == 0)
		plan->match = MATCH_HASH;
	else
		return "a SHA-256 of 64 hexadecimal digits, none or any";
	return NULL;
}

static const char *set_verify(void *target, const char *value)
{
	struct plan *plan = target;

	plan->verify = true;
	return sha256_parse(value, plan->verify_hash) == 0 ? NULL
							   : "a SHA-256 of 64 hexadecimal digits";
}

static const char *set_backup(void *target, const char *value)
{
	struct plan *plan = target;

	plan->backup = value ? value : "~";
	return *plan->backup == '\0' || strchr(plan->backup, '/') ? "a suffix without '/'" : NULL;
}

static const char *set_mode(void *target, const char *value)
{
	struct plan *plan = target;
	size_t digits = strspn(value, "01234567");

	plan->has_mode = true;
	plan->mode = 0;
	for (const char *c = value; *c >= '0' && *c <= '7' && c < value + 5; c++)
		plan->mode = plan->mode << 3 | (mode_t)(*c - '0');
	if (digits == 0 || digits > 5 || value[digits] != '\0' || plan->mode > 07777)
		return "an octal mode such as 644 or 0600";
	return NULL;
}

#define AT(member) offsetof(struct plan, member)

/* clang-format off */
static const struct opt options[] = {
	{.kind = OPT_GROUP, .help = "What is written"},
	{.kind = OPT_FLAG, .letter = 'e', .name = "edit", .at = AT(edit),
	 .help = "give COMMAND the current content as stdin; FILE is locked from before reading until the end"},
	{.kind = OPT_FLAG, .letter = 'u', .name = "if-changed", .at = AT(if_changed),
	 .help = "leave FILE and its time alone when the content is the same"},
	{.kind = OPT_COUNT, .name = "unchanged-status", .arg = "N", .at = AT(unchanged_status), .least = 0, .most = 255,
	 .help = "exit status in that case (default: 0)"},

	{.kind = OPT_GROUP, .help = "Conditions (status 123 when one fails, FILE untouched)"},
	{.kind = OPT_CALL, .name = "if-match", .arg = "HASH", .set = set_match,
	 .help = "the current content must have this SHA-256; none: FILE must not exist; any: it must"},
	{.kind = OPT_CALL, .name = "verify", .arg = "HASH", .set = set_verify,
	 .help = "the new content must have this SHA-256"},
	{.kind = OPT_FLAG, .letter = 'n', .name = "non-empty", .at = AT(non_empty),
	 .help = "the new content must not be empty"},
	{.kind = OPT_TEXT, .name = "check", .arg = "SHELLCMD", .at = AT(check),
	 .help = "must exit 0; it has the new content as stdin and its path in PK_NEW"},

	{.kind = OPT_GROUP, .help = "How FILE is replaced"},
	{.kind = OPT_CALL, .letter = 'b', .name = "backup", .arg = "[SUFFIX]", .set = set_backup,
	 .help = "keep the old file as FILE with this suffix (default: ~)"},
	{.kind = OPT_CALL, .letter = 'm', .name = "mode", .arg = "MODE", .set = set_mode,
	 .help = "octal mode of the result (default: keep, else 0666 under the umask)"},
	{.kind = OPT_FLAG, .letter = 'D', .name = "parents", .at = AT(parents),
	 .help = "make missing parent directories"},
	{.kind = OPT_FLAG, .letter = 'P', .name = "no-dereference", .at = AT(no_dereference),
	 .help = "replace a symlink itself (default: the file that it names)"},
	{.kind = OPT_FLAG, .name = "strict", .at = AT(strict),
	 .help = "fail when owner, group, ACL or an attribute cannot be kept (default: warn; for root: fail)"},
	{.kind = OPT_FLAG, .name = "in-place-fallback", .at = AT(in_place_fallback),
	 .help = "where no rename is possible, rewrite FILE once the new content is safe on disk"},
	{.kind = OPT_CHOICE, .name = "sync", .arg = "WHAT", .at = AT(sync), .choices = sync_names,
	 .help = "full: durable on return; file: whole after a crash, perhaps the old one; none (default: full)"},
	{.kind = OPT_DURATION, .letter = 'w', .name = "wait", .arg = "DUR", .at = AT(wait),
	 .help = "wait for the lock at most DUR; 0: only try (default: inf)"},

	{.kind = OPT_GROUP, .help = "Stopping COMMAND"},
	{.kind = OPT_DURATION, .letter = 'k', .name = "kill-after", .arg = "DUR", .at = AT(kill_after),
	 .help = "grace period between the stop signal and SIGKILL (default: 5s)"},
	{.kind = OPT_SIGNAL, .letter = 's', .name = "signal", .arg = "SIG", .at = AT(signal),
	 .help = "the stop signal for what it leaves running (default: TERM)"},

	{.kind = OPT_GROUP, .help = "Reports"},
	{.kind = OPT_FLAG, .name = "no-inherit", .at = AT(no_inherit),
	 .help = "do not obey $PK_DEADLINE, nor pass it on"},
	{.kind = OPT_TEXT, .name = "events", .arg = "DEST", .at = AT(events),
	 .help = "append lifecycle events as JSON Lines to a file or fd:N (default: $PK_EVENTS)"},
	{.kind = OPT_FLAG, .name = "events-argv", .at = AT(events_argv),
	 .help = "put all of COMMAND's argv into events; it may hold secrets"},
	{.kind = OPT_FLAG, .letter = 'v', .name = "verbose", .at = AT(verbose),
	 .help = "say what was done, and what hard links keep the old content"},
	{.kind = OPT_FLAG, .letter = 'q', .name = "quiet", .at = AT(quiet),
	 .help = "no warnings, and do not say which condition failed"},
	OPT_COMMON,
};
/* clang-format on */

const struct opt_program plan_program = {
	.name = "pk-atomic-write",
	.usage = "pk-atomic-write [OPTION]... FILE\n"
		 "       pk-atomic-write [OPTION]... FILE -- COMMAND [ARG]...\n",
	.purpose = "Replace FILE by stdin, or by what COMMAND prints if it exits 0:\n"
		   "whole or not at all, durably.\n",
	.options = options,
	.count = array_len(options),
	.tail = "Exit status:\n"
		"  0    FILE is replaced, durably; or it was the same (-u)\n"
		"  75   the lock was not to be had within --wait; FILE is untouched\n"
		"  122  FILE is replaced, but durability could not be confirmed\n"
		"  123  a condition failed; FILE is untouched\n"
		"  124  the inherited deadline passed; FILE is untouched\n"
		"  125  pk-atomic-write itself failed; FILE is untouched\n"
		"  126  COMMAND cannot be executed        127  COMMAND was not found\n"
		"  else COMMAND's own; it died of a signal: so does pk-atomic-write\n"
		"\n"
		"Examples:\n"
		"  ./generate | pk-atomic-write -n list      never an empty list\n"
		"  pk-atomic-write -e data.json -- jq '.version += 1'\n"
		"  pk-atomic-write -u --check 'sh -n' run.sh < new.sh\n",
};

/* FILE, then nothing, or `--` and COMMAND. */
static const char *take_operands(struct plan *plan, char **operands, int count)
{
	if (count < 1)
		return "no FILE given";
	plan->file = operands[0];
	if (count == 1)
		return plan->edit ? "'--edit' needs a COMMAND: FILE -- COMMAND" : NULL;
	if (strcmp(operands[1], "--") != 0)
		return "one FILE only; options come before it, COMMAND behind '--'";
	plan->command = operands + 2;
	return count == 2 ? "no COMMAND behind '--'" : NULL;
}

/* The grace period of -k, or the default. */
static int64_t grace(const struct plan *plan)
{
	return plan->kill_after == PLAN_GRACE_UNSET ? DEFAULT_GRACE : plan->kill_after;
}

bool plan_parse(struct plan *plan, int argc, char **argv, int *ret_status)
{
	const char *mistake;
	int first;

	*plan = (struct plan){
		.sync = REPLACE_DURABLE,
		.wait = NS_NEVER,
		.kill_after = PLAN_GRACE_UNSET,
		.signal = SIGTERM,
	};
	first = opt_parse(&plan_program, argc, argv, plan, ret_status);
	if (first < 0)
		return false;
	*ret_status = STATUS_OWN;
	mistake = take_operands(plan, argv + first, argc - first);
	if (mistake) {
		say_usage("%s", mistake);
		return false;
	}
	if (!program_deadline(&plan->inherited, plan->command || plan->check ? grace(plan) : 0,
			      plan->no_inherit, plan->quiet))
		return false;
	plan->wait = ns_min(plan->wait, plan->inherited.left);
	return true;
}

struct stop_policy plan_policy(const struct plan *plan, bool is_init)
{
	const bool unset = plan->kill_after == PLAN_GRACE_UNSET;

	struct stop_policy policy = {
		.deadline = NS_NEVER,
		.grace = grace(plan),
		.signal = plan->signal,
		.patient = is_init && unset,
		.orphans = ORPHANS_STOP,
	};

	stop_inherit(&policy, &plan->inherited);
	return policy;
}
