/* Runs of the command, or of print mode: start, disturbance, end. */
#include "runs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/report.h"
#include "common/say.h"

/* The batch has been handed over, or dropped. */
static void reset_batch(struct loop *loop)
{
	watchset_settle(&loop->set);
	debounce_clear(&loop->debounce);
	loop->batch_own = loop->batch_looked = loop->batch_late = loop->rescanned = false;
	loop->not_before = 0;
}

static void clear_screen(const struct plan *plan)
{
	static const char clear[] = "\033[H\033[2J\033[3J";
	const char *term = getenv("TERM");

	if (plan->clear && isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0)
		(void)!write(STDOUT_FILENO, clear, sizeof(clear) - 1);
}

static void tell_change(struct loop *loop)
{
	if (loop->batch.count > 0)
		note_change(loop->events, loop->runs, &loop->batch);
}

/* The event comes behind the paths: who has seen it finds them printed. */
static void print_batch(struct loop *loop)
{
	int err = printer_write(&loop->printer, &loop->batch, plan_format(loop->plan));

	tell_change(loop);
	batch_clear(&loop->batch);
	if (err < 0) {
		say_errno(err, "cannot write to standard output");
		report_error(loop->events, "io", err);
		loop_end(loop, OWN_FAILURE, "error");
	} else if (loop->printer.stop_signal) {
		loop_end(loop, (struct ending){.signal = loop->printer.stop_signal}, "signal");
	} else if (loop->plan->once) {
		loop_end(loop, (struct ending){0}, "once");
	}
}

static void start_command(struct loop *loop, enum reason reason)
{
	struct ending ending;

	tell_change(loop);
	clear_screen(loop->plan);
	loop->started_at = now_ns();
	if (job_start(&loop->job, loop->guard, &loop->batch, reason, loop->runs, &ending) >= 0) {
		loop->running = true;
		return;
	}
	/* A mistake in the command line shows in the first run; later it may be the build's. */
	if (loop->runs == 1 || loop->plan->once || loop->plan->exit_on_error ||
	    ending.code == STATUS_OWN)
		loop_end(loop, ending, "error");
	loop->ended_at = loop->idle_from = now_ns();
}

void runs_start(struct loop *loop, enum reason reason)
{
	if (reason == REASON_CHANGE && loop->rescanned)
		reason = REASON_RESCAN;
	loop->runs++;
	loop->owed = false;
	loop->reason = reason;
	if (loop->batch.lost)
		say("out of memory: not all changed paths are known");
	if (loop->plan->verbose && loop->batch.count > 0)
		say("run %lld: %s, %zu paths, the first '%s'", (long long)loop->runs,
		    reason_name(reason), loop->batch.count,
		    batch_path(&loop->batch, batch_first(&loop->batch)));
	else if (loop->plan->verbose && loop->guard)
		say("run %lld: %s", (long long)loop->runs, reason_name(reason));
	reset_batch(loop);
	loop->idle_from = now_ns();
	if (loop->guard)
		start_command(loop, reason);
	else
		print_batch(loop);
}

/* Something asks for a run while the command runs. */
void runs_be_busy(struct loop *loop, enum reason reason)
{
	const size_t count = loop->batch.count;

	switch ((enum busy)loop->plan->on_busy) {
	case BUSY_QUEUE:
		loop->next = reason;
		loop->restarting = true; /* as soon as it ends */
		return;
	case BUSY_RESTART:
		loop->next = reason;
		loop->restarting = true;
		note_busy(loop->events, loop->plan, count);
		guard_stop(loop->guard, STOP_SIGNAL);
		return;
	case BUSY_SIGNAL:
		note_busy(loop->events, loop->plan, count);
		guard_pass(loop->guard, loop->plan->signal);
		break;
	case BUSY_IGNORE:
		note_busy(loop->events, loop->plan, count);
		break;
	}
	batch_clear(&loop->batch);
	reset_batch(loop);
}

/* How the end of a run ends pk-watch, if it does. */
static void judge_run(struct loop *loop)
{
	const struct owner_result *result = guard_result(loop->guard);
	const struct ending ending = loop->job.ending;
	const int stop_signal = guard_stop_signal(loop->guard);

	if (result->survivors > 0) {
		report_error(loop->events, "resource", -EBUSY);
		loop_end(loop, OWN_FAILURE, "error");
	} else if (stop_signal) {
		loop_end(loop, (struct ending){.signal = stop_signal}, "signal");
	} else if (result->passed && result->ending.signal == result->passed) {
		loop_end(loop, (struct ending){.signal = result->passed}, "signal");
	} else if (result->cause == CAUSE_INHERITED) {
		loop_end(loop, (struct ending){.code = STATUS_TIMEOUT}, "inherited");
	} else if (loop->plan->once) {
		loop_end(loop, ending, "once");
	} else if (loop->plan->exit_on_error && ending_status(ending) != 0 &&
		   (result->cause != CAUSE_STOPPED || !loop->restarting)) {
		loop_end(loop, ending, "failure");
	}
}

void runs_take_end(struct loop *loop)
{
	struct ending ending;
	int more = job_next(&loop->job, loop->guard, &ending);

	if (more > 0)
		return;
	loop->running = false;
	loop->ended_at = now_ns();
	/* A tick does not count as life: the clock of --idle has only stood still. */
	loop->idle_from = loop->reason == REASON_EVERY
				  ? loop->idle_from + (loop->ended_at - loop->started_at)
				  : loop->ended_at;
	judge_run(loop);
	if (more < 0 &&
	    (loop->plan->once || loop->plan->exit_on_error || ending.code == STATUS_OWN))
		loop_end(loop, ending, "error");
	if (loop->done || !loop->restarting || now_ns() >= loop->plan->inherited.at)
		return;
	loop->restarting = false;
	/* Its batch may have got more, and half-written, files meanwhile: then they are waited for. */
	if (loop->next == REASON_CHANGE)
		loop->owed = true;
	else
		runs_start(loop, loop->next);
}
