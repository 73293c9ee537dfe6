/* The coordinator of a pool. */
#include "pool.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/crew.h"
#include "common/fd.h"
#include "common/report.h"
#include "common/say.h"
#include "common/spool.h"
#include "feed.h"
#include "flights.h"
#include "jobserver.h"
#include "output.h"
#include "progress.h"
#include "results.h"
#include "slot.h"
#include "tally.h"
#include "tell.h"

/* A report that waits until the output of the one before has found its place. */
struct outcome_due {
	int member;
	struct slot_report report;
};

struct pool {
	const struct plan *plan;
	struct events *events;
	struct crew crew;
	struct slot slot; /* what the next one hired gets */
	int hired, gone;
	int queue[2]; /* the end that slots read, ours */
	struct template template;
	struct feed feed;
	struct flights flights;
	struct outcome_due *due;
	size_t due_first, due_count;
	struct output output;
	struct results results;
	struct jobserver jobserver;
	struct progress progress;
	struct tally_rules rules;
	struct tally tally;

	bool closed;	 /* no more jobs are sent */
	bool wants_read; /* the next job has not been read yet */
	bool wants_token;
	bool waits_for_queue;
	int64_t next_start;
	int64_t deadline;
	int64_t drained; /* when draining turns into stopping */
	int64_t total;
	struct feed_job next; /* taken, and not sent yet */
	bool has_next;
	bool stopping; /* the running jobs have been asked to end */
	int signal;    /* that asked us to end */
	bool fatal;    /* we have failed ourselves: 125 */
	bool expired;  /* the deadline */
	bool told_unstarted;
};

static void fail(struct pool *pool, const char *class, int err);

/* --- starting jobs --- */

/* How many jobs may be with the slots. Some in the queue keep a slot from waiting for us between two. */
static int window(const struct plan *plan, const struct jobserver *jobserver)
{
	const struct pool_plan *pool = &plan->pool;
	const bool strict = pool->halt != HALT_NEVER || pool->any || pool->delay > 0 ||
			    jobserver->kind != JOBSERVER_NONE;

	return (int)pool->jobs * (strict ? 1 : 2);
}

/* No more jobs are sent. A slot that finds the queue empty ends. */
static void end_feeding(struct pool *pool)
{
	pool->closed = true;
	fd_drop(&pool->queue[1]);
}

/* Start no more jobs: those in the queue come back. */
static void close_queue(struct pool *pool)
{
	struct buf items = {.cap = (size_t)1 << 20};
	struct slot_head head;
	int file;

	end_feeding(pool);
	while (slot_receive(pool->queue[0], &head, &items, &file) > 0) {
		struct flight *flight = flights_find(&pool->flights, head.seq);

		fd_drop(&file);
		if (!flight)
			continue;
		pool->tally.not_run++;
		results_add(&pool->results, &pool->output,
			    &(struct results_job){.seq = flight->seq,
						  .slot = -1,
						  .items = flight->items.bytes,
						  .len = flight->items.len,
						  .count = flight->count,
						  .is_input = pool->plan->pool.item_stdin});
		flights_remove(&pool->flights, flight);
	}
	buf_drop(&items);
}

/* Start no more, and end those that run. */
static void stop_all(struct pool *pool)
{
	const struct order halt = {.kind = ORDER_HALT, .signal = pool->plan->signal};

	close_queue(pool);
	if (!pool->stopping)
		crew_order(&pool->crew, CREW_ALL, &halt);
	pool->stopping = true;
}

static int hire(struct pool *pool)
{
	int err = output_add_slot(&pool->output, pool->hired);

	if (err < 0)
		return err;
	pool->slot.number = pool->hired;
	err = crew_hire(&pool->crew, slot_body, &pool->slot);
	if (err < 0)
		return err;
	jobserver_join(&pool->jobserver);
	pool->hired++;
	return 0;
}

/* An item as a file for the slot: it was one already, or it is too long for a datagram. */
static int item_file(const struct pool *pool, const struct feed_job *job)
{
	/* As an input it ends without the NUL. */
	const size_t len = job->len - (pool->plan->pool.item_stdin ? 1 : 0);
	int fd, err;

	if (job->file >= 0)
		return job->file;
	fd = spool_open("pk-spawn-item");
	if (fd < 0)
		return fd;
	err = fd_write_full(fd, job->items, len);
	if (err < 0)
		fd_drop(&fd);
	return err < 0 ? err : fd;
}

/* Send the job. Returns 0, -EAGAIN: the queue is full, or -errno. */
static int send_job(struct pool *pool, struct feed_job *job)
{
	struct slot_head head = {.seq = job->seq,
				 .count = (uint32_t)job->count,
				 .len = (uint32_t)job->len,
				 .in_file = job->file >= 0 || job->len > SLOT_INLINE};
	struct flight *flight;
	int err;

	if (head.in_file) {
		job->file = item_file(pool, job);
		if (job->file < 0)
			return job->file;
	}
	flight = flights_add(&pool->flights, job->seq, job->items, job->len, job->count);
	if (!flight)
		return -ENOMEM;
	err = slot_send(pool->queue[1], &head, job->items, job->file);
	if (err < 0)
		flights_remove(&pool->flights, flight);
	else
		fd_drop(&job->file);
	return err;
}

/* Is there a slot, or will there be one, for a further job? */
static bool may_start(struct pool *pool, int64_t now)
{
	const int used = pool->flights.used;

	pool->wants_token = false;
	if (pool->closed || pool->due_count > 0 || used >= pool->flights.size ||
	    now < pool->next_start || !output_has_room(&pool->output, pool->feed.seq + 1))
		return false;
	if (pool->jobserver.kind == JOBSERVER_CLOSED)
		return used == 0;
	if (pool->jobserver.kind == JOBSERVER_NONE || used <= jobserver_held(&pool->jobserver))
		return true;
	pool->wants_token = pool->has_next;
	return false;
}

static void unstartable(struct pool *pool, const struct feed_job *job);

/* Have the next job at hand; false when there is none, or not yet. */
static bool have_next(struct pool *pool)
{
	int got;

	if (pool->has_next)
		return true;
	got = feed_next(&pool->feed, &pool->next);
	pool->wants_read = got == -EAGAIN;
	pool->has_next = got > 0;
	if (got == 0)
		end_feeding(pool);
	if (got < 0 && got != -EAGAIN) {
		say_errno(got, "cannot read the items");
		fail(pool, "io", got);
	}
	return pool->has_next;
}

static void start_jobs(struct pool *pool)
{
	const int64_t now = now_ns();

	pool->waits_for_queue = pool->wants_read = false;
	while (!pool->closed && pool->flights.used < pool->flights.size && have_next(pool)) {
		int err = 0;

		if (pool->next.err < 0 && pool->due_count == 0) {
			pool->has_next = false;
			unstartable(pool, &pool->next);
			continue;
		}
		if (pool->next.err < 0 || !may_start(pool, now))
			return;
		if (pool->hired < pool->plan->pool.jobs && pool->flights.used >= pool->hired)
			err = hire(pool);
		if (err >= 0)
			err = send_job(pool, &pool->next);
		pool->waits_for_queue = err == -EAGAIN;
		if (err == -EAGAIN)
			return;
		if (err < 0) {
			say_errno(err, "cannot start a job");
			fail(pool, "resource", err);
			return;
		}
		pool->has_next = false;
		if (pool->plan->pool.delay > 0)
			pool->next_start = ns_add(now, pool->plan->pool.delay);
	}
}

/* Tokens that no running job needs go back at once; one is kept when a job is at hand for it. */
static void give_tokens(struct pool *pool)
{
	const int spare = pool->has_next && !pool->closed && now_ns() >= pool->next_start ? 1 : 0;

	while (jobserver_held(&pool->jobserver) > 0 &&
	       jobserver_held(&pool->jobserver) > pool->flights.used - 1 + spare)
		jobserver_give(&pool->jobserver);
}

static void take_token(struct pool *pool)
{
	int got = jobserver_take(&pool->jobserver);

	if (got >= 0)
		return;
	/* make is gone, and with it its limit; ours remains one job at a time. */
	pool->jobserver.kind = JOBSERVER_CLOSED;
	fd_drop(&pool->jobserver.in);
}

/* --- ending jobs --- */

/* We have failed ourselves: told already. */
static void fail(struct pool *pool, const char *class, int err)
{
	if (!pool->fatal)
		report_error(pool->events, class, err);
	pool->fatal = true;
	stop_all(pool);
}

static void follow(struct pool *pool, enum tally_step step)
{
	switch (step) {
	case TALLY_GO_ON:
		return;
	case TALLY_START_NO_MORE:
		close_queue(pool);
		return;
	case TALLY_STOP_ALL:
		stop_all(pool);
		return;
	}
}

static const char *tag_of(const char *items, size_t len, char tag[static OUTPUT_TAG_MAX])
{
	size_t n = tally_name(tag, OUTPUT_TAG_MAX - 2, items, len);

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)tag[i] < 0x20)
			tag[i] = '?';
	tag[n] = '\t';
	tag[n + 1] = '\0';
	return tag;
}

/* A job that never reached a slot fails alone. */
static void unstartable(struct pool *pool, const struct feed_job *job)
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
	output_done(&pool->output, -1, job->seq, tag_of(job->items, job->len, tag), &none, false);
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
	close_queue(pool);
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
		tell_why(pool->plan, result);
		fail(pool, "resource", -EBUSY);
	}
	if (report->sizes.err < 0) {
		say_errno(report->sizes.err, "cannot keep the output of a job");
		fail(pool, "io", report->sizes.err);
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
	stopped = pool->tally.decided && pool->stopping && ended &&
		  report->result.cause == CAUSE_STOPPED;
	status = ended ? judge_ended(pool, report, &success) : judge_unstarted(pool, report);
	results_add(&pool->results, &pool->output,
		    &(struct results_job){.seq = flight->seq,
					  .slot = due->member,
					  .items = flight->items.bytes,
					  .len = flight->items.len,
					  .count = flight->count,
					  .is_input = pool->plan->pool.item_stdin,
					  .error = ended ? 0 : report->err,
					  .result = ended ? &report->result : NULL,
					  .sizes = &report->sizes});
	output_done(&pool->output, due->member, flight->seq,
		    tag_of(flight->items.bytes, flight->items.len, tag), &report->sizes,
		    pool->output.mode != OUTPUT_FAILED || !success);
	if (stopped)
		pool->tally.stopped++;
	else
		follow(pool, tally_add(&pool->tally, success, status, flight->items.bytes,
				       flight->items.len));
	flights_remove(&pool->flights, flight);
}

/*
 * Go on with the output, and with the reports behind it. Returns true while something can be done
 * without waiting.
 */
static bool settle(struct pool *pool)
{
	static const struct order call = {.kind = ORDER_CALL};
	const char *name;
	int released, err;
	bool more;

	for (;;) {
		more = output_step(&pool->output, &released);
		if (released >= 0)
			crew_order(&pool->crew, released, &call);
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
		stop_all(pool);
	} else if (err < 0 && err != -EPIPE && !pool->fatal) {
		say_errno(err, "cannot write to %s", name);
		fail(pool, "io", err);
	}
	return more && !print_busy(&pool->output.print);
}

/* --- what comes in --- */

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
		       tag_of(flight->items.bytes, flight->items.len, tag));
}

/* A guard has ended, as it should once there is no more work. */
static void part(struct pool *pool, const struct crew_event *event)
{
	pool->gone++;
	if (event->end == CREW_DONE && event->ending.code == 0)
		return;
	jobserver_leave(&pool->jobserver);
	if (pool->fatal)
		return;
	if (event->end == CREW_LOST)
		say("a guard process was killed; some of what it owned may live on");
	else if (event->end == CREW_BEREFT)
		say("a guard process was killed; its job was ended");
	else
		say_errno(event->error ? event->error : -EIO, "a guard process failed");
	fail(pool, "resource", event->error);
}

/* A request to end: pass it on at once, or let the running jobs finish first. */
static void obey(struct pool *pool, const struct order *order)
{
	const int64_t drain = pool->plan->pool.drain;
	const bool first = pool->signal == 0;

	if (first)
		pool->signal = order->signal;
	close_queue(pool);
	if (first && drain != POOL_PLAN_UNSET && order->kind == ORDER_STOP) {
		pool->drained = ns_add(now_ns(), drain);
		return;
	}
	pool->drained = NS_NEVER;
	pool->stopping |= order->kind == ORDER_STOP;
	crew_order(&pool->crew, CREW_ALL, order);
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
		crew_order(&pool->crew, CREW_ALL, order);
}

static void look_at_the_clock(struct pool *pool)
{
	const int64_t now = now_ns();

	if (now >= pool->deadline && !pool->expired) {
		/* The guards end what runs: this limit is theirs too. */
		pool->expired = true;
		close_queue(pool);
	}
	if (now >= pool->drained) {
		pool->drained = NS_NEVER;
		stop_all(pool);
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
		.running = pool->flights.used,
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
			fail(pool, "io", err);
		}
	}
	if (polls[POLL_TOKENS].revents)
		take_token(pool);
	if (!print_busy(&pool->output.print))
		output_read(&pool->output);
}

/* One turn of the loop. Returns -errno when waiting itself has failed. */
static int turn(struct pool *pool, bool at_once)
{
	const int64_t start = pool->has_next && !pool->closed ? pool->next_start : NS_NEVER;
	int64_t until =
		ns_min(ns_min(pool->expired ? NS_NEVER : pool->deadline, pool->drained),
		       ns_min(progress_due(&pool->progress), start > now_ns() ? start : NS_NEVER));
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

/* Until there is nothing to start, nothing under way and nothing to print; then until all slots have gone. */
static void run(struct pool *pool)
{
	for (;;) {
		bool at_once = settle(pool);
		int err;

		start_jobs(pool);
		give_tokens(pool);
		at_once |= pool->due_count > 0 && !print_busy(&pool->output.print);
		if (pool->closed && pool->gone == pool->hired && !at_once && pool->due_count == 0 &&
		    !print_busy(&pool->output.print))
			return;
		err = turn(pool, at_once);
		if (err < 0) {
			say_errno(err, "cannot wait for the jobs");
			fail(pool, "resource", err);
			return;
		}
	}
}

/* Items that were never taken are named too, where they are nobody else's. */
static void record_rest(struct pool *pool)
{
	int got = pool->has_next;

	if (!feed_is_ours(&pool->feed) && !got)
		return;
	while (got > 0) {
		const struct feed_job *job = &pool->next;

		pool->tally.not_run++;
		results_add(&pool->results, &pool->output,
			    &(struct results_job){.seq = job->seq,
						  .slot = -1,
						  .items = job->items,
						  .len = job->len,
						  .count = job->count,
						  .is_input = pool->plan->pool.item_stdin});
		fd_drop(&pool->next.file);
		got = feed_is_ours(&pool->feed) ? feed_next(&pool->feed, &pool->next) : 0;
	}
}

static void explain(struct pool *pool)
{
	char line[TALLY_LINE_MAX];
	const bool wanted = pool->rules.any && pool->tally.succeeded > 0;

	tally_line(&pool->tally, line);
	if (line[0] != '\0' && !pool->plan->quiet && !wanted)
		say("%s", line);
}

static struct ending judge(struct pool *pool)
{
	if (pool->results.err < 0) {
		say_errno(pool->results.err, "cannot write to '%s'", pool->plan->pool.results);
		fail(pool, "io", pool->results.err);
	}
	if (pool->fatal)
		return (struct ending){.code = STATUS_OWN};
	if (pool->signal)
		return (struct ending){.signal = pool->signal};
	if (pool->tally.decided)
		return tally_ending(&pool->tally);
	if (pool->expired && !pool->plan->preserve_status)
		return (struct ending){.code = STATUS_TIMEOUT};
	return tally_ending(&pool->tally);
}

/* --- from beginning to end --- */

static int open_queue(struct pool *pool)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	pool->queue[0] = ends[0];
	pool->queue[1] = ends[1];
	return 0;
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
		err = flights_open(&pool->flights, window(pool->plan, &pool->jobserver));
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
	pool->deadline = plan->deadline > 0 ? ns_add(now, plan->deadline) : NS_NEVER;
	pool->slot = (struct slot){
		.plan = plan,
		.template = &pool->template,
		.policy = plan_policy(plan, getpid() == 1, now),
		.output = &pool->output,
		.jobserver = &pool->jobserver,
		.queue = pool->queue[0],
		.queue_end = pool->queue[1],
		.announces = pool->progress.style != PROGRESS_OFF ||
			     (pool->output.mode == OUTPUT_LINE && plan->pool.tag),
	};
	if (pool->jobserver.kind == JOBSERVER_CLOSED && !plan->quiet)
		say("make's jobserver is not open to this recipe: one job at a time; begin the "
		    "recipe's line with '+', or use --no-jobserver");
}

static struct ending finish(struct pool *pool)
{
	struct ending ending;

	progress_erase(&pool->progress);
	record_rest(pool);
	explain(pool);
	ending = judge(pool);
	tell_pool_end(pool->events, ending, &pool->tally);
	tell_sink(pool->events);
	return ending;
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
	};
	struct ending ending = {.code = STATUS_OWN};
	int err;

	pool.tally.rules = &pool.rules;
	template_read(&pool.template, plan->command, !plan->pool.item_stdin);
	err = open_parts(&pool);
	if (err >= 0)
		err = crew_open(&pool.crew, events, (int)plan->pool.jobs, true);
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
