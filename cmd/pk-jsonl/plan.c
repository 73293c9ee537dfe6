/* pk-jsonl's command line: the verb, its options and operands. */
#include "plan.h"

#include <getopt.h>
#include <string.h>

#include "common/clock.h"
#include "common/program.h"
#include "common/say.h"
#include "common/status.h"

#define MAX_LINE (INT64_C(64) << 20)
#define MAX_GROUPS INT64_C(1000000)

static const char *const names[VERBS] = {
	[VERB_APPEND] = "append", [VERB_FILTER] = "filter",	[VERB_COUNT] = "count",
	[VERB_FOLLOW] = "follow", [VERB_VALIDATE] = "validate", [VERB_REPAIR] = "repair",
	[VERB_ROTATE] = "rotate",
};

/* The verb of the first operand; says what is wrong with it. */
static bool find_verb(const char *name, enum verb *ret)
{
	for (int i = 0; i < VERBS; i++) {
		if (strcmp(name, names[i]) == 0) {
			*ret = (enum verb)i;
			return true;
		}
	}
	say_usage("unknown verb '%s': expected append, filter, count, follow, validate, repair or "
		  "rotate",
		  name);
	return false;
}

/*
 * opt_parse stops at the first operand; collect it in front and go on behind it, until `--` or the end.
 * argv[0] is the verb.
 */
static bool read_options(struct plan *plan, int argc, char **argv, int *ret_status)
{
	int kept = 1;

	optind = 1;
	for (;;) {
		int first = opt_parse(&plan_programs[plan->verb], argc, argv, plan, ret_status);

		if (first < 0)
			return false;
		if (first >= argc || strcmp(argv[first - 1], "--") == 0) {
			while (first < argc)
				argv[kept++] = argv[first++];
			break;
		}
		argv[kept++] = argv[first];
		optind = first + 1;
	}
	plan->operands = argv + 1;
	plan->operand_count = kept - 1;
	return true;
}

/* Rules that the table cannot state; NULL when all is well. */
static const char *mistake(const struct plan *plan)
{
	const bool one_file =
		plan->verb == VERB_FOLLOW || plan->verb == VERB_REPAIR || plan->verb == VERB_ROTATE;

	if (one_file && plan->operand_count != 1)
		return "expected one FILE";
	if (plan->verb == VERB_APPEND && plan->operand_count == 0)
		return "expected a FILE to append to";
	if (plan->verb != VERB_COUNT &&
	    (plan->output == FORMAT_RAW || plan->output == FORMAT_TSV) && plan->select_count == 0)
		return "'--output' raw and tsv need '--select'";
	if (plan->unchecked && plan->strict)
		return "'--unchecked' cannot count malformed lines for '--strict'";
	if (plan->lines_only && (plan->by >= 0 || plan->stats >= 0 || plan->where.count > 0))
		return "'--lines' counts newlines, not records";
	return NULL;
}

/* Whoever may wait is bound by what is inherited; a reader ends when its input does. */
static bool take_deadline(struct plan *plan)
{
	const bool waits = plan->verb == VERB_APPEND || plan->verb == VERB_FOLLOW ||
			   plan->verb == VERB_REPAIR || plan->verb == VERB_ROTATE;

	plan->inherited = DEADLINE_NONE;
	if (waits && !program_deadline(&plan->inherited, 0, plan->no_inherit, plan->quiet))
		return false;
	plan->wait = ns_min(plan->wait, plan->inherited.left);
	if (plan->timeout == 0 || plan->timeout > plan->inherited.left)
		plan->timeout = plan->inherited.left;
	else
		plan->inherited = DEADLINE_NONE; /* it is not what ends a follow */
	return true;
}

bool plan_parse(struct plan *plan, int argc, char **argv, int *ret_status)
{
	const char *wrong;
	int first;

	*plan = (struct plan){.output = -1,
			      .max_count = -1,
			      .max_line = MAX_LINE,
			      .by = -1,
			      .stats = -1,
			      .max_groups = MAX_GROUPS,
			      .tail = 10,
			      .wait = 10 * NS_PER_S,
			      .keep = 5,
			      .mode = -1,
			      .ts_key = "ts",
			      .id_key = "id"};
	first = opt_parse(&plan_top, argc, argv, plan, ret_status);
	if (first < 0)
		return false;
	*ret_status = STATUS_OWN;
	if (first >= argc) {
		say_usage("no verb given");
		return false;
	}
	if (!find_verb(argv[first], &plan->verb) ||
	    !read_options(plan, argc - first, argv + first, ret_status))
		return false;
	plan->where.scratch.cap = plan->until.scratch.cap = SIZE_MAX / 2;
	wrong = mistake(plan);
	if (wrong)
		say_usage("%s: %s", names[plan->verb], wrong);
	return !wrong && take_deadline(plan);
}

void plan_drop(struct plan *plan)
{
	pred_drop(&plan->where);
	pred_drop(&plan->until);
	fields_drop(&plan->fields);
}
