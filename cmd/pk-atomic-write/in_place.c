/* Rewriting FILE itself, the last resort. */
#include "in_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "stage.h"
#include "target.h"
#include "tell.h"

/* Keep the staged copy under a name of its own. Returns false: it could not be kept either. */
static bool save(struct work *work, char name[static NAME_MAX + 1])
{
	struct place place = *work->new.place;

	for (unsigned number = 0; number < 100; number++) {
		int err;

		(void)snprintf(place.name, sizeof(place.name), "%.*s.pk-saved%u", NAME_MAX - 11,
			       work->target.place.name, number % 100);
		work->new.place = &place;
		err = replace_create(&work->new);
		work->new.place = work->spare.dir >= 0 ? &work->spare : &work->target.place;
		if (err == 0) {
			memcpy(name, place.name, sizeof(place.name));
			return true;
		}
		if (err != -EEXIST)
			return false;
	}
	return false;
}

static bool torn(struct work *work, int err)
{
	char name[NAME_MAX + 1];

	if (!save(work, name))
		return tell_failed(work, "rewrite", err, "cannot rewrite '%s': it may be torn",
				   work->plan->file);
	return tell_failed(work, "rewrite", err,
			   "cannot rewrite '%s': it may be torn; the new content is in %s as '%s'",
			   work->plan->file, work->spare.dir >= 0 ? "TMPDIR" : "its directory",
			   name);
}

/* A full disk is met here, not half way. File systems without fallocate cannot tell. */
static int reserve(int fd, int64_t size)
{
	if (size == 0 || fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, size) == 0)
		return 0;
	return errno == EOPNOTSUPP || errno == ENOSYS ? 0 : -errno;
}

static int open_inode(const struct work *work)
{
	const struct target *target = &work->target;
	int fd = openat(target->place.dir, target->place.name,
			O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	int err;

	if (fd < 0)
		return -errno;
	err = fstat(fd, &st) < 0 ? -errno : 0;
	if (err == 0 && (st.st_dev != target->st.st_dev || st.st_ino != target->st.st_ino))
		err = -ESTALE;
	if (err == 0)
		return fd;
	fd_drop(&fd);
	return err;
}

static int rewrite(const struct work *work, int fd)
{
	int64_t done = stage_copy(fd, work->new.fd, work->size);

	if (done < 0)
		return (int)done;
	if (done < work->size)
		return -EIO;
	if (ftruncate(fd, work->size) < 0)
		return -errno;
	if (work->plan->has_mode && fchmod(fd, work->plan->mode) < 0)
		return -errno;
	return work->plan->sync == REPLACE_LAZY ? 0 : place_fsync(fd);
}

bool in_place(struct work *work)
{
	scoped(fd_drop) int fd = -1;
	int err;

	work->in_place = true;
	if (work->plan->backup)
		return tell_failed(work, "rewrite", 0,
				   "cannot keep the old '%s': it can only be rewritten",
				   work->plan->file);
	fd = open_inode(work);
	err = fd < 0 ? fd : reserve(fd, work->size);
	if (err < 0)
		return tell_failed(work, "rewrite", err, "cannot rewrite '%s'", work->plan->file);
	if (work->progress)
		work->progress->rewriting = true;
	err = rewrite(work, fd);
	if (err < 0)
		return torn(work, err);
	tell_warning(work, "'%s' was rewritten in place: no rename is possible there",
		     work->plan->file);
	work->ending = (struct ending){.code = STATUS_OK};
	return true;
}
