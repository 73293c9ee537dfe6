/* Jobs that are over: written down, printed, and decided about. */
#include "pool_state.h"

#include <errno.h>
#include <signal.h>

#include "common/report.h"
#include "common/say.h"
#include "tell.h"

void pool_call(struct pool *pool, int member)
{
	static const struct order call = {.kind = ORDER_CALL};
	const int err = crew_order(&pool->crew, member, &call);

	if (err >= 0 || pool->fatal)
		return;
	say_errno(err, "cannot reach a guard process");
	pool_fail(pool, "resource", err);
}

void pool_fail(struct pool *pool, const char *class, int err)
{
	if (!pool->fatal)
		report_error(pool->events, class, err);
	pool->fatal = true;
	pool_stop_all(pool);
}

static void follow(struct pool *pool, enum tally_step step)
{
	switch (step) {
	case TALLY_GO_ON:
		return;
	case TALLY_START_NO_MORE:
		pool_close_queue(pool);
		return;
	case TALLY_STOP_ALL:
		pool_stop_all(pool);
		return;
	}
}

const char *pool_tag(const char *items, size_t len, char tag[static OUTPUT_TAG_MAX])
{
	size_t n = tally_name(tag, OUTPUT_TAG_MAX - 2, items, len);

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)tag[i] < 0x20)
			tag[i] = '?';
	tag[n] = '\t';
	tag[n + 1] = '\0';
	return tag;
}

void pool_unstartable(struct pool *pool, const struct feed_job *job)
{
	const struct output_sizes none = {.waits = false};
	char tag[OUTPUT_TAG_MAX];

	results_add(&pool->results, &pool->output,
		    &(struct results_job){.seq = job->seq,
					  .slot = -1,
					  .items = job->items,
					  .len = job->len,
					  .count = job->count,
					  .error = job->err});
	output_done(&pool->output, -1, job->seq, pool_tag(job->items, job->len, tag), &none, false);
	follow(pool, tally_add(&pool->tally, false, STATUS_CANNOT_RUN, job->items, job->len));
}

/* The command's own word cannot be executed: it never will be. */
static bool is_hopeless(const struct pool *pool, const struct slot_report *report)
{
	const bool item = report->err == -E2BIG || report->err == -EINVAL;

	return report->stage != CHILD_EXEC || (template_is_fixed(&pool->template) && !item);
}

/* The job could not be started. Returns the status that counts. */
static int judge_unstarted(struct pool *pool, const struct slot_report *report)
{
	struct ending ending = {.code = status_of_exec(-report->err)};

	if (!is_hopeless(pool, report))
		return ending.code;
	if (!pool->told_unstarted)
		ending = tell_unstarted(pool->events, pool->plan, pool->template.words[0],
					report->stage, report->err);
	pool->told_unstarted = true;
	if (!pool->tally.decided)
		pool->tally.ending = ending;
	pool->tally.decided = true;
	pool_stop_all(pool);
	return ending.code;
}

static int judge_ended(struct pool *pool, const struct slot_report *report, bool *ret_success)
{
	const struct owner_result *result = &report->result;
	const bool limited = result->timed_out && !pool->plan->preserve_status;
	const struct outcome outcome = {
		.status = limited ? STATUS_TIMEOUT : ending_status(result->ending),
		.signal = limited ? 0 : result->ending.signal,
		.timed_out = limited,
	};

	*ret_success = outcome_in(&pool->plan->pool.success_on, outcome);
	if (result->survivors > 0) {
		tell_why(&(struct work){.plan = pool->plan}, result, 0);
		pool_fail(pool, "resource", -EBUSY);
	}
	if (report->sizes.err < 0) {
		say_errno(report->sizes.err, "cannot keep the output of a job");
		pool_fail(pool, "io", report->sizes.err);
	}
	return outcome.status;
}

/* A job is over: write it down, print it, decide. */
static void conclude(struct pool *pool, const struct outcome_due *due)
{
	const struct slot_report *report = &due->report;
	struct flight *flight = flights_find(&pool->flights, report->seq);
	const bool ended = report->news == SLOT_ENDED;
	bool success = false, stopped;
	char tag[OUTPUT_TAG_MAX];
	int status;

	if (!flight)
		return;
	stopped = pool->stopping && ended && report->result.cause == CAUSE_STOPPED;
	status = ended ? judge_ended(pool, report, &success) : judge_unstarted(pool, report);
	results_add(&pool->results, &pool->output,
		    &(struct results_job){.seq = flight->seq,
					  .slot = due->member,
					  .items = flight->items.bytes,
					  .len = flight->items.len,
					  .count = flight->count,
					  .is_input = pool->plan->pool.item_stdin,
					  .input_bytes = flight->input_bytes,
					  .error = ended ? 0 : report->err,
					  .result = ended ? &report->result : NULL,
					  .sizes = &report->sizes});
	progress_erase(&pool->progress);
	output_done(&pool->output, due->member, flight->seq,
		    pool_tag(flight->items.bytes, flight->items.len, tag), &report->sizes,
		    pool->output.mode != OUTPUT_FAILED || !success);
	if (stopped)
		pool->tally.stopped++;
	else
		follow(pool, tally_add(&pool->tally, success, status, flight->items.bytes,
				       flight->items.len));
	flights_remove(&pool->flights, flight);
}

bool pool_settle(struct pool *pool)
{
	const char *name;
	int released, err;
	bool more;

	for (;;) {
		more = output_step(&pool->output, &released);
		if (released >= 0)
			pool_call(pool, released);
		if (more && released >= 0)
			continue;
		if (more || pool->due_count == 0)
			break;
		conclude(pool, &pool->due[pool->due_first]);
		pool->due_first = (pool->due_first + 1) % (size_t)pool->flights.size;
		pool->due_count--;
	}
	err = output_error(&pool->output, &name);
	if (err == -EPIPE && !pool->signal) {
		pool->signal = SIGPIPE;
		pool_stop_all(pool);
	} else if (err == -ETIME && pool->expired) {
		if (!pool->unread && !pool->plan->quiet)
			say("the output was not read in time, and its rest is lost");
		pool->unread = true;
	} else if (err < 0 && err != -EPIPE && !pool->fatal) {
		say_errno(err, "cannot write to %s", name);
		pool_fail(pool, "io", err);
	}
	pool->prints = more;
	return more && !print_busy(&pool->output.print);
}
