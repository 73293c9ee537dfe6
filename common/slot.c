/* Temporary names, found and swept. */
#include "common/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/lock.h"

/* `.NAME.pkN`; a name that would be too long loses its end, never in the middle of the suffix. */
static void slot_name(char slot[static NAME_MAX + 1], const char *name, unsigned number)
{
	(void)snprintf(slot, NAME_MAX + 1, ".%.*s.pk%u", NAME_MAX - 5, name, number % SLOT_COUNT);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool slot_names(const struct place *place, const char *name, int fd)
{
	struct stat opened, named;

	return fstat(fd, &opened) == 0 &&
	       fstatat(place->dir, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       same_file(&opened, &named);
}

/* A second name of the target itself can only be the rest of an interrupted replace_backup (replace.h). */
static bool names_target(const struct place *place, const char *slot)
{
	struct stat target, named;

	return fstatat(place->dir, slot, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(place->dir, place->name, &target, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(named.st_mode) && same_file(&named, &target);
}

/* Remove the leftover in a slot; true when the slot is free now. What we cannot open we leave. */
static bool sweep(const struct place *place, const char *slot)
{
	scoped(fd_drop) int fd =
		openat(place->dir, slot, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	bool stale;

	if (fd < 0)
		return errno == ENOENT;
	stale = names_target(place, slot) ||
		(lock_try(fd, LOCK_EX) == 0 && slot_names(place, slot, fd));
	return stale && unlinkat(place->dir, slot, 0) == 0;
}

/* Take one slot, after its leftover has been removed if need be. */
static int try_slot(const struct place *place, const char *slot, slot_take *take, void *arg,
		    int *swept)
{
	int err = take(arg, slot);

	if (err != -EEXIST || !sweep(place, slot))
		return err;
	++*swept;
	return take(arg, slot);
}

int slot_claim(const struct place *place, slot_take *take, void *arg,
	       char ret_name[static NAME_MAX + 1], int *swept)
{
	char slot[NAME_MAX + 1];

	for (unsigned number = 0; number < SLOT_COUNT; number++) {
		int err;

		slot_name(slot, place->name, number);
		err = try_slot(place, slot, take, arg, swept);
		if (err == 0)
			memcpy(ret_name, slot, sizeof(slot));
		if (err != -EEXIST)
			return err;
	}
	return -EBUSY;
}
