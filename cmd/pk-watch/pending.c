/* The batch between the first change and its run. */
#include "pending.h"

#include "common/clock.h"
#include "news.h"
#include "runs.h"

/* A batch in which nothing counts is forgotten when it gets that large. */
#define IDLE_BATCH_MAX 4096

/* Is the batch to be held for somebody who still writes? */
static bool is_held(const struct loop *loop)
{
	const struct batch *batch = &loop->batch;

	/* Without debounce one finished change is enough. */
	return loop->plan->debounce == 0 ? batch->unfinished == batch->count
					 : batch->unfinished > 0;
}

/* While the command runs a queue has nothing to do with its batch, and a restart is under way once. */
static bool is_waiting_for_end(const struct loop *loop)
{
	return loop->running && (loop->plan->on_busy == BUSY_QUEUE || loop->restarting);
}

int64_t pending_due(const struct loop *loop)
{
	int64_t due;

	if (is_waiting_for_end(loop))
		return NS_NEVER;
	if (loop->batch.count == 0)
		return loop->owed ? 0 : NS_NEVER;
	due = debounce_due(&loop->debounce, is_held(loop) && loop->batch_looked);
	return due > loop->not_before ? due : loop->not_before;
}

/* Does the batch repeat what the command itself does? Then it is put off for a while. */
static bool is_put_off(struct loop *loop, int64_t now)
{
	const bool applies =
		loop->plan->on_busy == BUSY_QUEUE || loop->plan->on_busy == BUSY_IGNORE;

	if (!loop->guard || !applies || loop->batch_late)
		return false;
	loop->batch_late = true;
	if (feedback_note(&loop->feedback, batch_signature(&loop->batch), loop->batch_own))
		note_loop(loop->events, loop->plan, &loop->batch, loop->feedback.delay);
	loop->not_before = loop->feedback.delay > 0 ? ns_add(now, loop->feedback.delay) : 0;
	return loop->feedback.delay > 0;
}

void pending_act(struct loop *loop, int64_t now)
{
	if (now < pending_due(loop))
		return;
	if (is_held(loop) && !loop->batch_looked) {
		watchset_finish(&loop->set);
		loop->batch_looked = true;
		if (now < pending_due(loop))
			return;
	}
	if (loop->running)
		runs_be_busy(loop, REASON_CHANGE);
	else if (!is_put_off(loop, now))
		runs_start(loop, REASON_CHANGE);
}

/* Whatever was added to the batch starts, or prolongs, its debounce. */
void pending_note(struct loop *loop, size_t noted_before, int64_t now)
{
	const bool own = loop->running || (loop->ended_at > 0 &&
					   now - loop->ended_at <= loop->plan->debounce + STEP_NS);

	loop->rescanned |= loop->set.news.overflowed && loop->batch.count > 0;
	news_tell(loop->events, loop->plan, &loop->set);
	if (loop->batch.noted == noted_before)
		return;
	if (loop->batch.count == 0) {
		debounce_clear(&loop->debounce);
		if (loop->batch.used > IDLE_BATCH_MAX)
			batch_clear(&loop->batch);
		return;
	}
	if (loop->running && loop->plan->on_busy == BUSY_QUEUE && loop->debounce.first == NS_NEVER)
		note_busy(loop->events, loop->plan, loop->batch.count);
	loop->batch_own = loop->debounce.first == NS_NEVER ? own : loop->batch_own && own;
	loop->batch_looked = false;
	debounce_note(&loop->debounce, now);
}
