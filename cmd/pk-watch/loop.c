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
#include <unistd.h>

#include "common/clock.h"
#include "common/front.h"
#include "common/report.h"
#include "common/say.h"
#include "news.h"
#include "pending.h"
#include "runs.h"
#include "state.h"

void loop_end(struct loop *loop, struct ending ending, const char *why)
{
	if (loop->done)
		return;
	loop->done = true;
	loop->ending = ending;
	loop->why = why;
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
	pending_note(loop, noted, now);
}

static void take_poll(struct loop *loop, int64_t now)
{
	const size_t noted = loop->batch.noted;

	watchset_poll(&loop->set);
	pending_note(loop, noted, now_ns());
	loop->poll_at = ns_add(now, watchset_interval(&loop->set));
}

static void take_mounts(struct loop *loop)
{
	const size_t noted = loop->batch.noted;

	watchset_mounts(&loop->set);
	pending_note(loop, noted, now_ns());
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
	runs_start(loop, REASON_EVERY);
}

static void take_call(struct loop *loop)
{
	if (loop->running)
		runs_be_busy(loop, REASON_SIGNAL);
	else
		runs_start(loop, REASON_SIGNAL);
}

static void take_stop(struct loop *loop)
{
	int signal = loop->guard ? guard_stop_signal(loop->guard) : loop->printer.stop_signal;

	if (!signal && loop->printer.reader_gone)
		loop_end(loop, (struct ending){.signal = SIGPIPE}, "reader");
	else
		loop_end(loop, (struct ending){.signal = signal}, "signal");
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
		loop_end(loop, (struct ending){.code = STATUS_TIMEOUT}, "inherited");
		return;
	}
	pending_act(loop, now);
	if (now >= idle_at(loop))
		loop_end(loop, (struct ending){.code = STATUS_TIMEOUT}, "idle");
}

enum { KERNEL, TICKS, MOUNTS, SOURCES };

static int wait_for(struct loop *loop, struct pollfd fds[static SOURCES], int64_t now)
{
	const bool step = loop->read_from > now;
	int64_t until = ns_min(loop->poll_at, pending_due(loop));

	fds[KERNEL] = (struct pollfd){.fd = step ? -1 : loop->set.inotify, .events = POLLIN};
	fds[TICKS] = (struct pollfd){.fd = loop->ticker.fd, .events = POLLIN};
	fds[MOUNTS] = (struct pollfd){.fd = loop->set.mounts, .events = POLLPRI};
	until = ns_min(until, ns_min(idle_at(loop), inherited_at(loop)));
	if (step)
		until = ns_min(until, loop->read_from);
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
		runs_take_end(loop);
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
		loop_end(loop, OWN_FAILURE, "error");
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
		loop_end(loop, OWN_FAILURE, "error");
		return false;
	}
	news_tell(loop->events, loop->plan, &loop->set);
	if (loop->set.news.denied && !loop->plan->quiet)
		say("some directories cannot be read: what changes in them is not seen");
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
			runs_start(loop, REASON_INITIAL);
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
