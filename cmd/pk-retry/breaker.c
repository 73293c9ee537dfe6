/* The circuit breaker's file. */
#include "breaker.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "ofd.h"

enum { BYTE_RECORD, BYTE_PERMIT };

static int64_t wall_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now); /* exists on every kernel */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / NS_PER_MS;
}

static void note(struct breaker *breaker, int err)
{
	if (breaker->trouble == 0)
		breaker->trouble = err;
}

int breaker_trouble(struct breaker *breaker)
{
	int err = breaker->trouble;

	breaker->trouble = 0;
	return err;
}

/*
 * Nobody's link and nobody's FIFO is followed or waited for. O_CREAT would lock the directory. And not
 * open(2): musl's sets the close-on-exec flag a second time.
 */
static int open_file(const char *path)
{
	const int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = openat(AT_FDCWD, path, flags);

	if (fd < 0 && errno == ENOENT)
		fd = openat(AT_FDCWD, path, flags | O_CREAT, 0600);
	return fd < 0 ? -errno : fd;
}

/* Asked of a file that holds no record, only: whatever gives us one is as good as a file. */
static int check_kind(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? 0 : -EINVAL;
}

/* These bytes are the file now. */
static void remember(struct breaker *breaker, const char bytes[static RECORD_SIZE])
{
	memcpy(breaker->text, bytes, RECORD_SIZE);
	breaker->meaning = breaker->record;
}

/* Read the record as it is. Returns 0, -EBADMSG or another -errno. */
static int read_now(struct breaker *breaker)
{
	/* One byte more shows a file that is too long. */
	unzeroed char bytes[RECORD_SIZE + 1];
	ssize_t n;
	int err;

	do
		n = pread(breaker->fd, bytes, sizeof(bytes), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	/* Mostly nobody else has written meanwhile: comparing costs a tenth of parsing. */
	if (n == RECORD_SIZE && breaker->meaning.seq > 0 &&
	    memcmp(bytes, breaker->text, RECORD_SIZE) == 0) {
		breaker->record = breaker->meaning;
		return 0;
	}
	err = record_parse(bytes, (size_t)n, &breaker->record);
	if (err == 0 && n == RECORD_SIZE)
		remember(breaker, bytes);
	return err;
}

/* Read under byte 0. What cannot be understood is a closed circuit, and is told. */
static int read_locked(struct breaker *breaker)
{
	int64_t gen = breaker->gen;
	int err = read_now(breaker);

	if (err != -EBADMSG)
		return err;
	note(breaker, err);
	breaker->record = (struct record){.gen = gen};
	/* The rest of a longer file must not make the next record a corrupt one. */
	return ftruncate(breaker->fd, 0) < 0 ? -errno : 0;
}

static int write_record(struct breaker *breaker)
{
	unzeroed char bytes[RECORD_SIZE];
	ssize_t n;

	record_format(&breaker->record, bytes);
	do
		n = pwrite(breaker->fd, bytes, sizeof(bytes), 0);
	while (n < 0 && errno == EINTR);
	if (n != RECORD_SIZE)
		return n < 0 ? -errno : -ENOSPC;
	remember(breaker, bytes);
	return 0;
}

static int lock_record(struct breaker *breaker, struct guard *guard)
{
	return ofd_lock(breaker->fd, BYTE_RECORD, guard, BREAKER_LOCK_NS);
}

void breaker_drop(struct breaker *breaker)
{
	/* Closing frees both bytes. */
	fd_drop(&breaker->fd);
	breaker->probing = false;
}

/* The circuit is open or the record odd: look again under byte 0, and take the permit when due. */
static int ask_locked(struct breaker *breaker, struct guard *guard, enum admission *ret)
{
	enum admission admission;
	bool changed;
	int err = lock_record(breaker, guard);

	if (err >= 0)
		err = read_locked(breaker);
	if (err < 0)
		return err;
	admission = record_admit(&breaker->record, &breaker->rules, wall_ms(), &changed);
	if (changed)
		err = write_record(breaker);
	if (err < 0)
		return err;
	if (admission == ADMIT_PROBE) {
		err = ofd_try(breaker->fd, BYTE_PERMIT);
		if (err == -EAGAIN)
			admission = ADMIT_NOBODY;
		else if (err < 0)
			return err;
		breaker->probing = err >= 0;
	}
	*ret = admission;
	return ofd_unlock(breaker->fd, BYTE_RECORD);
}

static int ask(struct breaker *breaker, struct guard *guard, enum admission *ret)
{
	bool changed = false;
	int err;

	breaker->fd = open_file(breaker->path);
	if (breaker->fd < 0)
		return breaker->fd;
	err = read_now(breaker);
	if (err < 0 || breaker->record.seq == 0) {
		const int odd = check_kind(breaker->fd);

		if (odd < 0)
			return odd;
	}
	if (err >= 0)
		*ret = record_admit(&breaker->record, &breaker->rules, wall_ms(), &changed);
	if (err == -EBADMSG || (err >= 0 && (changed || *ret == ADMIT_PROBE)))
		err = ask_locked(breaker, guard, ret);
	breaker->gen = breaker->record.gen;
	return err;
}

enum admission breaker_ask(struct breaker *breaker, struct guard *guard, int64_t *ret_wait_ms)
{
	enum admission admission = ADMIT_FREELY;
	int err;

	breaker_drop(breaker);
	breaker->is_open = false;
	err = ask(breaker, guard, &admission);
	if (err < 0) {
		note(breaker, err);
		breaker_drop(breaker);
		return ADMIT_FREELY;
	}
	if (admission != ADMIT_NOBODY)
		return admission;
	breaker_drop(breaker);
	*ret_wait_ms = breaker->record.until_ms - wall_ms();
	if (*ret_wait_ms < 0)
		*ret_wait_ms = 0;
	return ADMIT_NOBODY;
}

/* Count under byte 0, then let go of both bytes at once. */
static int count_locked(struct breaker *breaker, struct guard *guard, bool failed, bool *ret_turned)
{
	int err = lock_record(breaker, guard);
	bool was_open;

	if (err >= 0)
		err = read_locked(breaker);
	if (err < 0)
		return err;
	was_open = breaker->record.open;
	if (!record_count(&breaker->record, &breaker->rules, wall_ms(), failed, breaker->probing,
			  breaker->gen)) {
		breaker->is_open = was_open;
		return 0;
	}
	breaker->is_open = breaker->record.open;
	*ret_turned = was_open != breaker->record.open || was_open;
	return write_record(breaker);
}

bool breaker_tell(struct breaker *breaker, struct guard *guard, enum result result)
{
	bool turned = false;
	int err = 0;

	/* Not opened: the call was let through in spite of trouble that has been told. */
	if (breaker->fd < 0)
		return false;
	if (result == RESULT_SUCCESS && !breaker->probing) {
		err = read_now(breaker);
		if (err >= 0 && breaker->record.failures == 0)
			result = RESULT_NEITHER;
	}
	if (result != RESULT_NEITHER && (err >= 0 || err == -EBADMSG))
		err = count_locked(breaker, guard, result == RESULT_FAILURE, &turned);
	if (err < 0)
		note(breaker, err);
	breaker_drop(breaker);
	return turned && err >= 0;
}
