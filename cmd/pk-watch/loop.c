/*
 * The loop: events, ticks, signals and the command's end are descriptors or deadlines of one wait.
 *
 *   changes -> batch -> debounce -> run
 *   tick, SIGUSR1 ----------------> run
 *   run ends -> the batch that came meanwhile is looked at again
 *
 * In command mode all of it happens inside the guard process, which owns the command; print mode needs
 * no guard.
 */
#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "batch.h"
#include "common/clock.h"
#include "common/front.h"
#include "common/guard.h"
#include "common/report.h"
#include "common/say.h"
#include "debounce.h"
#include "feedback.h"
#include "job.h"
#include "notes.h"
#include "print.h"
#include "ticker.h"
#include "watchset.h"

#define OWN_FAILURE ((struct ending){.code = STATUS_OWN})

/* Events are taken in steps of that length, so that a burst does not wake us once per event. */
#define STEP_NS (10 * NS_PER_MS)
/* A batch in which nothing counts is forgotten when it gets that large. */
#define IDLE_BATCH_MAX 4096

struct loop {
	const struct plan *plan;
	struct events *events;
	struct guard *guard; /* NULL: print mode */
	struct printer printer;
	bool is_init;

	struct watchset set;
	struct batch batch;
	struct debounce debounce;
	struct ticker ticker;
	struct feedback feedback;
	struct job job;

	bool running;
	bool restarting;  /* the command is being stopped for the next run */
	enum reason next; /* of that run */
	enum reason reason;
	int64_t runs;
	int64_t ticks, skipped;

	bool batch_own;	    /* all of the batch came while the command ran, or right after */
	bool batch_looked;  /* what only seems unfinished has been sorted out */
	bool batch_late;    /* the loop guard has had its say */
	bool rescanned;	    /* the batch comes from listing everything again */
	int64_t not_before; /* of the next run */
	int64_t read_from;  /* events are left in the queue until then */
	int64_t poll_at;
	int64_t started_at, ended_at;
	int64_t idle_from;

	bool done;
	struct ending ending;
	const char *why;
};

static void end(struct loop *loop, struct ending ending, const char *why)
{
	if (loop->done)
		return;
	loop->done = true;
	loop->ending = ending;
	loop->why = why;
}

/* Is the batch to be held for somebody who still writes? */
static bool is_held(const struct loop *loop)
{
	const struct batch *batch = &loop->batch;

	/* Without debounce one finished change is enough. */
	return loop->plan->debounce == 0 ? batch->unfinished == batch->count
					 : batch->unfinished > 0;
}

/* When the batch has to be looked at. */
static int64_t due_at(const struct loop *loop)
{
	int64_t due;

	if (loop->batch.count == 0)
		return NS_NEVER;
	due = debounce_due(&loop->debounce, is_held(loop) && loop->batch_looked);
	return due > loop->not_before ? due : loop->not_before;
}

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
		end(loop, OWN_FAILURE, "error");
	} else if (loop->printer.stop_signal) {
		end(loop, (struct ending){.signal = loop->printer.stop_signal}, "signal");
	} else if (loop->plan->once) {
		end(loop, (struct ending){0}, "once");
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
		end(loop, ending, "error");
	loop->ended_at = loop->idle_from = now_ns();
}

static void start_run(struct loop *loop, enum reason reason)
{
	if (reason == REASON_CHANGE && loop->rescanned)
		reason = REASON_RESCAN;
	loop->runs++;
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
static void be_busy(struct loop *loop, enum reason reason)
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

/* While the command runs a queue has nothing to do with its batch, and a restart is under way once. */
static bool is_waiting_for_end(const struct loop *loop)
{
	return loop->running && (loop->plan->on_busy == BUSY_QUEUE || loop->restarting);
}

static void act_on_batch(struct loop *loop, int64_t now)
{
	if (is_waiting_for_end(loop) || now < due_at(loop))
		return;
	if (is_held(loop) && !loop->batch_looked) {
		watchset_finish(&loop->set);
		loop->batch_looked = true;
		if (now < due_at(loop))
			return;
	}
	if (loop->running)
		be_busy(loop, REASON_CHANGE);
	else if (!is_put_off(loop, now))
		start_run(loop, REASON_CHANGE);
}

/* Whatever was added to the batch starts, or prolongs, its debounce. */
static void note_changes(struct loop *loop, size_t noted_before, int64_t now)
{
	const bool own = loop->running || (loop->ended_at > 0 &&
					   now - loop->ended_at <= loop->plan->debounce + STEP_NS);

	loop->rescanned |= loop->set.news.overflowed && loop->batch.count > 0;
	note_news(loop->events, loop->plan, &loop->set);
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

static void take_events(struct loop *loop)
{
	const size_t noted = loop->batch.noted;
	const int64_t debounce = loop->plan->debounce;
	int64_t now;
	bool any = watchset_read(&loop->set);

	now = now_ns();
	if (any && (debounce > 0 || loop->running))
		loop->read_from = now + (debounce > 0 && debounce < STEP_NS ? debounce : STEP_NS);
	note_changes(loop, noted, now);
}

static void take_poll(struct loop *loop, int64_t now)
{
	const size_t noted = loop->batch.noted;

	watchset_poll(&loop->set);
	note_changes(loop, noted, now_ns());
	loop->poll_at = ns_add(now, watchset_interval(&loop->set));
}

static void take_mounts(struct loop *loop)
{
	const size_t noted = loop->batch.noted;

	watchset_mounts(&loop->set);
	note_changes(loop, noted, now_ns());
}

static void take_tick(struct loop *loop)
{
	int64_t missed = ticker_take(&loop->ticker);

	if (missed < 0)
		return;
	loop->ticks++;
	if (loop->running) {
		note_skip(loop->events, loop->ticks, ++loop->skipped);
		return;
	}
	note_tick(loop->events, loop->ticks, missed);
	start_run(loop, REASON_EVERY);
}

/* How the end of a run ends pk-watch, if it does. */
static void judge_run(struct loop *loop)
{
	const struct owner_result *result = guard_result(loop->guard);
	const struct ending ending = loop->job.ending;
	const int stop_signal = guard_stop_signal(loop->guard);

	if (result->survivors > 0) {
		report_error(loop->events, "resource", -EBUSY);
		end(loop, OWN_FAILURE, "error");
	} else if (stop_signal) {
		end(loop, (struct ending){.signal = stop_signal}, "signal");
	} else if (result->passed && result->ending.signal == result->passed) {
		end(loop, (struct ending){.signal = result->passed}, "signal");
	} else if (result->cause == CAUSE_INHERITED) {
		end(loop, (struct ending){.code = STATUS_TIMEOUT}, "inherited");
	} else if (loop->plan->once) {
		end(loop, ending, "once");
	} else if (loop->plan->exit_on_error && ending_status(ending) != 0 &&
		   (result->cause != CAUSE_STOPPED || !loop->restarting)) {
		end(loop, ending, "failure");
	}
}

static void take_end(struct loop *loop)
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
		end(loop, ending, "error");
	if (!loop->done && loop->restarting && now_ns() < loop->plan->inherited.at) {
		loop->restarting = false;
		start_run(loop, loop->next);
	}
}

static void take_call(struct loop *loop)
{
	if (loop->running)
		be_busy(loop, REASON_SIGNAL);
	else
		start_run(loop, REASON_SIGNAL);
}

static void take_stop(struct loop *loop)
{
	int signal = loop->guard ? guard_stop_signal(loop->guard) : loop->printer.stop_signal;

	if (!signal && loop->printer.reader_gone)
		end(loop, (struct ending){.signal = SIGPIPE}, "reader");
	else
		end(loop, (struct ending){.signal = signal}, "signal");
}

static int64_t idle_at(const struct loop *loop)
{
	if (loop->running || loop->plan->idle == 0 || loop->batch.count > 0)
		return NS_NEVER;
	return ns_add(loop->idle_from, loop->plan->idle);
}

/* A run that is under way is ended by its own limit first. */
static int64_t inherited_at(const struct loop *loop)
{
	return loop->running ? NS_NEVER : loop->plan->inherited.at;
}

static void act(struct loop *loop)
{
	int64_t now = now_ns();

	if (now >= loop->poll_at)
		take_poll(loop, now);
	else if (loop->poll_at == NS_NEVER)
		loop->poll_at = ns_add(now, watchset_interval(&loop->set));
	if (now >= inherited_at(loop)) {
		note_deadline(loop->events, loop->plan);
		end(loop, (struct ending){.code = STATUS_TIMEOUT}, "inherited");
		return;
	}
	act_on_batch(loop, now);
	if (now >= idle_at(loop))
		end(loop, (struct ending){.code = STATUS_TIMEOUT}, "idle");
}

enum { KERNEL, TICKS, MOUNTS, SOURCES };

static int wait_for(struct loop *loop, struct pollfd fds[static SOURCES], int64_t now)
{
	const bool step = loop->read_from > now;
	int64_t until = ns_min(ns_min(loop->poll_at, idle_at(loop)), inherited_at(loop));

	fds[KERNEL] = (struct pollfd){.fd = step ? -1 : loop->set.inotify, .events = POLLIN};
	fds[TICKS] = (struct pollfd){.fd = loop->ticker.fd, .events = POLLIN};
	fds[MOUNTS] = (struct pollfd){.fd = loop->set.mounts, .events = POLLPRI};
	if (step)
		until = ns_min(until, loop->read_from);
	if (!is_waiting_for_end(loop))
		until = ns_min(until, due_at(loop));
	return loop->guard ? guard_wait(loop->guard, fds, SOURCES, until)
			   : printer_wait(&loop->printer, fds, SOURCES, until);
}

/* One thing that happens. */
static void turn(struct loop *loop)
{
	struct pollfd fds[SOURCES];
	int event = wait_for(loop, fds, now_ns());

	switch (event) {
	case GUARD_ENDED:
		take_end(loop);
		break;
	case GUARD_STOP:
		take_stop(loop);
		break;
	case GUARD_CALLED:
		take_call(loop);
		break;
	case GUARD_READY:
		if (fds[KERNEL].revents)
			take_events(loop);
		if (fds[MOUNTS].revents)
			take_mounts(loop);
		if (fds[TICKS].revents)
			take_tick(loop);
		break;
	case GUARD_TIME:
		break;
	default:
		say_errno(event, "cannot wait for events");
		report_error(loop->events, "resource", event);
		end(loop, OWN_FAILURE, "error");
	}
	if (!loop->done)
		act(loop);
}

/* Set everything up and say so. Returns false after a failure. */
static bool prepare(struct loop *loop)
{
	const int own[4] = {loop->events->fd, STDOUT_FILENO, STDERR_FILENO, -1};
	const int64_t began = now_ns();
	const char *path;
	int err = watchset_open(&loop->set, loop->plan, &loop->batch, own, &path);

	if (err < 0 && path)
		say_errno(err, "cannot watch '%s'", path);
	else if (err < 0)
		say_errno(err, "cannot watch");
	if (err >= 0) {
		err = ticker_open(&loop->ticker, loop->plan);
		if (err < 0)
			say_errno(err, "cannot set a timer");
	}
	if (err < 0) {
		report_error(loop->events, "io", err);
		end(loop, OWN_FAILURE, "error");
		return false;
	}
	note_news(loop->events, loop->plan, &loop->set);
	if (loop->set.news.denied && !loop->plan->quiet)
		say("some directories may not be read: what changes in them is not seen");
	if (loop->set.remote && !loop->plan->quiet && loop->plan->poll == 0)
		say("a network or FUSE file system has no events of its own: it is compared every "
		    "1s");
	if (loop->plan->verbose)
		say("ready: %d directories, %zu watches", loop->set.dirs.live,
		    watchset_watches(&loop->set));
	note_ready(loop->events, &loop->set, now_ns() - began);
	return true;
}

static struct ending run_loop(struct loop *loop)
{
	int err;

	loop->batch = BATCH_EMPTY(loop->plan->kinds);
	loop->debounce =
		(struct debounce){.quiet = loop->plan->debounce, .max_wait = loop->plan->max_wait};
	loop->ticker = TICKER_OFF;
	debounce_clear(&loop->debounce);
	if (prepare(loop)) {
		loop->idle_from = now_ns();
		loop->poll_at = ns_add(loop->idle_from, watchset_interval(&loop->set));
		if (loop->guard && !loop->plan->postpone)
			start_run(loop, REASON_INITIAL);
	}
	while (!loop->done)
		turn(loop);
	note_end(loop->events, loop->ending, loop->why);
	err = events_error(loop->events);
	if (err < 0)
		say_errno(err, "cannot write to the events destination");
	ticker_drop(&loop->ticker);
	watchset_drop(&loop->set);
	batch_drop(&loop->batch);
	return loop->ending;
}

/* front_run's body: the whole of pk-watch runs where the command is owned. */
static struct ending body(struct guard *guard, void *arg)
{
	struct loop *loop = arg;
	struct ending ending;

	loop->guard = guard;
	loop->events = guard_events(guard);
	guard_set_note(guard, note_note, (void *)(uintptr_t)loop->plan);
	guard_claim(guard, SIGUSR1);
	if (job_open(&loop->job, loop->plan, loop->is_init) < 0) {
		say_errno(-ENOMEM, "cannot start");
		return OWN_FAILURE;
	}
	ending = run_loop(loop);
	job_drop(&loop->job);
	return ending;
}

static struct ending run_printer(struct loop *loop)
{
	struct ending ending;
	int err = printer_open(&loop->printer);

	if (err < 0) {
		say_errno(err, "cannot read signals");
		report_error(loop->events, "resource", err);
		return OWN_FAILURE;
	}
	ending = run_loop(loop);
	printer_drop(&loop->printer);
	return ending;
}

struct ending loop_run(const struct plan *plan, struct events *events)
{
	const struct front_config config = {.events = events, .lets_go = true};
	struct loop loop = {.plan = plan, .events = events, .is_init = getpid() == 1};
	struct ending ending;
	int how;

	if (!plan->command)
		return run_printer(&loop);
	how = front_run(&config, body, &loop, &ending);
	if (how == FRONT_DONE)
		return ending;
	if (how == FRONT_BEREFT)
		say("the guard process was killed; the command was ended");
	else
		say_errno(how, "cannot set up the guard process");
	report_error(events, "resource", how == FRONT_BEREFT ? 0 : how);
	note_end(events, OWN_FAILURE, "error");
	return OWN_FAILURE;
}
