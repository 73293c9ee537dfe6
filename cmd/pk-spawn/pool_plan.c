/* The options of a pool: their values, and what goes together. */
#include "pool_plan.h"

#include <string.h>

#include "common/clock.h"
#include "common/num.h"
#include "common/say.h"
#include "cpus.h"
#include "output.h"
#include "plan.h"
#include "progress.h"
#include "tally.h"
#include "template.h"

#define JOBS_MOST 4096

void pool_plan_init(struct pool_plan *pool)
{
	*pool = (struct pool_plan){.jobs = 1,
				   .separator = '\n',
				   .max_args = 1,
				   .drain = POOL_PLAN_UNSET,
				   .output = -1};
	pool->success_on.codes[0] = true;
}

static struct pool_plan *pool_of(void *plan)
{
	return &((struct plan *)plan)->pool;
}

const char *pool_plan_set_jobs(void *plan, const char *value)
{
	struct pool_plan *pool = pool_of(plan);

	pool->wanted = true;
	return num_parse(value, 0, JOBS_MOST, &pool->jobs) < 0
		       ? "a whole number from 0 (the CPUs there are) to 4096"
		       : NULL;
}

const char *pool_plan_set_file(void *plan, const char *value)
{
	pool_of(plan)->wanted = true;
	pool_of(plan)->file = value;
	return NULL;
}

const char *pool_plan_set_null(void *plan, const char *value)
{
	(void)value;
	pool_of(plan)->alone = "null";
	pool_of(plan)->separator = '\0';
	return NULL;
}

/* One character, or one of the escapes that xargs(1) and printf(1) know. */
const char *pool_plan_set_delimiter(void *plan, const char *value)
{
	static const char names[] = "0abfnrtv\\", means[] = "\0\a\b\f\n\r\t\v\\";
	const char *name;

	pool_of(plan)->alone = "delimiter";
	if (value[0] != '\0' && value[1] == '\0') {
		pool_of(plan)->separator = value[0];
		return NULL;
	}
	name = value[0] == '\\' && value[1] != '\0' && value[2] == '\0' ? strchr(names, value[1])
									: NULL;
	if (!name)
		return "one character, or \\0, \\n, \\t or the like";
	pool_of(plan)->separator = means[name - names];
	return NULL;
}

const char *pool_plan_set_item_stdin(void *plan, const char *value)
{
	(void)value;
	pool_of(plan)->wanted = pool_of(plan)->item_stdin = true;
	return NULL;
}

const char *pool_plan_set_success_on(void *plan, const char *value)
{
	pool_of(plan)->alone = "success-on";
	return outcome_set_parse(&pool_of(plan)->success_on, value) < 0 ? OUTCOME_FORMS : NULL;
}

const char *pool_plan_set_fail_fast(void *plan, const char *value)
{
	(void)value;
	pool_of(plan)->halt = HALT_NOW;
	return NULL;
}

const char *pool_plan_set_progress(void *plan, const char *value)
{
	if (value && strcmp(value, "plain") != 0)
		return "plain, or no argument";
	pool_of(plan)->progress = value ? PROGRESS_PLAIN : PROGRESS_LINE;
	return NULL;
}

/* The first option that was given and needs a pool, or NULL. */
static const char *needs_pool(const struct pool_plan *pool)
{
	const struct {
		bool given;
		const char *name;
	} rows[] = {
		{pool->alone != NULL, pool->alone},
		{pool->max_args != 1, "max-args"},
		{pool->delay != 0, "delay"},
		{pool->halt != HALT_NEVER, "halt"},
		{pool->any, "any"},
		{pool->drain != POOL_PLAN_UNSET, "drain"},
		{pool->output != -1, "output"},
		{pool->tag, "tag"},
		{pool->capture != 0, "capture"},
		{pool->results != NULL, "results"},
		{pool->progress != PROGRESS_OFF, "progress"},
		{pool->no_jobserver, "no-jobserver"},
	};

	for (size_t i = 0; i < array_len(rows); i++)
		if (rows[i].given)
			return rows[i].name;
	return NULL;
}

/* What cannot be meant together, as a sentence; or NULL. */
static const char *contradiction(const struct plan *plan, const struct template *template)
{
	const struct pool_plan *pool = &plan->pool;
	const bool files = pool->output != OUTPUT_RAW && pool->output != OUTPUT_LINE;
	const bool reads_stdin = !pool->items && (!pool->file || strcmp(pool->file, "-") == 0);

	if (pool->items && pool->file)
		return "items come from ':::' or from '--arg-file', not from both";
	if (pool->item_stdin && plan->input)
		return "'--item-stdin' and '--stdin' exclude each other";
	if (pool->item_stdin && pool->max_args != 1)
		return "'--item-stdin' gives each job one item: '--max-args' cannot be used";
	if (template->inside && pool->max_args != 1)
		return "with '--max-args', '{}' must be a word of its own";
	if (pool->any && pool->halt != HALT_NEVER)
		return "'--any' and '--halt' exclude each other";
	if (pool->tag && pool->output == OUTPUT_RAW)
		return "'--tag' needs an output other than raw";
	if (pool->capture > 0 && !files)
		return "'--capture' needs the output group, keep or failed";
	if (plan->max_output > 0 || plan->idle > 0 || plan->spill)
		return "'--max-output', '--idle' and '--spill' are for one command, not for a pool";
	if (plan->lock)
		return "'--lock' is for one command, not for a pool";
	if (plan->service_count > 0 || plan->wait_count > 0 || plan->has_ready)
		return "'--service', '--ready' and '--wait-for' are for one command, not for a "
		       "pool";
	if (plan->orphans == ORPHANS_LEAVE)
		return "a pool leaves nothing running: '--orphans leave' cannot be used";
	if (reads_stdin && plan->input &&
	    (strcmp(plan->input, "inherit") == 0 || strcmp(plan->input, "-") == 0))
		return "the items come from stdin: '--stdin inherit' cannot be used";
	return NULL;
}

/* Cut the command line at `:::`. */
static void take_items(struct plan *plan)
{
	for (char **word = plan->command; *word; word++)
		if (strcmp(*word, ":::") == 0) {
			*word = NULL;
			plan->pool.items = word + 1;
			return;
		}
}

bool pool_plan_check(struct plan *plan)
{
	struct pool_plan *pool = &plan->pool;
	const char *problem = needs_pool(pool);
	struct template template;

	if (!pool->wanted && problem)
		say_usage("'--%s' needs a pool: '-j', '--arg-file' or '--item-stdin'", problem);
	if (!pool->wanted)
		return !problem;
	take_items(plan);
	if (!plan->command[0]) {
		say_usage("a pool needs a command");
		return false;
	}
	if (pool->output == -1)
		pool->output = OUTPUT_GROUP;
	if (pool->jobs == 0)
		pool->jobs = cpus_allowed();
	template_read(&template, plan->command, !pool->item_stdin);
	problem = contradiction(plan, &template);
	if (problem)
		say_usage("%s", problem);
	return !problem;
}
