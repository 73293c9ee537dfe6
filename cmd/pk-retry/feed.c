/* Stdin for one attempt after another. */
#include "feed.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/spool.h"

#define PAGE 4096      /* the pipe of a peek: the kernel rounds it up to one page */
#define WIDE (1 << 20) /* the pipe in bulk; best effort, pipe-max-size may forbid it */
#define MOVE_MOST ((size_t)1 << 20)
#define CHUNK 65536

/* -errno of a call that has failed, 0 when it may just be made again. */
static int failure(void)
{
	return errno == EINTR || errno == EAGAIN ? 0 : -errno;
}

static int open_null(struct feed *feed)
{
	feed->null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (feed->null < 0)
		return -errno;
	feed->kind = FEEDS_NULL;
	return 0;
}

static int open_pipe(struct feed *feed, bool is_pipe)
{
	feed->spool = spool_open("pk-retry-stdin");
	if (feed->spool < 0)
		return feed->spool;
	feed->kind = FEEDS_PIPE;
	feed->bulk = feed->copies = !is_pipe;
	return 0;
}

int feed_open(struct feed *feed, enum feed_mode mode)
{
	struct stat st;

	*feed = FEED_EMPTY;
	if (mode == FEED_NULL)
		return open_null(feed);
	/* A stdin that the caller has closed is close-on-exec: a placeholder of ours (fd_park_std). */
	if (mode == FEED_INHERIT || fcntl(STDIN_FILENO, F_GETFD) != 0 ||
	    fstat(STDIN_FILENO, &st) < 0)
		return 0;
	if (S_ISREG(st.st_mode)) {
		feed->start = lseek(STDIN_FILENO, 0, SEEK_CUR);
		feed->kind = feed->start < 0 ? FEEDS_NOTHING : FEEDS_REWIND;
		return 0;
	}
	if (S_ISFIFO(st.st_mode) || mode == FEED_REPLAY)
		return open_pipe(feed, S_ISFIFO(st.st_mode));
	return 0;
}

static void close_pipe(struct feed *feed)
{
	fd_drop(&feed->to);
	fd_drop(&feed->from);
}

void feed_drop(struct feed *feed)
{
	close_pipe(feed);
	fd_drop(&feed->null);
	fd_drop(&feed->spool);
}

/* A pipe of the wanted size, with our end non-blocking. */
static int make_pipe(struct feed *feed)
{
	int ends[2], flags;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	feed->from = ends[0];
	feed->to = ends[1];
	flags = fcntl(feed->to, F_GETFL);
	if (flags < 0 || fcntl(feed->to, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	/* A pipe that stays larger is writable before it is empty: then no peek is exact. */
	if (!feed->bulk && fcntl(feed->to, F_SETPIPE_SZ, PAGE) < 0)
		feed->bulk = true;
	if (feed->bulk)
		(void)fcntl(feed->to, F_SETPIPE_SZ, WIDE);
	return 0;
}

int feed_begin(struct feed *feed, int *ret_fd)
{
	int err;

	*ret_fd = feed->null;
	if (feed->kind == FEEDS_REWIND && lseek(STDIN_FILENO, feed->start, SEEK_SET) < 0)
		return -errno;
	if (feed->kind != FEEDS_PIPE)
		return 0;
	feed->sent = 0;
	feed->peeked = 0;
	feed->needs_data = false;
	err = make_pipe(feed);
	*ret_fd = feed->from;
	return err;
}

void feed_started(struct feed *feed)
{
	/* Without a reader the pipe reports an error: the command wants no more. */
	fd_drop(&feed->from);
}

nfds_t feed_poll(const struct feed *feed, struct pollfd poll[static 2])
{
	if (feed->to < 0)
		return 0;
	/* An error is reported whatever was asked for. */
	poll[0] = (struct pollfd){.fd = feed->to, .events = feed->needs_data ? 0 : POLLOUT};
	poll[1] = (struct pollfd){.fd = feed->needs_data ? STDIN_FILENO : -1, .events = POLLIN};
	return 2;
}

/* Read from stdin into the spool; 0 at its end, or when there is nothing now. */
static ssize_t copy_in(struct feed *feed, size_t most)
{
	unzeroed char chunk[CHUNK];
	size_t done = 0;
	ssize_t n;

	do
		n = read(STDIN_FILENO, chunk, most < sizeof(chunk) ? most : sizeof(chunk));
	while (n < 0 && errno == EINTR);
	if (n == 0)
		feed->ended = true;
	if (n < 0)
		return failure();
	while (done < (size_t)n) {
		ssize_t put = pwrite(feed->spool, chunk + done, (size_t)n - done, feed->kept);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put < 0 ? -errno : -EIO;
		done += (size_t)put;
		feed->kept += put;
	}
	return n;
}

static ssize_t splice_in(struct feed *feed, size_t most)
{
	off_t at = feed->kept;
	ssize_t n;

	do
		n = splice(STDIN_FILENO, NULL, feed->spool, &at, most, SPLICE_F_NONBLOCK);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EINVAL || errno == ENOSYS || errno == EPERM)) {
		feed->copies = true;
		return copy_in(feed, most);
	}
	if (n < 0)
		return failure();
	feed->kept += n;
	return n;
}

/*
 * Take len bytes, which the command has a copy of, from our pipe into the spool. They are there unless
 * somebody else reads the same pipe: what that one was faster with is lost for a replay.
 */
static int take(struct feed *feed, size_t len)
{
	while (len > 0) {
		ssize_t n = feed->copies ? copy_in(feed, len) : splice_in(feed, len);

		if (n <= 0)
			return (int)n;
		len -= (size_t)n;
	}
	return 0;
}

/* Give the command bytes of the spool. */
static int replay(struct feed *feed)
{
	unzeroed char chunk[CHUNK];
	off_t left = feed->kept - feed->sent;
	size_t want = (size_t)left < MOVE_MOST ? (size_t)left : MOVE_MOST;
	off_t at = feed->sent;
	ssize_t n = sendfile(feed->to, feed->spool, &at, want);

	if (n < 0 && (errno == EINVAL || errno == ENOSYS || errno == EPERM)) {
		n = pread(feed->spool, chunk, want < sizeof(chunk) ? want : sizeof(chunk),
			  feed->sent);
		if (n > 0)
			n = write(feed->to, chunk, (size_t)n);
	}
	if (n < 0)
		return failure();
	if (n == 0)
		return -EIO;
	feed->sent += n;
	return 0;
}

static void finish(struct feed *feed)
{
	feed->ended = true;
	fd_drop(&feed->to);
}

/* Copy what comes next into the command's pipe, without taking it from ours. */
static int peek(struct feed *feed)
{
	ssize_t n = tee(STDIN_FILENO, feed->to, feed->bulk ? MOVE_MOST : PAGE, SPLICE_F_NONBLOCK);

	if (n > 0) {
		feed->peeked = (size_t)n;
		return 0;
	}
	if (n == 0) {
		finish(feed);
		return 0;
	}
	if (errno == EAGAIN) {
		/* Our pipe is empty; or the command's is full, which poll will say at once. */
		feed->needs_data = true;
		return 0;
	}
	if (errno != EINTR)
		feed->bulk = feed->copies = true;
	return 0;
}

/* The command has what was peeked at, and it is gone from our pipe. */
static int take_peeked(struct feed *feed)
{
	off_t before = feed->kept;
	int err = take(feed, feed->peeked);

	feed->sent += feed->kept - before;
	feed->peeked = 0;
	return err;
}

/* There is room in the command's pipe. */
static int fill(struct feed *feed)
{
	int err;

	if (feed->peeked > 0) {
		/* Drained: it wants more than a look. */
		feed->bulk = true;
		(void)fcntl(feed->to, F_SETPIPE_SZ, WIDE);
		return take_peeked(feed);
	}
	if (feed->sent < feed->kept)
		return replay(feed);
	if (feed->ended) {
		finish(feed);
		return 0;
	}
	if (feed->copies) {
		feed->needs_data = true;
		return 0;
	}
	err = peek(feed);
	return err >= 0 && feed->bulk && feed->peeked > 0 ? take_peeked(feed) : err;
}

/* Something has come, or the end. */
static int drink(struct feed *feed)
{
	ssize_t n;

	feed->needs_data = false;
	if (!feed->copies)
		return fill(feed);
	n = copy_in(feed, CHUNK);
	return n < 0 ? (int)n : 0;
}

int feed_step(struct feed *feed, const struct pollfd poll[static 2])
{
	/* The command, and all that it gave its stdin to, has closed it. */
	if (poll[0].revents & (POLLERR | POLLNVAL))
		return feed_end(feed);
	if (poll[1].revents)
		return drink(feed);
	if (poll[0].revents & POLLOUT)
		return fill(feed);
	return 0;
}

int feed_end(struct feed *feed)
{
	int unread = 0, err = 0;

	if (feed->kind == FEEDS_PIPE && feed->to >= 0 && feed->peeked > 0) {
		if (ioctl(feed->to, FIONREAD, &unread) < 0)
			err = -errno;
		else if ((size_t)unread < feed->peeked)
			err = take(feed, feed->peeked - (size_t)unread);
		feed->peeked = 0;
	}
	close_pipe(feed);
	return err;
}
