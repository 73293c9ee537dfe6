/* Jobs inside of a guard. */
#include "slot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/report.h"
#include "common/spool.h"
#include "results.h"
#include "tell.h"

/* A slot at work. */
struct shift {
	struct slot slot;
	struct guard *guard;
	struct template_argv argv;
	struct buf items;
	struct slot_head head;
	int file;  /* of the items, or -1 */
	int null;  /* /dev/null, for jobs without input */
	bool busy; /* a job holds a token of make's */
};

int slot_send(int queue, const struct slot_head *head, const char *items, int file)
{
	struct slot_head copy = *head;
	struct iovec parts[] = {
		{.iov_base = &copy, .iov_len = sizeof(copy)},
		{.iov_base = (void *)(uintptr_t)items, .iov_len = head->in_file ? 0 : head->len},
	};
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.bytes = {0}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = array_len(parts)};

	if (head->in_file) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		control.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)),
						  .cmsg_level = SOL_SOCKET,
						  .cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(&control.header), &file, sizeof(file));
	}
	return sendmsg(queue, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int slot_receive(int queue, struct slot_head *ret_head, struct buf *items, int *ret_file)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec parts[2];
	struct msghdr message = {.msg_iov = parts,
				 .msg_iovlen = array_len(parts),
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes)};
	const struct cmsghdr *first;
	ssize_t len;
	int err;

	items->len = 0;
	err = buf_reserve(items, SLOT_INLINE);
	if (err < 0)
		return err;
	parts[0] = (struct iovec){.iov_base = ret_head, .iov_len = sizeof(*ret_head)};
	parts[1] = (struct iovec){.iov_base = items->bytes, .iov_len = SLOT_INLINE};
	len = recvmsg(queue, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (len <= 0)
		return len < 0 ? -errno : 0;
	*ret_file = -1;
	first = CMSG_FIRSTHDR(&message);
	if (first && first->cmsg_level == SOL_SOCKET && first->cmsg_type == SCM_RIGHTS)
		memcpy(ret_file, CMSG_DATA(first), sizeof(*ret_file));
	items->len = (size_t)len - sizeof(*ret_head);
	return 1;
}

/* Wait for the next job. Returns as slot_receive; 0 too when we were asked to end. */
static int next_job(struct shift *shift)
{
	for (;;) {
		struct pollfd queue = {.fd = shift->slot.queue, .events = POLLIN};
		int event = guard_wait(shift->guard, &queue, 1, NS_NEVER), got;

		if (event == GUARD_STOP || event < 0)
			return event < 0 ? event : 0;
		if (event != GUARD_READY)
			continue;
		got = slot_receive(shift->slot.queue, &shift->head, &shift->items, &shift->file);
		/* Another slot was faster. */
		if (got != -EAGAIN && got != -EINTR)
			return got;
	}
}

/* Tell the front. It may be stopped and have left too much unread. */
static int report(struct shift *shift, const struct slot_report *report)
{
	for (;;) {
		struct pollfd room = guard_room(shift->guard);
		int err = guard_report(shift->guard, report, sizeof(*report));

		if (err != -EAGAIN)
			return err;
		err = guard_wait(shift->guard, &room, 1, NS_NEVER);
		if (err < 0)
			return err;
	}
}

/* Items that came in a file, into memory. */
static int load_items(struct shift *shift)
{
	int err = buf_reserve(&shift->items, shift->head.len);
	ssize_t len;

	if (err < 0)
		return err;
	len = pread(shift->file, shift->items.bytes, shift->head.len, 0);
	if (len != (ssize_t)shift->head.len)
		return len < 0 ? -errno : -EIO;
	shift->items.len = shift->head.len;
	fd_drop(&shift->file);
	return 0;
}

/* The item as a file that the job can read from its beginning. */
static int open_item(struct shift *shift)
{
	/* The NUL behind it is not part of it. */
	const size_t len = shift->head.len - 1;
	int fd = shift->file, err = 0;

	shift->file = -1;
	if (fd < 0) {
		fd = spool_open_small("pk-spawn-item");
		if (fd < 0)
			return fd;
		err = fd_write_full(fd, shift->items.bytes, len);
	}
	if (err >= 0 && lseek(fd, 0, SEEK_SET) < 0)
		err = -errno;
	if (err < 0)
		fd_drop(&fd);
	return err < 0 ? err : fd;
}

/* A job's stdin: *ret_own is to be closed. Returns the descriptor, -1 for ours as it is, or -errno < -1. */
static int open_input(struct shift *shift, int *ret_own)
{
	const struct plan *plan = shift->slot.plan;

	if (plan->pool.item_stdin)
		return *ret_own = open_item(shift);
	if (!plan->input || strcmp(plan->input, "null") == 0)
		return shift->null;
	if (strcmp(plan->input, "inherit") == 0 || strcmp(plan->input, "-") == 0)
		return STDIN_FILENO;
	*ret_own = open(plan->input, O_RDONLY | O_CLOEXEC);
	return *ret_own < 0 ? -errno : *ret_own;
}

/* The argv of the job. Returns 0 or -errno. */
static int make_argv(struct shift *shift)
{
	const struct template_job filling = {
		.seq = shift->head.seq,
		.slot = shift->slot.number + 1,
		.items = shift->items.bytes,
		.len = shift->items.len,
		.count = shift->head.count,
	};

	return template_fill(shift->slot.template, &filling, &shift->argv);
}

/* Start the job. Returns 0, or -errno with *ret_stage set. */
static int start(struct shift *shift, enum child_stage *ret_stage)
{
	const struct slot *slot = &shift->slot;
	struct child_fd fds[1 + PRINT_STREAMS];
	scoped(fd_drop) int own = -1;
	int input, err = 0;

	*ret_stage = CHILD_SETUP;
	if (shift->head.in_file && !slot->plan->pool.item_stdin)
		err = load_items(shift);
	if (err < 0)
		return err;
	input = open_input(shift, &own);
	if (input < 0)
		return input;
	fds[0] = (struct child_fd){.from = input, .to = STDIN_FILENO};
	*ret_stage = CHILD_EXEC;
	err = make_argv(shift);
	if (err < 0)
		return err;
	const struct child_job job = {
		.argv = template_argv(&shift->argv),
		.fds = fds,
		.fd_count = 1 + output_fds(slot->output, slot->number, fds + 1),
		.limits = slot->plan->limits,
		.limit_count = slot->plan->limit_count,
	};

	return guard_start(shift->guard, &job, &slot->policy, ret_stage);
}

/* Wait until the front has done its part (ORDER_CALL). Returns 0 or -errno; -ECANCELED: we are to end. */
static int wait_for_front(struct shift *shift)
{
	int event;

	do
		event = guard_wait(shift->guard, NULL, 0, NS_NEVER);
	while (event >= 0 && event != GUARD_CALLED && event != GUARD_STOP);
	return event == GUARD_STOP ? -ECANCELED : event < 0 ? event : 0;
}

/* The job is about to start. Returns 0, or as wait_for_front. */
static int announce(struct shift *shift)
{
	const struct slot_report news = {.news = SLOT_STARTED, .seq = shift->head.seq};
	int err = shift->slot.announces ? report(shift, &news) : 0;

	return err >= 0 && shift->slot.asks ? wait_for_front(shift) : err;
}

/* The job as events see it. */
static struct work about_job(const struct shift *shift)
{
	return (struct work){.plan = shift->slot.plan, .argv = template_argv(&shift->argv)};
}

static void tell_end_of_job(struct shift *shift, const struct slot_report *news, pid_t pid)
{
	const size_t capture = (size_t)shift->slot.plan->pool.capture;
	struct events *events = guard_events(shift->guard);
	const struct work about = about_job(shift);
	struct tell_streams streams;
	char *room;

	if (events->fd < 0)
		return;
	room = malloc(PRINT_STREAMS * capture + 1);
	if (room)
		results_streams(shift->slot.output, shift->slot.number, &news->sizes, capture, room,
				&streams);
	tell_exit(events, &about, &news->result, pid, room ? &streams : NULL);
	free(room);
}

/* The job runs: see it to its end. */
static int attend(struct shift *shift)
{
	struct events *events = guard_events(shift->guard);
	struct slot_report news = {.news = SLOT_ENDED, .seq = shift->head.seq};
	const pid_t pid = guard_pid(shift->guard);
	int event = 0;

	const struct work about = about_job(shift);

	tell_start(events, &about, pid);
	while (event >= 0 && event != GUARD_ENDED)
		event = guard_wait(shift->guard, NULL, 0, NS_NEVER);
	if (event < 0)
		return event;
	news.result = *guard_result(shift->guard);
	news.sizes = output_measure(shift->slot.output, shift->slot.number);
	tell_end_of_job(shift, &news, pid);
	event = report(shift, &news);
	return event < 0 ? event : news.sizes.waits;
}

/* Returns 1 when the front is to be waited for, 0, or -errno. */
static int run_job(struct shift *shift)
{
	struct slot_report news = {.news = SLOT_UNSTARTED, .seq = shift->head.seq};
	int err;

	err = announce(shift);
	if (err < 0)
		return err;
	guard_events(shift->guard)->job = shift->head.seq;
	news.err = start(shift, &news.stage);
	fd_drop(&shift->file);
	if (news.err >= 0)
		return attend(shift);
	report_error(guard_events(shift->guard), news.stage == CHILD_EXEC ? "exec" : "resource",
		     news.err);
	news.sizes.waits = true;
	err = report(shift, &news);
	return err < 0 ? err : 1;
}

static void bereft(void *arg)
{
	struct shift *shift = arg;

	jobserver_bereft(shift->slot.jobserver, shift->busy);
}

static int work(struct shift *shift)
{
	int got;

	while ((got = next_job(shift)) > 0) {
		shift->busy = true;
		got = run_job(shift);
		shift->busy = false;
		if (got > 0)
			got = wait_for_front(shift);
		if (got < 0)
			return got;
		if (guard_stop_signal(shift->guard))
			return 0;
	}
	return got;
}

struct ending slot_body(struct guard *guard, void *arg)
{
	struct shift shift = {
		.slot = *(const struct slot *)arg,
		.guard = guard,
		.argv = {.pointers = {.cap = (size_t)8 << 20}, .text = {.cap = (size_t)8 << 20}},
		.items = {.cap = (size_t)1 << 20},
		.file = -1,
		.null = open("/dev/null", O_RDONLY | O_CLOEXEC),
	};
	int err;

	fd_drop(&shift.slot.queue_end);
	output_settle(shift.slot.output, shift.slot.number);
	guard_set_bereft(guard, bereft, &shift);
	tell_notes(guard, shift.slot.plan);
	err = shift.null < 0 ? -errno : work(&shift);
	buf_drop(&shift.argv.pointers);
	buf_drop(&shift.argv.text);
	buf_drop(&shift.items);
	fd_drop(&shift.null);
	fd_drop(&shift.slot.queue);
	return (struct ending){.code = err < 0 && err != -ECANCELED ? STATUS_OWN : STATUS_OK};
}
