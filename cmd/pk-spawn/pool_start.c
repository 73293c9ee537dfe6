/* Jobs on their way into the slots. */
#include "pool_state.h"

#include <errno.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/say.h"
#include "common/spool.h"

int pool_window(const struct plan *plan, const struct jobserver *jobserver)
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

void pool_close_queue(struct pool *pool)
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
						  .is_input = pool->plan->pool.item_stdin,
						  .input_bytes = flight->input_bytes});
		flights_remove(&pool->flights, flight);
	}
	buf_drop(&items);
}

void pool_stop_all(struct pool *pool)
{
	const struct order halt = {.kind = ORDER_HALT, .signal = pool->plan->signal};

	pool_close_queue(pool);
	if (!pool->stopping)
		(void)crew_order(&pool->crew, CREW_ALL, &halt);
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
	flight->input_bytes = job->input_bytes;
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
		pool_fail(pool, "io", got);
	}
	return pool->has_next;
}

void pool_start_jobs(struct pool *pool)
{
	const int64_t now = now_ns();

	pool->waits_for_queue = pool->wants_read = false;
	while (!pool->closed && pool->flights.used < pool->flights.size && have_next(pool)) {
		int err = 0;

		if (pool->next.err < 0 && pool->due_count == 0 && !pool->prints &&
		    output_has_room(&pool->output, pool->next.seq)) {
			pool->has_next = false;
			pool_unstartable(pool, &pool->next);
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
			pool_fail(pool, "resource", err);
			return;
		}
		pool->has_next = false;
		if (pool->plan->pool.delay > 0)
			pool->next_start = ns_add(now, pool->plan->pool.delay);
	}
}

/* Tokens that no running job needs go back at once; one is kept when a job is at hand for it. */
void pool_give_tokens(struct pool *pool)
{
	const int spare = pool->has_next && !pool->closed && now_ns() >= pool->next_start ? 1 : 0;

	while (jobserver_held(&pool->jobserver) > 0 &&
	       jobserver_held(&pool->jobserver) > pool->flights.used - 1 + spare)
		jobserver_give(&pool->jobserver);
}

void pool_take_token(struct pool *pool)
{
	int got = jobserver_take(&pool->jobserver);

	if (got >= 0)
		return;
	/* make is gone, and with it its limit; ours remains one job at a time. */
	pool->jobserver.kind = JOBSERVER_CLOSED;
	fd_drop(&pool->jobserver.in);
}
