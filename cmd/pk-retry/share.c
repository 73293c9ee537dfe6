/* One run for many callers. */
#include "share.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/lock.h"
#include "common/say.h"

/* What is the same run: the words of the command, and where it is run. */
int share_open(struct share *share, const struct plan *plan)
{
	uint8_t hash[SHA256_SIZE];
	char cwd[PATH_MAX];
	struct sha256 sum;

	*share = SHARE_NONE;
	share->plan = plan;
	if (!getcwd(cwd, sizeof(cwd)))
		return -errno;
	sha256_begin(&sum);
	for (size_t i = 0; plan->command[i]; i++)
		sha256_add(&sum, plan->command[i], strlen(plan->command[i]) + 1);
	sha256_add(&sum, "", 1); /* no argument is empty and last at once */
	sha256_add(&sum, cwd, strlen(cwd));
	sha256_end(&sum, hash);
	sha256_format(share->key, hash);
	return 0;
}

void share_release(struct share *share)
{
	/* A child between fork and exec may have a copy of the descriptor: the lock is to go now. */
	if (share->lock >= 0)
		(void)flock(share->lock, LOCK_UN);
	fd_drop(&share->lock);
}

void share_drop(struct share *share)
{
	share_release(share);
	fd_drop(&share->file);
}

/* Ours alone: what others could write is not to be believed. */
static int check_owner(int fd, struct stat *ret_st)
{
	if (fstat(fd, ret_st) < 0)
		return -errno;
	if (!S_ISREG(ret_st->st_mode))
		return -EBADMSG;
	return ret_st->st_uid == geteuid() && (ret_st->st_mode & 022) == 0 ? 0 : -EPERM;
}

/* The record at the end. An empty file is no result and no harm: what mktemp(1) makes. */
static int read_result(int fd, int64_t size, struct shared_result *ret)
{
	char bytes[RESULT_SIZE];

	if (size == 0)
		return -ENOENT;
	if (size < RESULT_SIZE)
		return -EBADMSG;
	if (pread(fd, bytes, sizeof(bytes), size - RESULT_SIZE) != (ssize_t)sizeof(bytes))
		return -EIO;
	return result_parse(bytes, size, ret);
}

/* Open the present result. Returns 0 with file and result set, -ENOENT, or an error of share_look. */
static int open_result(struct share *share)
{
	struct shared_result result;
	struct stat st;
	int fd =
		open(share->plan->share, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return errno == ELOOP ? -EBADMSG : -errno;
	err = check_owner(fd, &st);
	if (err >= 0)
		err = read_result(fd, st.st_size, &result);
	if (err >= 0 && strcmp(result.key, share->key) != 0)
		err = -EKEYREJECTED;
	if (err < 0) {
		fd_drop(&fd);
		return err;
	}
	fd_drop(&share->file);
	share->file = fd;
	share->result = result;
	return 0;
}

static bool is_fresh(const struct share *share)
{
	char boot[BOOT_ID + 1];

	/* Without an id it is empty, and nothing is fresh. */
	if (share->plan->share_ttl == 0 || boot_read_id(boot) < 0)
		return false;
	return result_is_fresh(&share->result, share->plan->share_ttl, boot,
			       boot_now_ns() / NS_PER_MS);
}

/* A failure is for those who have asked for failures; to anybody else it is no result. */
static bool is_for_us(const struct share *share)
{
	return !share->result.failed || share->plan->share_failures;
}

int share_look(struct share *share)
{
	int err = open_result(share);

	if (err < 0)
		return err == -ENOENT ? 0 : err;
	if (is_fresh(share) && is_for_us(share))
		return 1;
	memcpy(share->seen, share->result.id, sizeof(share->seen));
	fd_drop(&share->file);
	return 0;
}

/* With the lock: has a result come since we arrived? Returns as share_look. */
static int look_again(struct share *share)
{
	int err = open_result(share);

	if (err < 0)
		return err == -ENOENT ? 0 : err;
	if (is_for_us(share) && (strcmp(share->result.id, share->seen) != 0 || is_fresh(share)))
		return 1;
	fd_drop(&share->file);
	return 0;
}

int64_t share_age(const struct share *share)
{
	return boot_now_ns() - share->result.at_ms * NS_PER_MS;
}

static int lock_path(const struct share *share, char path[static PATH_MAX])
{
	int len = snprintf(path, PATH_MAX, "%s.lock", share->plan->share);

	return len < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static int open_lock(struct share *share, const char *path)
{
	struct stat st;
	int err;

	share->lock =
		open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	if (share->lock < 0)
		return errno == ELOOP ? -EBADMSG : -errno;
	err = check_owner(share->lock, &st);
	if (err < 0)
		fd_drop(&share->lock);
	return err;
}

/* Is what we have locked still what the others find? Somebody may have cleaned up. */
static bool is_current(const struct share *share, const char *path)
{
	struct stat ours, there;

	return fstat(share->lock, &ours) == 0 && stat(path, &there) == 0 &&
	       ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

static int wait_for(struct share *share, struct guard *guard, const struct notice *notice,
		    int64_t until)
{
	struct lock lock;
	int err = lock_begin(&lock, share->lock, LOCK_EX), event;
	struct pollfd ready = {.fd = lock.ready, .events = POLLIN};

	if (err < 0 || lock.ready < 0)
		return err;
	notice_share(notice, "wait", -1, -1);
	event = guard_wait(guard, &ready, 1, until);
	err = lock_end(&lock);
	return event < 0 ? event : err;
}

static int take_lock(struct share *share, struct guard *guard, const struct notice *notice,
		     int64_t until)
{
	char path[PATH_MAX];
	int err = lock_path(share, path);

	while (err >= 0) {
		err = open_lock(share, path);
		if (err >= 0)
			err = wait_for(share, guard, notice, until);
		if (err >= 0 && is_current(share, path))
			return 0;
		share_release(share);
	}
	return err;
}

int share_join(struct share *share, struct guard *guard, const struct notice *notice, int64_t until)
{
	const int64_t began = now_ns();
	int found = share_look(share);

	if (found == 0)
		found = take_lock(share, guard, notice, until);
	if (found == 0)
		found = look_again(share);
	if (found != 0)
		share_release(share);
	if (found == 0)
		notice_share(notice, "lead", now_ns() - began, -1);
	else if (found > 0)
		notice_share(notice, "given", now_ns() - began, share_age(share));
	return found;
}

struct ending share_ending(const struct share *share)
{
	return (struct ending){.code = share->result.status, .signal = share->result.signal};
}

void share_explain(const struct share *share, int err)
{
	const char *file = share->plan->share;

	switch (err) {
	case -EWOULDBLOCK:
		say("'%s' is being made by another process: not waited for any longer", file);
		return;
	case -EPERM:
		say("cannot share '%s': it, or '%s.lock', is not a file that only we may write",
		    file, file);
		return;
	case -EBADMSG:
		say("cannot share '%s': it is no result of pk-retry, and is left alone", file);
		return;
	case -EKEYREJECTED:
		say("cannot share '%s': it is the result of another command line or directory",
		    file);
		return;
	default:
		say_errno(err, "cannot share '%s'", file);
	}
}
