/* Stdout: passed on or committed. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/spool.h"
#include "pump.h"

/* Is stdout for people rather than for programs, or nobody's at all? */
static bool is_for_looking(void)
{
	struct stat out, err;

	/* A stdout that the caller has closed is close-on-exec: a placeholder of ours (fd_park_std). */
	if (fcntl(STDOUT_FILENO, F_GETFD) != 0 || fstat(STDOUT_FILENO, &out) < 0)
		return true;
	if (isatty(STDOUT_FILENO))
		return true;
	if (S_ISCHR(out.st_mode) && out.st_rdev == makedev(1, 3)) /* /dev/null, null(4) */
		return true;
	return fstat(STDERR_FILENO, &err) == 0 && err.st_dev == out.st_dev &&
	       err.st_ino == out.st_ino;
}

void output_drop(struct output *output)
{
	fd_drop(&output->spool);
}

/* A new spool. Returns 0 or -errno. */
static int open_spool(struct output *output)
{
	struct stat st;
	int fd = spool_open("pk-retry-stdout");

	if (fd < 0)
		return fd;
	fd_drop(&output->spool);
	output->spool = fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	output->dev = st.st_dev;
	output->ino = st.st_ino;
	output->len = 0;
	return 0;
}

int output_open(struct output *output, enum output_mode mode)
{
	*output = OUTPUT_EMPTY;
	output->commits = mode == OUTPUT_COMMIT || (mode == OUTPUT_AUTO && !is_for_looking());
	return output->commits ? open_spool(output) : 0;
}

int output_begin(struct output *output, int *ret_fd)
{
	int err = 0;

	if (output->len > 0)
		/* Not cut to nothing for the next attempt: ext4 writes a file that was cut and filled again
		 * to disk when it is closed (auto_da_alloc, ext4(5)), which takes longer than all the rest. */
		err = open_spool(output);
	*ret_fd = output->spool;
	return err;
}

int output_check(struct output *output)
{
	int err = 0;

	if (output->spool < 0)
		return 0;
	/* One call for two: the size, and an empty spool's offset back at its beginning. */
	output->len = lseek(output->spool, 0, SEEK_END);
	if (output->len <= 0)
		return output->len < 0 ? -errno : 0;
	/* Space for one page more, behind the end and without changing the size. */
	if (fallocate(output->spool, FALLOC_FL_KEEP_SIZE, output->len, 4096) < 0)
		err = -errno;
	return err == -ENOSPC || err == -EDQUOT ? err : 0;
}

int output_commit(const struct output *output, struct guard *guard, int64_t until)
{
	if (output->spool < 0 || output->len == 0)
		return 0;
	return pump_file(guard, STDOUT_FILENO, output->spool, output->len, until);
}

size_t output_tail(const struct output *output, char *bytes, size_t size)
{
	ssize_t n;

	if (output->spool < 0)
		return 0;
	n = pread(output->spool, bytes, size,
		  output->len > (off_t)size ? output->len - (off_t)size : 0);
	return n > 0 ? (size_t)n : 0;
}
