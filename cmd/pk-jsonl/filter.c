/* filter: print the records that match. */
#include "common/status.h"
#include "show.h"
#include "verbs.h"

static int take(void *arg, const struct record *record)
{
	struct work *work = arg;
	struct plan *plan = work->plan;
	int match = pred_match(&plan->where, &plan->fields);

	if (match <= 0)
		return match;
	if (!stream_check(&work->stream, record))
		return 0;
	work->matched++;
	if (!plan->quiet)
		show_record(&work->output, plan, record, work->stream.name);
	if (work->output.error < 0 || plan->quiet || work->matched == plan->max_count)
		return STREAM_STOP;
	return 0;
}

static int flush(void *arg)
{
	struct work *work = arg;

	return output_flush(&work->output) < 0 ? STREAM_STOP : 0;
}

int verb_filter(struct work *work)
{
	struct plan *plan = work->plan;
	struct probe probe;

	if (probe_make(&probe, &plan->where, &plan->fields))
		work->stream.probe = &probe;
	work->stream.call = take;
	work->stream.pause = flush;
	work->stream.arg = work;
	work->stream.unchecked = plan->unchecked;
	if (plan->max_count != 0)
		(void)work_read_all(work);
	return work_end(work, plan->exit_status && work->matched == 0 ? STATUS_NO : STATUS_OK);
}
