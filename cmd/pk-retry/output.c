/* Stdout: passed on or committed. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/fd.h"
#include "pump.h"
#include "spool.h"

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
	return fstat(STDERR_FILENO, &err) == 0 && err.st_dev == out.st_dev && err.st_ino == out.st_ino;
}

int output_open(struct output *output, enum output_mode mode)
{
	struct stat st;

	*output = OUTPUT_EMPTY;
	if (mode == OUTPUT_PASS || (mode == OUTPUT_AUTO && is_for_looking()))
		return 0;
	output->spool = spool_open("pk-retry-stdout");
	if (output->spool < 0)
		return output->spool;
	if (fstat(output->spool, &st) < 0)
		return -errno;
	output->dev = st.st_dev;
	output->ino = st.st_ino;
	output->commits = true;
	return 0;
}

void output_drop(struct output *output)
{
	fd_drop(&output->spool);
}

int output_begin(struct output *output, int *ret_fd)
{
	*ret_fd = output->spool;
	return output->spool < 0 ? 0 : spool_clear(output->spool);
}

int output_check(const struct output *output)
{
	struct stat st;
	int err = 0;

	if (output->spool < 0)
		return 0;
	if (fstat(output->spool, &st) < 0)
		return -errno;
	if (st.st_size == 0)
		return 0;
	/* Space for one page more, behind the end and without changing the size. */
	if (fallocate(output->spool, FALLOC_FL_KEEP_SIZE, st.st_size, 4096) < 0)
		err = -errno;
	return err == -ENOSPC || err == -EDQUOT ? err : 0;
}

int output_commit(const struct output *output, struct guard *guard, int64_t until)
{
	struct stat st;

	if (output->spool < 0)
		return 0;
	if (fstat(output->spool, &st) < 0)
		return -errno;
	return pump_file(guard, STDOUT_FILENO, output->spool, st.st_size, until);
}

size_t output_tail(const struct output *output, char *bytes, size_t size)
{
	struct stat st;
	ssize_t n;

	if (output->spool < 0 || fstat(output->spool, &st) < 0)
		return 0;
	n = pread(output->spool, bytes, size, st.st_size > (off_t)size ? st.st_size - (off_t)size : 0);
	return n > 0 ? (size_t)n : 0;
}
