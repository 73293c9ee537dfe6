/* Jobs' output: files and pipes of the slots, and the way out. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/spool.h"

/* With a tag for each byte a piece is still small enough to be kept. */
#define PIECE 8192
#define EVENTS_AT_ONCE 8

static bool uses_files(const struct output *output)
{
	return output->mode == OUTPUT_GROUP || output->mode == OUTPUT_KEEP ||
	       output->mode == OUTPUT_FAILED;
}

int output_open(struct output *output, enum output_mode mode, bool tags, bool one, int slots)
{
	*output = (struct output){
		.mode = mode,
		.tags = tags,
		.pipes = -1,
		.backlog = BACKLOG_EMPTY,
		.slot = -1,
		.lines = {LINES_EMPTY, LINES_EMPTY},
	};
	print_open(&output->print);
	output->streams = one && output->print.one ? 1 : 2;
	output->slots = calloc((size_t)slots, sizeof(*output->slots));
	if (!output->slots)
		return -ENOMEM;
	output->count = slots;
	for (int i = 0; i < slots; i++)
		for (int s = 0; s < PRINT_STREAMS; s++)
			output->slots[i].to[s] = output->slots[i].from[s] = -1;
	if (mode == OUTPUT_LINE) {
		output->pipes = epoll_create1(EPOLL_CLOEXEC);
		if (output->pipes < 0)
			return -errno;
	}
	return 0;
}

void output_drop(struct output *output)
{
	for (int i = 0; i < output->count; i++)
		for (int s = 0; s < PRINT_STREAMS; s++) {
			fd_drop(&output->slots[i].to[s]);
			fd_drop(&output->slots[i].from[s]);
			lines_drop(&output->slots[i].lines[s]);
		}
	free(output->slots);
	output->slots = NULL;
	output->count = 0;
	for (int s = 0; s < PRINT_STREAMS; s++)
		lines_drop(&output->lines[s]);
	fd_drop(&output->pipes);
	backlog_drop(&output->backlog);
	print_drop(&output->print);
}

/* Appended to, so that a file that was cut to nothing is written from its beginning again. */
static int open_file(void)
{
	int fd = spool_open("pk-spawn-output");

	if (fd >= 0 && fcntl(fd, F_SETFL, O_APPEND) < 0) {
		int err = -errno;

		fd_drop(&fd);
		return err;
	}
	return fd;
}

static int open_pipe(struct output *output, int number, int stream)
{
	struct output_slot *slot = &output->slots[number];
	struct epoll_event event = {.events = EPOLLIN,
				    .data.u32 = (uint32_t)(number * PRINT_STREAMS + stream)};
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	slot->from[stream] = ends[0];
	slot->to[stream] = ends[1];
	slot->lines[stream] = LINES_EMPTY;
	slot->lines[stream].whole = true;
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0 ||
	    epoll_ctl(output->pipes, EPOLL_CTL_ADD, ends[0], &event) < 0)
		return -errno;
	return 0;
}

int output_add_slot(struct output *output, int number)
{
	int err = 0;

	for (int s = 0; err >= 0 && s < output->streams; s++) {
		if (uses_files(output))
			err = output->slots[number].to[s] = open_file();
		else if (output->mode == OUTPUT_LINE)
			err = open_pipe(output, number, s);
	}
	return err < 0 ? err : 0;
}

void output_settle(struct output *output, int number)
{
	for (int i = 0; i < output->count; i++)
		for (int s = 0; s < PRINT_STREAMS; s++) {
			if (i != number)
				fd_drop(&output->slots[i].to[s]);
			fd_drop(&output->slots[i].from[s]);
		}
	fd_drop(&output->pipes);
	fd_drop(&output->backlog.file);
	for (int s = 0; s < PRINT_STREAMS; s++)
		sink_drop(&output->print.streams[s].sink);
}

size_t output_fds(const struct output *output, int number,
		  struct child_fd fds[static PRINT_STREAMS])
{
	static const int places[PRINT_STREAMS] = {STDOUT_FILENO, STDERR_FILENO};
	const struct output_slot *slot = &output->slots[number];

	if (output->mode == OUTPUT_RAW)
		return 0;
	for (int s = 0; s < PRINT_STREAMS; s++)
		fds[s] = (struct child_fd){.from = slot->to[s < output->streams ? s : 0],
					   .to = places[s]};
	return PRINT_STREAMS;
}

/* Space for one page more, behind the end and without changing the size. */
static int look_for_space(int fd, off_t len)
{
	int err = fallocate(fd, FALLOC_FL_KEEP_SIZE, len, 4096) < 0 ? -errno : 0;

	return err == -ENOSPC || err == -EDQUOT ? err : 0;
}

struct output_sizes output_measure(const struct output *output, int number)
{
	struct output_sizes sizes = {.waits = output->mode == OUTPUT_LINE};

	for (int s = 0; uses_files(output) && s < output->streams; s++) {
		struct stat st;

		if (fstat(output->slots[number].to[s], &st) < 0) {
			sizes.err = -errno;
			continue;
		}
		sizes.len[s] = st.st_size;
		if (st.st_size == 0)
			continue;
		/* A command that did not look would seem to have succeeded. */
		sizes.err = look_for_space(output->slots[number].to[s], st.st_size);
		sizes.waits = true;
	}
	return sizes;
}

static void set_tag(const struct output *output, struct lines *lines, char own[OUTPUT_TAG_MAX],
		    const char *tag, size_t len)
{
	lines->tag = NULL;
	if (!output->tags)
		return;
	len = len < OUTPUT_TAG_MAX ? len : OUTPUT_TAG_MAX;
	memcpy(own, tag, len);
	lines->tag = own;
	lines->tag_len = len;
}

void output_started(struct output *output, int number, const char *tag)
{
	for (int s = 0; s < PRINT_STREAMS; s++)
		set_tag(output, &output->slots[number].lines[s], output->slots[number].tag, tag,
			strlen(tag));
}

/* Begin to print the ranges in at and end. */
static void begin_print(struct output *output, const char *tag, size_t len)
{
	output->aside = false;
	for (int s = 0; s < PRINT_STREAMS; s++)
		set_tag(output, &output->lines[s], output->tag, tag, len);
}

/* Begin to put the ranges into the backlog, behind the tag. */
static void begin_aside(struct output *output, int64_t seq, const char *tag,
			const struct output_sizes *sizes)
{
	struct backlog_entry entry = {.at = output->backlog.end,
				      .len = {sizes->len[0], sizes->len[1]}};
	int err;

	if (output->tags)
		entry.tag_len = (uint32_t)strlen(tag);
	output->aside = true;
	err = backlog_add(&output->backlog, seq, &entry);
	if (err >= 0)
		err = backlog_write(&output->backlog, tag, entry.tag_len);
	if (err < 0 && output->err >= 0)
		output->err = err;
}

void output_done(struct output *output, int number, int64_t seq, const char *tag,
		 const struct output_sizes *sizes, bool wanted)
{
	output->slot = number;
	output->waits = sizes->waits;
	for (int s = 0; s < PRINT_STREAMS; s++) {
		output->fds[s] =
			number >= 0 && uses_files(output) ? output->slots[number].to[s] : -1;
		output->at[s] = 0;
		output->end[s] = wanted && output->fds[s] >= 0 ? sizes->len[s] : 0;
	}
	if (output->mode == OUTPUT_KEEP && seq != output->backlog.next) {
		begin_aside(output, seq, tag, sizes);
		return;
	}
	if (output->mode == OUTPUT_KEEP)
		backlog_advance(&output->backlog);
	begin_print(output, tag, strlen(tag));
}

/* Begin with the job whose turn it is; false when that has not ended. */
static bool take_turn(struct output *output)
{
	const struct backlog_entry *entry =
		output->mode == OUTPUT_KEEP ? backlog_next(&output->backlog) : NULL;
	char tag[OUTPUT_TAG_MAX];
	off_t at;

	if (!entry)
		return false;
	at = entry->at;
	if (entry->tag_len > 0 &&
	    pread(output->backlog.file, tag, entry->tag_len, at) != (ssize_t)entry->tag_len)
		output->err = -EIO;
	at += entry->tag_len;
	for (int s = 0; s < PRINT_STREAMS; s++) {
		output->fds[s] = output->backlog.file;
		output->at[s] = at;
		at += entry->len[s];
		output->end[s] = at;
	}
	output->turn = true;
	begin_print(output, tag, entry->tag_len);
	return true;
}

/* Move the next piece of a range. */
static void move_piece(struct output *output, int stream)
{
	off_t left = output->end[stream] - output->at[stream];
	char piece[PIECE];
	ssize_t n = pread(output->fds[stream], piece, left < PIECE ? (size_t)left : PIECE,
			  output->at[stream]);
	int err = n > 0 ? 0 : n < 0 ? -errno : -EIO;

	if (n > 0 && output->aside)
		err = backlog_write(&output->backlog, piece, (size_t)n);
	else if (n > 0)
		lines_add(&output->lines[stream], &output->print, stream, piece, (size_t)n);
	output->at[stream] = n > 0 ? output->at[stream] + n : output->end[stream];
	if (err < 0 && output->err >= 0)
		output->err = err;
}

/* The next range with something left, or -1. */
static int next_range(const struct output *output)
{
	for (int s = 0; s < PRINT_STREAMS; s++)
		if (output->at[s] < output->end[s])
			return s;
	return -1;
}

/* Read one piece from a pipe; false when there is none. */
static bool read_piece(struct output *output, int number, int stream)
{
	struct output_slot *slot = &output->slots[number];
	char piece[PIECE];
	ssize_t n = slot->from[stream] >= 0 ? read(slot->from[stream], piece, sizeof(piece)) : 0;

	if (n <= 0)
		return false;
	lines_add(&slot->lines[stream], &output->print, stream, piece, (size_t)n);
	return true;
}

/* What is left in the pipes of a job that has ended; false while there may be more. */
static bool drain(struct output *output)
{
	for (int s = 0; s < PRINT_STREAMS; s++) {
		if (read_piece(output, output->slot, s))
			return false;
		lines_end(&output->slots[output->slot].lines[s], &output->print, s);
	}
	return true;
}

/* The job's output has found its place: the slot may go on. */
static void finish(struct output *output, int *ret_released)
{
	for (int s = 0; s < PRINT_STREAMS; s++)
		if (!output->aside)
			lines_end(&output->lines[s], &output->print, s);
	if (output->turn) {
		output->turn = false;
		backlog_advance(&output->backlog);
		return;
	}
	for (int s = 0; output->waits && uses_files(output) && s < output->streams; s++)
		if (ftruncate(output->fds[s], 0) < 0 && output->err >= 0)
			output->err = -errno;
	*ret_released = output->waits ? output->slot : -1;
	output->slot = -1;
	output->waits = false;
}

bool output_step(struct output *output, int *ret_released)
{
	*ret_released = -1;
	for (int pieces = 0; *ret_released < 0; pieces++) {
		int range;

		if (!print_flush(&output->print))
			return true;
		/* Others want to be heard too. */
		if (pieces >= 128)
			return true;
		range = next_range(output);
		if (range >= 0)
			move_piece(output, range);
		else if (output->turn)
			finish(output, ret_released);
		else if (output->slot >= 0 || output->waits) {
			if (output->mode != OUTPUT_LINE || drain(output))
				finish(output, ret_released);
		} else if (!take_turn(output))
			return false;
	}
	return true;
}

void output_read(struct output *output)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	int count = output->pipes < 0 ? 0 : epoll_wait(output->pipes, events, EVENTS_AT_ONCE, 0);

	for (int i = 0; i < count && print_flush(&output->print); i++)
		(void)read_piece(output, (int)events[i].data.u32 / PRINT_STREAMS,
				 (int)events[i].data.u32 % PRINT_STREAMS);
	(void)print_flush(&output->print);
}

nfds_t output_poll(const struct output *output, struct pollfd polls[static OUTPUT_POLLS])
{
	if (print_busy(&output->print))
		return print_poll(&output->print, polls);
	if (output->pipes < 0)
		return 0;
	polls[0] = (struct pollfd){.fd = output->pipes, .events = POLLIN};
	return 1;
}

int output_error(const struct output *output, const char **ret_name)
{
	static const char *const names[PRINT_STREAMS] = {"stdout", "stderr"};

	for (int s = 0; s < PRINT_STREAMS; s++) {
		*ret_name = names[s];
		if (output->print.streams[s].err < 0)
			return output->print.streams[s].err;
	}
	*ret_name = "the jobs' output";
	return output->err;
}

bool output_has_room(const struct output *output, int64_t seq)
{
	return output->mode != OUTPUT_KEEP || backlog_has_room(&output->backlog, seq);
}

size_t output_peek(const struct output *output, int number, int stream, off_t at, char *bytes,
		   size_t size)
{
	ssize_t n = uses_files(output) && stream < output->streams
			    ? pread(output->slots[number].to[stream], bytes, size, at)
			    : 0;

	return n > 0 ? (size_t)n : 0;
}
