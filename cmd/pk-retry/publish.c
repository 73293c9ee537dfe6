/* A shared result: put in place, and sent on. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/num.h"
#include "common/place.h"
#include "common/replace.h"
#include "pump.h"
#include "share.h"

#define CHUNK 65536
#define SEND_MOST ((size_t)1 << 30)

/* By read(2) and write(2), where sendfile(2) does not know the target. */
static int copy_chunk(int to, int from, off_t *at, off_t len)
{
	char chunk[CHUNK];
	size_t want = len - *at < CHUNK ? (size_t)(len - *at) : CHUNK;
	ssize_t n = pread(from, chunk, want, *at);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (n == 0)
		return -EIO;
	*at += n;
	return fd_write_full(to, chunk, (size_t)n);
}

/* Copy the first len bytes of a file. Returns 0 or -errno. */
static int copy_file(int to, int from, off_t len)
{
	off_t at = 0;
	int err = 0;
	bool plain = false;

	while (at < len && err >= 0) {
		size_t want = (size_t)(len - at) < SEND_MOST ? (size_t)(len - at) : SEND_MOST;

		if (plain)
			err = copy_chunk(to, from, &at, len);
		else if (sendfile(to, from, &at, want) <= 0)
			/* A full pipe that does not block, O_APPEND, a sandbox; write says what is wrong. */
			plain = true;
	}
	return err;
}

static int make_result(const struct share *share, struct ending ending, bool failed, int64_t bytes,
		       char text[static RESULT_SIZE])
{
	struct shared_result result = {
		.at_ms = boot_now_ns() / NS_PER_MS,
		.bytes = bytes,
		.status = ending.code,
		.signal = ending.signal,
		.failed = failed,
	};
	uint64_t id;
	int err = num_random(&id, sizeof(id));

	if (err < 0)
		return err;
	(void)snprintf(result.id, sizeof(result.id), "%016llx", (unsigned long long)id);
	memcpy(result.key, share->key, sizeof(result.key));
	/* Without an id it is good for those who wait, and for nobody later. */
	(void)!boot_read_id(result.boot);
	result_format(&result, text);
	return 0;
}

static int write_result(const struct share *share, int to, int spool, struct ending ending,
			bool failed)
{
	char text[RESULT_SIZE];
	struct stat st = {0};
	int err = spool >= 0 && fstat(spool, &st) < 0 ? -errno : 0;

	if (err >= 0)
		err = copy_file(to, spool, st.st_size);
	if (err >= 0)
		err = make_result(share, ending, failed, st.st_size, text);
	return err >= 0 ? fd_write_full(to, text, sizeof(text)) : err;
}

int share_publish(struct share *share, int spool, struct ending ending, bool failed)
{
	scoped(place_drop) struct place place = PLACE_NONE;
	scoped(replace_drop) struct replace new = REPLACE_NONE;
	int err = place_open(&place, share->plan->share, false);

	if (err >= 0)
		err = replace_stage(&new, &place, 0600);
	if (err >= 0)
		err = write_result(share, new.fd, spool, ending, failed);
	if (err >= 0)
		err = replace_commit(&new);
	share_release(share);
	return err;
}

int share_deliver(const struct share *share, struct guard *guard, int64_t until)
{
	const int64_t bytes = share->result.bytes;

	return guard ? pump_file(guard, STDOUT_FILENO, share->file, bytes, until)
		     : copy_file(STDOUT_FILENO, share->file, bytes);
}
