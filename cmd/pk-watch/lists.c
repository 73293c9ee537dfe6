/* The ignore files of one directory. */
#include "lists.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/fd.h"

#define LIST_MAX ((size_t)4 << 20)

/* Append a file and a newline; a file that is not there, or not a file, has no lines. */
static int add_file(struct buf *lines, int dirfd, const char *path)
{
	scoped(fd_drop) int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	ssize_t n;
	int err;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > (off_t)LIST_MAX)
		return 0;
	err = buf_reserve(lines, (size_t)st.st_size + 1);
	if (err < 0)
		return err == -ENOMEM ? err : 0;
	n = fd_read_full(fd, lines->bytes + lines->len, (size_t)st.st_size);
	if (n <= 0)
		return 0;
	lines->len += (size_t)n;
	return buf_add(lines, "\n", 1);
}

int lists_read(int dirfd, struct lists_present present, bool in_git, struct rules **ret)
{
	scoped(buf_drop) struct buf lines = {.cap = 4 * LIST_MAX};
	int err = 0;

	if (present.git)
		err = add_file(&lines, dirfd, ".git/info/exclude");
	if (err >= 0 && present.gitignore && (in_git || present.git))
		err = add_file(&lines, dirfd, ".gitignore");
	if (err >= 0 && present.ignore)
		err = add_file(&lines, dirfd, ".ignore");
	if (err < 0)
		return err;
	*ret = NULL;
	return lines.len > 0 ? rules_parse(lines.bytes, lines.len, ret) : 0;
}

struct lists_present lists_look(int dirfd)
{
	return (struct lists_present){
		.git = faccessat(dirfd, ".git", F_OK, 0) == 0,
		.gitignore = faccessat(dirfd, ".gitignore", F_OK, 0) == 0,
		.ignore = faccessat(dirfd, ".ignore", F_OK, 0) == 0,
	};
}
