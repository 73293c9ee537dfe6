/* Tokens of make: taken, written down, given back. */
#include "jobserver.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/num.h"

/* Tokens are alike for make, but their bytes are given back as they came. */
struct jobserver_held {
	atomic_int tokens;
	atomic_int guards;
	char bytes[JOBSERVER_MOST];
};

/* The descriptors in `R,W`. A negative number is make's way to say: not for this recipe. */
static enum jobserver_kind parse_pair(const char *text, size_t len, struct jobserver_auth *ret)
{
	char pair[32], *comma;
	int64_t in, out;

	if (len >= sizeof(pair))
		return JOBSERVER_CLOSED;
	memcpy(pair, text, len);
	pair[len] = '\0';
	comma = strchr(pair, ',');
	if (!comma)
		return JOBSERVER_CLOSED;
	*comma = '\0';
	if (num_parse(pair, 0, INT_MAX, &in) < 0 || num_parse(comma + 1, 0, INT_MAX, &out) < 0)
		return JOBSERVER_CLOSED;
	ret->in = (int)in;
	ret->out = (int)out;
	return JOBSERVER_PIPE;
}

static bool take_word(const char *word, size_t len, struct jobserver_auth *ret)
{
	/* The second is that of make before 4.2. */
	static const char *const names[] = {"--jobserver-auth=", "--jobserver-fds="};

	for (size_t i = 0; i < array_len(names); i++) {
		const size_t name = strlen(names[i]);

		if (len < name || memcmp(word, names[i], name) != 0)
			continue;
		*ret = (struct jobserver_auth){.kind = JOBSERVER_FIFO, .in = -1, .out = -1};
		if (len > name + 5 && memcmp(word + name, "fifo:", 5) == 0) {
			ret->path = word + name + 5;
			ret->path_len = len - name - 5;
		} else {
			ret->kind = parse_pair(word + name, len - name, ret);
		}
		return true;
	}
	return false;
}

void jobserver_parse(const char *makeflags, struct jobserver_auth *ret)
{
	*ret = (struct jobserver_auth){.in = -1, .out = -1};
	/* The last one counts. Behind ` -- ` are variables of the command line. */
	for (const char *word = makeflags; word && *word != '\0';) {
		const size_t len = strcspn(word, " ");

		if (len == 2 && memcmp(word, "--", 2) == 0)
			return;
		(void)take_word(word, len, ret);
		word += len;
		word += strspn(word, " ");
	}
}

/* Descriptors in MAKEFLAGS may be closed for this recipe, or be somebody else's by now. */
static bool is_one_pipe(int in, int out)
{
	struct stat a, b;

	return fstat(in, &a) == 0 && fstat(out, &b) == 0 && S_ISFIFO(a.st_mode) &&
	       S_ISFIFO(b.st_mode) && a.st_dev == b.st_dev && a.st_ino == b.st_ino &&
	       (fcntl(in, F_GETFL) & O_ACCMODE) != O_WRONLY &&
	       (fcntl(out, F_GETFL) & O_ACCMODE) != O_RDONLY;
}

/*
 * Others read the same pipe: a byte that poll(2) has seen may be gone, and the flag that keeps read(2)
 * from waiting is shared with make. So the pipe is opened anew.
 */
static int open_pipe(struct jobserver *jobserver, const struct jobserver_auth *auth)
{
	char path[32];

	if (!is_one_pipe(auth->in, auth->out))
		return -EBADF;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", auth->in);
	jobserver->in = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (jobserver->in < 0)
		return -errno;
	jobserver->out = fcntl(auth->out, F_DUPFD_CLOEXEC, 3);
	return jobserver->out < 0 ? -errno : 0;
}

static int open_fifo(struct jobserver *jobserver, const struct jobserver_auth *auth)
{
	char path[PATH_MAX];
	struct stat st;

	if (auth->path_len >= sizeof(path))
		return -ENAMETOOLONG;
	memcpy(path, auth->path, auth->path_len);
	path[auth->path_len] = '\0';
	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISFIFO(st.st_mode))
		return -EBADF;
	jobserver->in = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (jobserver->in < 0)
		return -errno;
	/* Ours is a reader, so this one does not wait for another. */
	jobserver->out = open(path, O_WRONLY | O_CLOEXEC);
	return jobserver->out < 0 ? -errno : 0;
}

int jobserver_open(struct jobserver *jobserver, const char *makeflags)
{
	struct jobserver_auth auth;
	int err;

	*jobserver = JOBSERVER_OFF;
	jobserver_parse(makeflags, &auth);
	if (auth.kind == JOBSERVER_NONE)
		return 0;
	err = auth.kind == JOBSERVER_PIPE   ? open_pipe(jobserver, &auth)
	      : auth.kind == JOBSERVER_FIFO ? open_fifo(jobserver, &auth)
					    : -EBADF;
	jobserver->kind = err < 0 ? JOBSERVER_CLOSED : auth.kind;
	if (err >= 0) {
		jobserver->held = mmap(NULL, sizeof(*jobserver->held), PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (jobserver->held != MAP_FAILED)
			return 0;
		err = -errno;
		jobserver->held = NULL;
	}
	fd_drop(&jobserver->in);
	fd_drop(&jobserver->out);
	return jobserver->kind == JOBSERVER_CLOSED ? 0 : err;
}

void jobserver_drop(struct jobserver *jobserver)
{
	if (jobserver->held) {
		jobserver_give_all(jobserver);
		(void)munmap(jobserver->held, sizeof(*jobserver->held));
	}
	fd_drop(&jobserver->in);
	fd_drop(&jobserver->out);
	*jobserver = JOBSERVER_OFF;
}

int jobserver_held(const struct jobserver *jobserver)
{
	return jobserver->held ? atomic_load(&jobserver->held->tokens) : 0;
}

int jobserver_take(struct jobserver *jobserver)
{
	struct jobserver_held *held = jobserver->held;
	const int count = jobserver_held(jobserver);
	ssize_t n;

	if (count >= JOBSERVER_MOST)
		return 0;
	/* Only the front takes. The byte is in the shared memory the moment it has left the pipe. */
	do
		n = read(jobserver->in, &held->bytes[count], 1);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n <= 0)
		return n < 0 ? -errno : -EPIPE;
	atomic_store(&held->tokens, count + 1);
	return 1;
}

void jobserver_give(struct jobserver *jobserver)
{
	struct jobserver_held *held = jobserver->held;
	int left;

	if (!held)
		return;
	left = atomic_fetch_sub(&held->tokens, 1) - 1;
	if (left < 0) {
		atomic_fetch_add(&held->tokens, 1);
		return;
	}
	/* The pipe holds fewer bytes than it can: they have all been in it before. */
	while (write(jobserver->out, &held->bytes[left], 1) < 0 && errno == EINTR)
		;
}

void jobserver_give_all(struct jobserver *jobserver)
{
	while (jobserver_held(jobserver) > 0)
		jobserver_give(jobserver);
}

void jobserver_join(struct jobserver *jobserver)
{
	if (jobserver->held)
		atomic_fetch_add(&jobserver->held->guards, 1);
}

void jobserver_leave(struct jobserver *jobserver)
{
	if (jobserver->held)
		atomic_fetch_sub(&jobserver->held->guards, 1);
}

void jobserver_bereft(struct jobserver *jobserver, bool had_job)
{
	if (!jobserver->held)
		return;
	if (had_job)
		jobserver_give(jobserver);
	if (atomic_fetch_sub(&jobserver->held->guards, 1) == 1)
		jobserver_give_all(jobserver);
}
