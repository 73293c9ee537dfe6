/* One command in its guard. */
#include "work.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/report.h"
#include "common/say.h"
#include "common/signame.h"
#include "herald.h"
#include "prepare.h"
#include "tell.h"
#include "verdict.h"

#define OWN_FAILURE ((struct ending){.code = STATUS_OWN})

/* How often it is looked whether a service still has its port: nothing tells when that is lost. */
#define LOOK_AGAIN_NS NS_PER_S

/* A few bytes in all: the front is waited for shortly, in case it has been stopped. */
#define REPORT_PATIENCE_MS 100

static int send_report(struct guard *guard, char news)
{
	struct pollfd room = guard_room(guard);
	int err = -EAGAIN;

	for (int tries = 0; tries < 3 && (err == -EAGAIN || err == -EINTR); tries++) {
		err = guard_report(guard, &news, sizeof(news));
		if (err == -EAGAIN)
			(void)poll(&room, 1, REPORT_PATIENCE_MS);
	}
	return err;
}

/* Tell the front, if one listens. One that cannot be told would wait for ever: then it is over. */
static void tell_front(struct work *work, struct guard *guard, enum news_of_work news)
{
	int err = work->told ? send_report(guard, (char)news) : 0;

	if (err >= 0 || work->stopping)
		return;
	say_errno(err, "cannot report to the front");
	report_error(guard_events(guard), "resource", err);
	work->mute = true;
	guard_stop(guard, STOP_SIGNAL);
}

struct stopping {
	struct work *work;
	struct guard *guard;
};

/* The ready-file says "ready" to others: it goes before anything is sent. */
static void note_stopping(void *arg)
{
	const struct stopping *stopping = arg;
	struct work *work = stopping->work;

	work->stopping = true;
	if (work->begins)
		herald_clear(work->plan->ready_file);
	tell_front(work, stopping->guard, WORK_STOPPING);
}

/* --- while it runs ------------------------------------------------------------------------------- */

/* When the command will have been silent for too long. One that is on its way out may be silent. */
static int64_t idle_at(const struct work *work)
{
	if (work->service || work->plan->idle <= 0 || work->plan->idle == NS_NEVER ||
	    work->stopping)
		return NS_NEVER;
	return relay_idle_at(&work->relay, work->plan->idle);
}

static bool awaits_ready(const struct work *work)
{
	return work->spec && !work->ready.yes && !work->stopping;
}

static int64_t due(const struct work *work)
{
	int64_t at = idle_at(work);

	if (awaits_ready(work))
		at = ns_min(at, ns_min(ready_due(&work->ready), work->ready_by.at));
	return work->stopping ? at : ns_min(at, work->look_again);
}

/* The ready file of a run with a lock: made and removed by who holds that, it is never another's. */
static const char *locked_file(const struct work *work)
{
	return work->plan->lock && work->begins ? work->plan->ready_file : NULL;
}

static void became_ready(struct work *work, struct guard *guard, int64_t now)
{
	if (locked_file(work) && !work->stopping)
		herald_create(locked_file(work));
	tell_ready(guard_events(guard), work, guard_pid(guard), now - work->ready.started);
	if (work->service)
		work->look_again = ns_add(now, LOOK_AGAIN_NS);
	tell_front(work, guard, WORK_READY);
}

static void warn_of_foreigner(struct work *work)
{
	if (work->warned || !work->ready.foreign)
		return;
	work->warned = true;
	if (!work->plan->quiet)
		say("%s: a process that is not ours listens there", work->spec->text);
}

/* It is time to be ready, and it is not. */
static void give_up_on_ready(struct work *work, struct guard *guard)
{
	work->unready = true;
	work->lost = work->ready.foreign;
	guard_stop(guard, work->ready_by.cause);
}

static void mind_readiness(struct work *work, struct guard *guard)
{
	const bool was_ready = work->ready.yes;
	const int64_t now = now_ns();

	ready_step(&work->ready, now);
	if (work->ready.yes && !was_ready)
		became_ready(work, guard, now);
	if (!awaits_ready(work))
		return;
	warn_of_foreigner(work);
	if (now >= work->ready_by.at)
		give_up_on_ready(work, guard);
}

/* A port may pass to another while the service lives. */
static void look_again(struct work *work, struct guard *guard, int64_t now)
{
	if (now < work->look_again || work->stopping)
		return;
	work->look_again = ns_add(now, LOOK_AGAIN_NS);
	if (ready_lasts(&work->ready))
		return;
	work->lost = true;
	guard_stop(guard, STOP_SIGNAL);
}

static void mind_time(struct work *work, struct guard *guard)
{
	const int64_t now = now_ns();

	/* What has been written in this moment counts. */
	if (idle_at(work) <= now)
		guard_stop(guard, STOP_IDLE);
	look_again(work, guard, now);
}

/* It may have said that it is ready with its last words, which have not been read yet. */
static void look_last(struct work *work, struct guard *guard)
{
	struct pollfd none[RELAY_POLLS] = {{.fd = -1}};

	if (!awaits_ready(work))
		return;
	if (work->relays)
		relay_step(&work->relay, none);
	ready_step(&work->ready, now_ns());
	if (work->ready.yes)
		became_ready(work, guard, now_ns());
}

/* Wait for the command's end and serve it meanwhile. Returns 0 or -errno. */
static int serve(struct work *work, struct guard *guard)
{
	for (;;) {
		struct pollfd polls[RELAY_POLLS + READY_POLLS];
		nfds_t relayed = work->relays ? relay_poll(&work->relay, polls) : 0;
		nfds_t asked = work->spec ? ready_poll(&work->ready, polls + relayed) : 0;
		bool was_ready = work->ready.yes;
		int event = guard_wait(guard, polls, relayed + asked, due(work));

		if (event < 0)
			return event;
		if (event == GUARD_ENDED) {
			look_last(work, guard);
			return 0;
		}
		if (event == GUARD_READY && work->relays)
			relay_step(&work->relay, polls);
		work->ready.yes |= event == GUARD_CALLED;
		if (work->ready.yes && !was_ready)
			became_ready(work, guard, now_ns());
		if (work->spec && (event != GUARD_READY || polls[relayed].revents))
			mind_readiness(work, guard);
		if (event == GUARD_TIME)
			mind_time(work, guard);
	}
}

/* --- the whole -------------------------------------------------------------------------------- */

static struct ending report(struct work *work, struct guard *guard, pid_t pid)
{
	tell_exit(guard_events(guard), work, guard_result(guard), pid, NULL);
	tell_why(work, guard_result(guard), guard_stop_signal(guard));
	if (work->relays) {
		relay_end(&work->relay, guard, verdict_patience(work, guard));
		if (!work->service)
			tell_output(guard_events(guard), &work->relay);
	}
	return verdict(work, guard);
}

/* The command has been started: keep what it is served with, let the rest go. */
static void settle_in(struct work *work, struct guard *guard)
{
	int keep[1 + RELAY_KEEPS + READY_KEEPS];
	const int64_t now = now_ns();
	size_t count = 0;

	keep[count++] = hold_fd(&work->hold);
	if (work->relays) {
		relay_started(&work->relay, now);
		count += relay_keep(&work->relay, keep + count);
	}
	ready_started(&work->ready, now);
	work->ready_by = plan_ready_by(work->plan, &work->limits, now);
	count += ready_keep(&work->ready, keep + count);
	guard_let_go(guard, keep, count);
}

static struct ending run_job(struct work *work, struct guard *guard)
{
	const struct child_job job = prepare_job(work);
	struct events *events = guard_events(guard);
	enum child_stage stage;
	int err = guard_start(guard, &job, &work->policy, &stage);
	pid_t pid = guard_pid(guard);

	if (err < 0)
		return tell_unstarted(events, work->plan, work->argv[0], stage, err);
	settle_in(work, guard);
	tell_start(events, work, pid);
	if (work->spec && work->spec->kind == SPEC_EXEC)
		tell_front(work, guard, WORK_STARTED);
	err = serve(work, guard);
	if (err >= 0)
		return report(work, guard, pid);
	say_errno(err, "cannot wait for '%s'", work->argv[0]);
	report_error(events, "resource", err);
	return OWN_FAILURE;
}

/* Nothing stands between the command and its start any more. */
static struct ending begin(struct work *work, struct guard *guard)
{
	int err = prepare_spill(work);

	work->begins = true;
	herald_clear(locked_file(work));
	if (err >= 0)
		return run_job(work, guard);
	report_error(guard_events(guard), "io", err);
	return OWN_FAILURE;
}

struct ending work_body(struct guard *guard, void *arg)
{
	struct work *work = arg;
	struct stopping stopping = {.work = work, .guard = guard};
	struct ending ending = OWN_FAILURE;
	int err;

	tell_notes(guard, work->plan);
	guard_set_stopping(guard, note_stopping, &stopping);
	guard_claim(guard, work->spec && work->spec->kind == SPEC_EXEC ? WORK_IS_READY : 0);
	if (work->service)
		guard_stand_apart(guard);
	err = prepare_streams(work);
	if (err < 0) {
		say_errno(err, "cannot prepare '%s'", work->argv[0]);
		report_error(guard_events(guard), "resource", err);
	} else if (work->service || prepare_hold(work, guard, &ending)) {
		ending = begin(work, guard);
	}
	guard_set_stopping(guard, NULL, NULL);
	herald_clear(locked_file(work));
	hold_drop(&work->hold, guard);
	prepare_drop(work);
	return ending;
}

struct ending work_fail(struct events *events, const char *class, int err)
{
	const struct ending ending = OWN_FAILURE;

	events_brace();
	report_error(events, class, err);
	tell_end(events, ending);
	return ending;
}
