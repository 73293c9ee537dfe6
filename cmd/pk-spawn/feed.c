/* From items to jobs. */
#include "feed.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

int feed_open(struct feed *feed, const struct plan *plan)
{
	const struct pool_plan *pool = &plan->pool;

	*feed = (struct feed){
		.max_args = (size_t)pool->max_args,
		.is_input = pool->item_stdin,
		.job = {.cap = 2 * FEED_BYTES},
	};
	if (pool->items) {
		items_list(&feed->items, pool->items);
		return 0;
	}
	return items_open(&feed->items, pool->file, pool->separator, pool->item_stdin);
}

void feed_drop(struct feed *feed)
{
	/* The spare one is put back too; of a cut one the middle is no longer there. */
	if (feed->has_spare && !feed->items.list && !feed->spare.too_long)
		feed->items.at = (size_t)(feed->spare.bytes - feed->items.bytes.bytes);
	items_drop(&feed->items);
	buf_drop(&feed->job);
}

/* The next item, with the one that was put aside first. */
static int take(struct feed *feed, struct item *item)
{
	if (!feed->has_spare)
		return items_next(&feed->items, item);
	feed->has_spare = false;
	*item = feed->spare;
	return 1;
}

/* Why the item cannot be an argument; 0: it can. */
static int check(const struct feed *feed, const struct item *item)
{
	if (feed->is_input)
		return 0;
	if (item->too_long)
		return -E2BIG;
	return memchr(item->bytes, '\0', item->len) ? -EINVAL : 0;
}

static int add(struct feed *feed, const struct item *item)
{
	int err = buf_add(&feed->job, item->bytes, item->len);

	if (err >= 0)
		err = buf_add(&feed->job, "", 1);
	feed->count++;
	return err;
}

/* How long the item is, of which the job may hold only the beginning. */
static int64_t input_bytes(const struct feed *feed, int file)
{
	struct stat st;

	return file >= 0 && fstat(file, &st) == 0 ? st.st_size : (int64_t)feed->job.len - 1;
}

/* The job is complete. */
static int deliver(struct feed *feed, int file, int err, struct feed_job *ret)
{
	feed->delivered = true;
	*ret = (struct feed_job){
		.seq = ++feed->seq,
		.items = feed->job.bytes,
		.len = feed->job.len,
		.count = feed->count,
		.input_bytes = input_bytes(feed, file),
		.file = file,
		.err = err,
	};
	return 1;
}

int feed_next(struct feed *feed, struct feed_job *ret)
{
	if (feed->delivered)
		feed->count = feed->job.len = 0;
	feed->delivered = false;
	while (!feed->ended) {
		struct item item;
		int got = take(feed, &item), bad, err;

		if (got < 0)
			return got;
		if (got == 0) {
			feed->ended = true;
			break;
		}
		bad = check(feed, &item);
		/* An item that cannot be run is a job of its own, so that it fails alone. */
		if (feed->count > 0 && (bad < 0 || feed->job.len + item.len >= FEED_BYTES)) {
			feed->spare = item;
			feed->has_spare = true;
			return deliver(feed, -1, 0, ret);
		}
		err = add(feed, &item);
		if (err < 0)
			return err;
		if (bad < 0 || feed->count == feed->max_args)
			return deliver(feed, item.file, bad, ret);
	}
	return feed->count > 0 ? deliver(feed, -1, 0, ret) : 0;
}

int feed_fd(const struct feed *feed)
{
	return feed->items.fd;
}

int feed_read(struct feed *feed)
{
	return items_read(&feed->items);
}

int64_t feed_total(const struct feed *feed)
{
	const int64_t count = items_count(&feed->items), most = (int64_t)feed->max_args;

	return count < 0 ? -1 : (count + most - 1) / most;
}

int feed_rest(struct feed *feed, struct feed_job *ret)
{
	struct stat st;
	const bool is_file =
		feed->items.own >= 0 && fstat(feed->items.own, &st) == 0 && S_ISREG(st.st_mode);
	int got;

	while ((got = feed_next(feed, ret)) == -EAGAIN && is_file) {
		got = feed_read(feed);
		if (got < 0)
			return got;
	}
	return got;
}

bool feed_is_ours(const struct feed *feed)
{
	return feed->items.list || feed->items.own >= 0;
}
