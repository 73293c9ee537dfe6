/* Reading directories, mostly without looking at their entries. */
#include "listing.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "common/clock.h"

/* The type of an entry that the listing does not tell, or that a link stands for. */
static unsigned char look_at(int fd, const char *name, int flags)
{
	struct stat st;

	if (fstatat(fd, name, &st, flags) < 0)
		return DT_REG;
	return S_ISDIR(st.st_mode) ? DT_DIR : S_ISLNK(st.st_mode) ? DT_LNK : DT_REG;
}

bool listing_is_since(int fd, const char *name, int64_t since)
{
	struct stat st;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) < 0)
		return true;
	return (int64_t)st.st_ctim.tv_sec * NS_PER_S + st.st_ctim.tv_nsec >= since;
}

static void look_for_lists(struct lists_present *present, const char *name)
{
	present->git |= strcmp(name, ".git") == 0;
	present->gitignore |= strcmp(name, ".gitignore") == 0;
	present->ignore |= strcmp(name, ".ignore") == 0;
}

static bool is_wanted(int fd, const char *name, struct listing_wish wish)
{
	return wish.files == FILES_ALL ||
	       (wish.files == FILES_SINCE && listing_is_since(fd, name, wish.since));
}

static int take_entry(struct listing *listing, int fd, const char *name, unsigned char type,
		      struct listing_wish wish)
{
	int err;

	if (name[0] == '.') {
		if (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'))
			return 0;
		look_for_lists(&listing->present, name);
	}
	if (type == DT_UNKNOWN)
		type = look_at(fd, name, AT_SYMLINK_NOFOLLOW);
	if (type != DT_DIR && (type != DT_LNK || !wish.follow || look_at(fd, name, 0) != DT_DIR))
		type = DT_REG;
	if (type == DT_REG && !is_wanted(fd, name, wish))
		return 0;
	err = buf_add(&listing->names, &type, 1);
	return err < 0 ? err : buf_add(&listing->names, name, strlen(name) + 1);
}

int listing_read(struct listing *listing, int fd, struct listing_wish wish)
{
	listing->names.len = 0;
	listing->present = (struct lists_present){0};
	for (;;) {
		/* Through void: musl declares an array of struct dirent here. */
		ssize_t n = getdents64(fd, (void *)listing->buffer, sizeof(listing->buffer));

		if (n <= 0)
			return n < 0 ? -errno : 0;
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *entry = (const void *)(listing->buffer + at);
			int err = take_entry(listing, fd, entry->d_name, entry->d_type, wish);

			if (err < 0)
				return err;
			at += entry->d_reclen;
		}
	}
}
