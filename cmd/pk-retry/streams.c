/* An attempt's descriptors. */
#include "streams.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/spool.h"

/* Of a longer hint the end is read: the last response of a header block counts. */
#define HINT_MAX 65536

int streams_open(struct streams *streams, const struct plan *plan, const char **ret_what)
{
	int err;

	streams->plan = plan;
	streams->feed = FEED_EMPTY;
	streams->output = OUTPUT_EMPTY;
	streams->relay = RELAY_EMPTY;
	streams->hint = -1;
	streams->err_lines = streams->out_lines = MATCH_EMPTY;
	*ret_what = "lines";
	if (plan->has_until || plan->has_retry_match) {
		err = match_open(&streams->out_lines);
		if (err >= 0)
			err = match_open(&streams->err_lines);
		if (err < 0)
			return err;
	}
	*ret_what = "stdin";
	err = feed_open(&streams->feed, (enum feed_mode)plan->input);
	if (err >= 0) {
		*ret_what = "stdout";
		err = output_open(&streams->output, (enum output_mode)plan->output);
	}
	if (err >= 0 && plan->hint_fd > 0) {
		*ret_what = "the hint";
		err = streams->hint = spool_open_small("pk-retry-hint");
	}
	return err < 0 ? err : 0;
}

void streams_drop(struct streams *streams)
{
	feed_drop(&streams->feed);
	output_drop(&streams->output);
	fd_drop(&streams->relay.from);
	fd_drop(&streams->relay.to);
	fd_drop(&streams->hint);
	match_drop(&streams->out_lines);
	match_drop(&streams->err_lines);
}

static void connect_fd(struct streams *streams, int from, int to)
{
	if (from >= 0)
		streams->fds[streams->fd_count++] = (struct child_fd){.from = from, .to = to};
}

int streams_begin(struct streams *streams, const char **ret_what)
{
	int fd = -1, err;

	streams->fd_count = 0;
	*ret_what = "stdin";
	err = feed_begin(&streams->feed, &fd);
	if (err < 0)
		return err;
	connect_fd(streams, fd, STDIN_FILENO);
	*ret_what = "stdout";
	err = output_begin(&streams->output, &fd);
	if (err < 0)
		return err;
	connect_fd(streams, fd, STDOUT_FILENO);
	*ret_what = "stderr";
	if (streams->plan->has_retry_match) {
		match_start(&streams->err_lines, &streams->plan->retry_match);
		err = relay_begin(&streams->relay);
		if (err < 0)
			return err;
		connect_fd(streams, err, STDERR_FILENO);
	}
	*ret_what = "the hint";
	if (streams->hint < 0)
		return 0;
	connect_fd(streams, streams->hint, (int)streams->plan->hint_fd);
	return spool_clear(streams->hint);
}

void streams_started(struct streams *streams)
{
	feed_started(&streams->feed);
	relay_started(&streams->relay);
}

int streams_serve(struct streams *streams, struct guard *guard, const char **ret_what)
{
	int err = 0;

	*ret_what = "stdin";
	for (;;) {
		struct pollfd fds[4];
		nfds_t fed = feed_poll(&streams->feed, fds);
		nfds_t relayed = relay_poll(&streams->relay, fds + fed);
		int event = guard_wait(guard, fds, fed + relayed, NS_NEVER);

		if (event < 0) {
			*ret_what = "the command";
			return event;
		}
		if (event == GUARD_ENDED)
			return err;
		if (event != GUARD_READY)
			continue;
		if (relayed > 0)
			relay_step(&streams->relay, fds + fed, &streams->err_lines);
		if (fed > 0 && err >= 0)
			err = feed_step(&streams->feed, fds);
		/* The command must not take a stdin that breaks off for the whole. */
		if (err < 0) {
			guard_stop(guard, STOP_SIGNAL);
			feed_drop(&streams->feed);
		}
	}
}

int streams_end(struct streams *streams, struct guard *guard, int64_t until, const char **ret_what)
{
	int err = feed_end(&streams->feed);

	relay_end(&streams->relay, guard, &streams->err_lines, until);
	*ret_what = "stdin";
	if (err < 0)
		return err;
	*ret_what = "stdout";
	return output_check(&streams->output);
}

static int match_output(struct streams *streams, const regex_t *regex)
{
	int err;

	if (streams->output.spool < 0)
		return 0;
	match_start(&streams->out_lines, regex);
	err = match_add_file(&streams->out_lines, streams->output.spool);
	return err < 0 ? err : match_end(&streams->out_lines);
}

int streams_match_until(struct streams *streams)
{
	return streams->plan->has_until ? match_output(streams, &streams->plan->until) : 1;
}

int streams_match_retry(struct streams *streams)
{
	if (!streams->plan->has_retry_match || match_end(&streams->err_lines))
		return 1;
	return match_output(streams, &streams->plan->retry_match);
}

struct hint streams_hint(const struct streams *streams)
{
	unzeroed char text[HINT_MAX];
	struct timespec now;
	off_t end;
	ssize_t n;

	if (streams->hint < 0)
		return (struct hint){.kind = HINT_NONE};
	(void)clock_gettime(CLOCK_REALTIME, &now); /* exists on every kernel */
	end = lseek(streams->hint, 0, SEEK_END);
	n = pread(streams->hint, text, sizeof(text), end > HINT_MAX ? end - HINT_MAX : 0);
	return hint_parse(text, n > 0 ? (size_t)n : 0, now.tv_sec);
}
