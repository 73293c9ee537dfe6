/* The coordinator of a pool. */
#include "pool.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/report.h"
#include "common/say.h"
#include "common/stop.h"
#include "pool_state.h"
#include "tell.h"

static void hear(struct pool *pool, const struct crew_event *event)
{
	struct slot_report report;
	struct flight *flight;
	char tag[OUTPUT_TAG_MAX];

	if (event->len != sizeof(report))
		return;
	memcpy(&report, event->bytes, sizeof(report));
	if (report.news != SLOT_STARTED) {
		const size_t at = (pool->due_first + pool->due_count) % (size_t)pool->flights.size;

		pool->due[at] = (struct outcome_due){event->member, report};
		pool->due_count++;
		return;
	}
	flight = flights_find(&pool->flights, report.seq);
	if (!flight)
		return;
	flight->slot = event->member;
	flight->started = now_ns();
	output_started(&pool->output, event->member,
		       pool_tag(flight->items.bytes, flight->items.len, tag));
	if (pool->slot.asks)
		pool_call(pool, event->member);
}

/* A guard has ended, as it should once there is no more work. */
static void part(struct pool *pool, const struct crew_event *event)
{
	pool->gone++;
	jobserver_leave(&pool->jobserver);
	if (event->end == CREW_DONE && event->ending.code == 0)
		return;
	if (pool->fatal)
		return;
	if (event->end == CREW_LOST)
		say("a guard process was killed; some of what it owned may live on");
	else if (event->end == CREW_BEREFT)
		say("a guard process was killed; its job was ended");
	else
		say_errno(event->error ? event->error : -EIO, "a guard process failed");
	pool_fail(pool, "resource", event->error);
}

/* A request to end: pass it on at once, or let the running jobs finish first. */
static void obey(struct pool *pool, const struct order *order)
{
	const int64_t drain = pool->plan->pool.drain, now = now_ns();
	const bool first = pool->signal == 0;

	if (first) {
		pool->signal = order->signal;
		pool->asked = now;
	} else if (pool->stopping && order->signal == SIGTERM &&
		   now - pool->asked >= STOP_INSIST_NS) {
		/* Said twice: nobody's reader is waited for any more. */
		pool->patience = now;
	}
	pool_close_queue(pool);
	if (first && drain != POOL_PLAN_UNSET && order->kind == ORDER_STOP) {
		pool->drained = ns_add(now, drain);
		return;
	}
	pool->drained = NS_NEVER;
	pool->stopping |= order->kind == ORDER_STOP;
	(void)crew_order(&pool->crew, CREW_ALL, order);
}

static void pass_on(struct pool *pool, struct order *order)
{
	const bool ends = order->kind == ORDER_STOP || order->kind == ORDER_TYPED;

	/* Nobody could hear it: then it is about us. */
	if (order->kind == ORDER_PASS && order->signal == SIGHUP && pool->flights.used == 0)
		order->kind = ORDER_STOP;
	else if (order->kind == ORDER_PASS)
		order->kind = ORDER_OFFER;
	if (ends || order->kind == ORDER_STOP)
		obey(pool, order);
	else
		(void)crew_order(&pool->crew, CREW_ALL, order);
}

static void look_at_the_clock(struct pool *pool)
{
	const int64_t now = now_ns();

	if (now >= pool->deadline && !pool->expired) {
		/* The guards end what runs: this limit is theirs too. */
		pool->expired = true;
		pool_close_queue(pool);
	}
	if (now >= pool->drained) {
		pool->drained = NS_NEVER;
		pool_stop_all(pool);
	}
}

static void show_progress(struct pool *pool)
{
	const int64_t now = now_ns();
	const struct flight *oldest;
	char name[TALLY_NAME_MAX];
	struct progress_view view;

	if (now < progress_due(&pool->progress))
		return;
	oldest = flights_oldest(&pool->flights);
	view = (struct progress_view){
		.done = pool->tally.succeeded + pool->tally.failed + pool->tally.stopped,
		.failed = pool->tally.failed,
		.running = flights_running(&pool->flights),
		.total = pool->total,
		.elapsed = now - pool->progress.started,
	};
	if (oldest) {
		(void)tally_name(name, sizeof(name), oldest->items.bytes, oldest->items.len);
		view.slowest = name;
		view.slowest_ns = now - oldest->started;
	}
	progress_show(&pool->progress, &view, now);
}

enum { POLL_ITEMS, POLL_TOKENS, POLL_QUEUE, POLL_OUTPUT, POLLS = POLL_OUTPUT + OUTPUT_POLLS };

static void wait_for(const struct pool *pool, struct pollfd polls[static POLLS])
{
	for (int i = 0; i < POLLS; i++)
		polls[i] = (struct pollfd){.fd = -1, .events = POLLIN};
	if (pool->wants_read && !pool->closed)
		polls[POLL_ITEMS].fd = feed_fd(&pool->feed);
	if (pool->wants_token && !pool->closed)
		polls[POLL_TOKENS].fd = pool->jobserver.in;
	if (pool->waits_for_queue && !pool->closed)
		polls[POLL_QUEUE] = (struct pollfd){.fd = pool->queue[1], .events = POLLOUT};
	(void)output_poll(&pool->output, polls + POLL_OUTPUT);
}

static void read_ready(struct pool *pool, const struct pollfd polls[static POLLS])
{
	if (polls[POLL_ITEMS].revents) {
		int err = feed_read(&pool->feed);

		if (err < 0) {
			say_errno(err, "cannot read the items");
			pool_fail(pool, "io", err);
		}
	}
	if (polls[POLL_TOKENS].revents)
		pool_take_token(pool);
	if (print_busy(&pool->output.print) || pool->output.pipes < 0)
		return;
	progress_erase(&pool->progress);
	output_read(&pool->output);
}

/* One turn of the loop. Returns -errno when waiting itself has failed. */
static int turn(struct pool *pool, bool at_once)
{
	const int64_t start = pool->has_next && !pool->closed ? pool->next_start : NS_NEVER;
	const int64_t patience = print_busy(&pool->output.print) ? pool->patience : NS_NEVER;
	const int64_t limit =
		ns_min(pool->expired ? NS_NEVER : pool->deadline, ns_min(patience, pool->drained));
	const int64_t until = ns_min(
		limit, ns_min(progress_due(&pool->progress), start > now_ns() ? start : NS_NEVER));
	struct pollfd polls[POLLS];
	struct crew_event event;
	int kind;

	wait_for(pool, polls);
	kind = crew_wait(&pool->crew, polls, POLLS, at_once ? 0 : until, &event);
	if (kind == CREW_ORDER)
		pass_on(pool, &event.order);
	else if (kind == CREW_REPORT)
		hear(pool, &event);
	else if (kind == CREW_GONE)
		part(pool, &event);
	else if (kind == CREW_READY)
		read_ready(pool, polls);
	look_at_the_clock(pool);
	show_progress(pool);
	return kind < 0 ? kind : 0;
}

/* No job runs. Their slots may still be there: each waits until its job's output has been read. */
static bool all_jobs_ended(const struct pool *pool)
{
	return (size_t)pool->flights.used <= pool->due_count || pool->gone == pool->hired;
}

/*
 * All jobs have ended, and somebody who is to read their output does not. When it was we who ended them,
 * that has a limit. Then the output is dropped, which releases the slots. Returns
 * true when it was.
 */
static bool lose_patience(struct pool *pool)
{
	const bool ended_by_us = pool->signal || pool->fatal || pool->expired;
	const int err = pool->signal ? -EPIPE : -ETIME;
	const int64_t now = now_ns();

	if (!print_busy(&pool->output.print))
		return false;
	if (pool->patience == NS_NEVER && ended_by_us && all_jobs_ended(pool))
		pool->patience = ns_add(now, pool->slot.policy.grace);
	if (now < pool->patience)
		return false;
	pool->patience = NS_NEVER;
	for (int s = 0; s < PRINT_STREAMS; s++)
		if (pool->output.print.streams[s].err >= 0)
			pool->output.print.streams[s].err = err;
	return true;
}

/* Until there is nothing to start, nothing under way and nothing to print; then until all slots have gone. */
static void run(struct pool *pool)
{
	for (;;) {
		bool at_once = pool_settle(pool);
		int err;

		pool_start_jobs(pool);
		pool_give_tokens(pool);
		at_once |= pool->due_count > 0 && !print_busy(&pool->output.print);
		if (pool->closed && pool->gone == pool->hired && !at_once && pool->due_count == 0 &&
		    !print_busy(&pool->output.print))
			return;
		if (pool->closed)
			at_once |= lose_patience(pool);
		err = turn(pool, at_once);
		if (err < 0) {
			say_errno(err, "cannot wait for the jobs");
			pool_fail(pool, "resource", err);
			return;
		}
	}
}

/* Items that were never taken are named too, where they are nobody else's. */
static void record_rest(struct pool *pool)
{
	const bool ours = feed_is_ours(&pool->feed);
	int got = pool->has_next ? 1 : ours ? feed_rest(&pool->feed, &pool->next) : 0;

	while (got > 0) {
		const struct feed_job *job = &pool->next;

		pool->tally.not_run++;
		results_add(&pool->results, &pool->output,
			    &(struct results_job){.seq = job->seq,
						  .slot = -1,
						  .items = job->items,
						  .len = job->len,
						  .count = job->count,
						  .is_input = pool->plan->pool.item_stdin,
						  .input_bytes = job->input_bytes});
		fd_drop(&pool->next.file);
		got = ours ? feed_rest(&pool->feed, &pool->next) : 0;
	}
}

/* A report that was lost on its way: nobody knows how the job ended, but it is over, as its guard is. */
static void record_lost(struct pool *pool)
{
	struct flight *flight;

	if (pool->flights.used > 0 && !pool->fatal) {
		say("lost sight of %d job%s", pool->flights.used,
		    pool->flights.used == 1 ? "" : "s");
		pool_fail(pool, "resource", -ECHILD);
	}
	while ((flight = flights_any(&pool->flights))) {
		results_add(&pool->results, &pool->output,
			    &(struct results_job){.seq = flight->seq,
						  .slot = -1,
						  .items = flight->items.bytes,
						  .len = flight->items.len,
						  .count = flight->count,
						  .is_input = pool->plan->pool.item_stdin,
						  .input_bytes = flight->input_bytes,
						  .error = -ECHILD});
		flights_remove(&pool->flights, flight);
	}
}

/* The deadline has cut the pool short, and nothing else had ended it before. */
static bool is_late(const struct pool *pool)
{
	return pool->expired && !pool->signal && !pool->tally.decided;
}

static void explain(struct pool *pool)
{
	const bool wanted = pool->rules.any && pool->tally.succeeded > 0;
	const bool inherited = pool->slot.policy.from;
	char line[TALLY_LINE_MAX], limit[TELL_LIMIT_MAX];

	if (pool->plan->quiet || wanted || pool->told_unstarted || pool->fatal)
		return;
	tally_line(&pool->tally, line);
	if (is_late(pool))
		say("timed out after %s%s%s", tell_deadline(pool->plan, inherited, limit),
		    line[0] != '\0' ? ": " : "", line);
	else if (pool->rules.any && pool->feed.ended && pool->feed.seq == 0)
		say("no item, so none succeeded");
	else if (line[0] != '\0')
		say("%s", line);
}

static struct ending judge(struct pool *pool)
{
	if (pool->results.err < 0) {
		say_errno(pool->results.err, "cannot write to '%s'", pool->plan->pool.results);
		pool_fail(pool, "io", pool->results.err);
	}
	if (pool->fatal)
		return (struct ending){.code = STATUS_OWN};
	if (pool->signal)
		return (struct ending){.signal = pool->signal};
	if (pool->unread)
		return (struct ending){.code = STATUS_TIMEOUT};
	if (pool->tally.decided)
		return tally_ending(&pool->tally);
	if (pool->expired && !pool->plan->preserve_status)
		return (struct ending){.code = STATUS_TIMEOUT};
	return tally_ending(&pool->tally);
}

static int open_queue(struct pool *pool)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	pool->queue[0] = ends[0];
	pool->queue[1] = ends[1];
	return 0;
}

/* Jobs open the file of --stdin one by one: better told once and before. Returns 0 or -errno, told. */
static int look_at_input(const struct plan *plan)
{
	const char *path = plan->input;
	struct stat st;
	int err;

	if (!path || strcmp(path, "null") == 0 || strcmp(path, "inherit") == 0 ||
	    strcmp(path, "-") == 0)
		return 0;
	if (access(path, R_OK) < 0 || stat(path, &st) < 0) {
		err = -errno;
		say_errno(err, "cannot open '%s'", path);
		return err;
	}
	/* To open one can take for ever, and its bytes are there only once. */
	if (!S_ISFIFO(st.st_mode))
		return 0;
	say("'%s' is a FIFO, which cannot be the input of every job", path);
	return -EINVAL;
}

/* Everything but the crew. Returns 0 or -errno, told. */
static int open_parts(struct pool *pool)
{
	const struct pool_plan *plan = &pool->plan->pool;
	const char *file = plan->file && strcmp(plan->file, "-") != 0 ? plan->file : "stdin";
	int err = feed_open(&pool->feed, pool->plan);

	if (err < 0) {
		say_errno(err, "cannot open '%s'", file);
		return err;
	}
	err = look_at_input(pool->plan);
	if (err < 0)
		return err;
	err = results_open(&pool->results, plan->results, (size_t)plan->capture);
	if (err < 0) {
		say_errno(err, "cannot open '%s'", plan->results ? plan->results : "");
		return err;
	}
	err = jobserver_open(&pool->jobserver, plan->no_jobserver ? NULL : getenv("MAKEFLAGS"));
	if (err >= 0)
		err = output_open(&pool->output, (enum output_mode)plan->output, plan->tag,
				  plan->capture == 0, (int)plan->jobs);
	if (err >= 0)
		err = flights_open(&pool->flights, pool_window(pool->plan, &pool->jobserver));
	if (err >= 0)
		err = open_queue(pool);
	if (err >= 0) {
		pool->due = calloc((size_t)pool->flights.size, sizeof(*pool->due));
		err = pool->due ? 0 : -ENOMEM;
	}
	if (err < 0)
		say_errno(err, "cannot set up the pool");
	return err;
}

static void drop_parts(struct pool *pool)
{
	fd_drop(&pool->queue[0]);
	fd_drop(&pool->queue[1]);
	free(pool->due);
	flights_drop(&pool->flights);
	if (pool->output.slots)
		output_drop(&pool->output);
	jobserver_drop(&pool->jobserver);
	results_drop(&pool->results);
	feed_drop(&pool->feed);
}

/* Start with the crew. */
static void begin(struct pool *pool)
{
	const struct plan *plan = pool->plan;
	const int64_t now = now_ns();

	progress_start(&pool->progress, (enum progress_style)plan->pool.progress, now);
	pool->total = pool->progress.style == PROGRESS_OFF ? -1 : feed_total(&pool->feed);
	pool->slot = (struct slot){
		.plan = plan,
		.template = &pool->template,
		.policy = plan_policy(plan, getpid() == 1, now),
		.output = &pool->output,
		.jobserver = &pool->jobserver,
		.queue = pool->queue[0],
		.queue_end = pool->queue[1],
		.asks = pool->output.mode == OUTPUT_LINE && plan->pool.tag,
		.announces = pool->progress.style != PROGRESS_OFF ||
			     (pool->output.mode == OUTPUT_LINE && plan->pool.tag),
	};
	pool->deadline = pool->slot.policy.deadline;
	if (pool->jobserver.kind == JOBSERVER_CLOSED && !plan->quiet)
		say("make's jobserver is not open to this recipe: one job at a time; begin the "
		    "recipe's line with '+', or use --no-jobserver");
}

static struct ending finish(struct pool *pool)
{
	struct ending ending;

	progress_erase(&pool->progress);
	record_lost(pool);
	record_rest(pool);
	explain(pool);
	ending = judge(pool);
	tell_pool_end(pool->events, ending, &pool->tally);
	tell_sink(pool->events);
	return ending;
}

/* Returns 0 or -errno, told. */
static int open_crew(struct pool *pool)
{
	int err = crew_open(&pool->crew, pool->events, (int)pool->plan->pool.jobs, true);

	if (err < 0)
		say_errno(err, "cannot set up the guard processes");
	return err;
}

struct ending pool_run(const struct plan *plan, struct events *events)
{
	struct pool pool = {
		.plan = plan,
		.events = events,
		.queue = {-1, -1},
		.results = RESULTS_OFF,
		.jobserver = JOBSERVER_OFF,
		.rules = {.halt = (enum halt)plan->pool.halt, .any = plan->pool.any},
		.drained = NS_NEVER,
		.patience = NS_NEVER,
	};
	struct ending ending = {.code = STATUS_OWN};
	int err;

	pool.tally.rules = &pool.rules;
	template_read(&pool.template, plan->command, !plan->pool.item_stdin);
	err = open_parts(&pool);
	if (err >= 0)
		err = open_crew(&pool);
	if (err < 0) {
		events_brace();
		report_error(events, "resource", err);
		tell_end(events, ending);
		drop_parts(&pool);
		return ending;
	}
	begin(&pool);
	run(&pool);
	ending = finish(&pool);
	(void)crew_close(&pool.crew);
	drop_parts(&pool);
	return ending;
}
