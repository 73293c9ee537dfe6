/* count: how many records, by value, and statistics of their numbers. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chart.h"
#include "common/jsontext.h"
#include "common/status.h"
#include "groups.h"
#include "show.h"
#include "verbs.h"

struct counting {
	struct work *work;
	struct groups groups; /* of --by; one without a name for --stats alone */
	struct buf scratch;
	const struct scanner *scanner; /* of --lines, once the input is large */
};

static int add_stats(struct group *group, const struct value *value)
{
	if (value->token != JSONREAD_NUMBER)
		return 0;
	if (!group->stats)
		group->stats = calloc(1, sizeof(*group->stats));
	if (!group->stats)
		return -ENOMEM;
	/* A byte that is no part of a number follows every number of a line. */
	stats_add(group->stats, strtod(value->text, NULL));
	return 0;
}

/* The value's text, decoded, where groups_find can read it. */
static int decode(struct counting *counting, const struct value *value)
{
	struct buf *scratch = &counting->scratch;
	int err;

	scratch->len = 0;
	if (value->token == JSONREAD_END)
		return 0;
	err = buf_add(scratch, value->text, value->len);
	if (err >= 0 && value->token == JSONREAD_STRING && value->escaped)
		scratch->len = jsontext_decode(scratch->bytes, scratch->bytes, scratch->len);
	return err;
}

static int64_t find_group(struct counting *counting)
{
	const struct plan *plan = counting->work->plan;
	const struct value *value;
	int err;

	if (plan->by < 0)
		return groups_find(&counting->groups, "", 0);
	value = &plan->fields.values[plan->by];
	if (value->token != JSONREAD_END && !value->escaped)
		return groups_find(&counting->groups, value->text, value->len);
	err = decode(counting, value);
	return err < 0 ? err
		       : groups_find(&counting->groups,
				     counting->scratch.len ? counting->scratch.bytes : "",
				     counting->scratch.len);
}

static int take(void *arg, const struct record *record)
{
	struct counting *counting = arg;
	struct work *work = counting->work;
	struct plan *plan = work->plan;
	int64_t index;
	int match = pred_match(&plan->where, &plan->fields);

	(void)record;
	if (match <= 0)
		return match;
	work->matched++;
	if (plan->by >= 0 || plan->stats >= 0) {
		index = find_group(counting);
		if (index < 0)
			return (int)index;
		groups_at(&counting->groups, (size_t)index)->count++;
		if (plan->stats >= 0)
			match = add_stats(groups_at(&counting->groups, (size_t)index),
					  &plan->fields.values[plan->stats]);
		if (match < 0)
			return match;
	}
	return plan->quiet || work->matched == plan->max_count ? STREAM_STOP : 0;
}

static void put_double(struct output *output, double number)
{
	char text[40];

	/* Whole numbers whole; else as many digits as are needed to read it back, 15 at first. */
	(void)snprintf(text, sizeof(text), "%.15g", number);
	output_text(output, text);
}

static void put_stats(struct output *output, const struct stats *stats)
{
	static const struct {
		const char *name;
		double q;
	} quantiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}};

	output_text(output, "n=");
	output_int(output, stats ? stats->n : 0);
	if (!stats)
		return;
	output_text(output, "\tmin=");
	put_double(output, stats->min);
	for (size_t i = 0; i < array_len(quantiles); i++) {
		char text[40];

		/* The histogram knows no more than three digits. */
		(void)snprintf(text, sizeof(text), "\t%s=%.3g", quantiles[i].name,
			       stats_quantile(stats, quantiles[i].q));
		output_text(output, text);
	}
	output_text(output, "\tmax=");
	put_double(output, stats->max);
	output_text(output, "\tsum=");
	put_double(output, stats_sum(stats));
}

static void put_groups(struct counting *counting)
{
	struct output *output = &counting->work->output;

	for (size_t i = 0; i < groups_count(&counting->groups); i++) {
		const struct group *group = groups_at(&counting->groups, i);
		const struct value value = {
			.token = JSONREAD_NUMBER, .text = group->value, .len = group->len};

		show_tsv(output, &value);
		output_char(output, '\t');
		if (counting->work->plan->stats >= 0)
			put_stats(output, group->stats);
		else
			output_int(output, group->count);
		output_char(output, '\n');
	}
}

static void show(struct counting *counting)
{
	struct work *work = counting->work;
	const struct plan *plan = work->plan;

	groups_sort(&counting->groups);
	if (plan->by < 0 && plan->stats < 0) {
		output_int(&work->output, work->matched);
		output_char(&work->output, '\n');
	} else if (plan->by < 0) {
		put_stats(&work->output, groups_count(&counting->groups)
						 ? groups_at(&counting->groups, 0)->stats
						 : NULL);
		output_char(&work->output, '\n');
	} else if (plan->stats < 0 && chart_is_wanted(plan->output)) {
		chart_show(&work->output, &counting->groups, work->matched);
	} else {
		put_groups(counting);
	}
}

/* --lines: newlines, whatever is between them. */
static int count_newlines(void *arg, const char *bytes, size_t len)
{
	struct counting *counting = arg;
	const char *end = bytes + len;

	/* A block that is full means that the input is large. */
	if (!counting->scanner && len == INPUT_BLOCK)
		counting->scanner = scan_pick(SCAN_BEST);
	if (counting->scanner) {
		counting->work->matched += counting->scanner->count(bytes, len);
		return 0;
	}
	for (; (bytes = memchr(bytes, '\n', (size_t)(end - bytes))); bytes++)
		counting->work->matched++;
	return 0;
}

int verb_count(struct work *work)
{
	struct plan *plan = work->plan;
	struct probe probe;
	struct counting counting = {.work = work,
				    .groups = GROUPS_EMPTY((size_t)plan->max_groups),
				    .scratch = {.cap = SIZE_MAX / 2}};
	const bool plain = plan->where.count == 0 && !plan->where.invert && plan->by < 0 &&
			   plan->stats < 0 && plan->max_count < 0 && !plan->quiet;

	if (probe_make(&probe, &plan->where, &plan->fields))
		work->stream.probe = &probe;
	work->stream.arg = &counting;
	work->stream.call = plain ? NULL : take;
	if (plan->lines_only)
		work->stream.raw = count_newlines;
	if (plan->max_count != 0)
		(void)work_read_all(work);
	if (plain && !plan->lines_only)
		work->matched = work->stream.records;
	if (!plan->quiet && !work->failed)
		show(&counting);
	groups_drop(&counting.groups);
	buf_drop(&counting.scratch);
	return work_end(work, plan->exit_status && work->matched == 0 ? STATUS_NO : STATUS_OK);
}
