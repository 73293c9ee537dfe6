/* Items, one after another, on demand. */
#include "items.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/spool.h"

#define COUNT_CHUNK 16384

static bool is_type(int fd, mode_t type)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type;
}

/* Where stdin is a pipe, a description of our own can be non-blocking. */
static int open_again(int fd)
{
	char path[32];

	if (!is_type(fd, S_IFIFO))
		return -1;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

int items_open(struct items *items, const char *path, char separator, bool unbounded)
{
	*items = (struct items){.fd = STDIN_FILENO,
				.own = -1,
				.separator = separator,
				.unbounded = unbounded,
				.file = -1,
				.bytes = {.cap = ITEMS_LONGEST + (size_t)2 * ITEMS_WINDOW}};
	if (path && strcmp(path, "-") != 0)
		items->own = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	else
		items->own = open_again(STDIN_FILENO);
	if (items->own < 0 && path && strcmp(path, "-") != 0)
		return -errno;
	if (items->own >= 0)
		items->fd = items->own;
	if (is_type(items->fd, S_IFDIR)) {
		items_drop(items);
		return -EISDIR;
	}
	return 0;
}

void items_list(struct items *items, char *const *list)
{
	*items = (struct items){.list = list, .fd = -1, .own = -1, .file = -1, .ended = true};
}

void items_drop(struct items *items)
{
	const off_t left = (off_t)(items->bytes.len - items->at);

	/* What cannot be put back (a pipe, a terminal) is the window that was promised. */
	if (items->fd >= 0 && left > 0)
		(void)lseek(items->fd, -left, SEEK_CUR);
	fd_drop(&items->own);
	fd_drop(&items->file);
	buf_drop(&items->bytes);
	items->fd = -1;
}

static int next_of_list(struct items *items, struct item *ret)
{
	char *word = *items->list;

	if (!word)
		return 0;
	items->list++;
	*ret = (struct item){.bytes = word, .len = strlen(word), .file = -1};
	return 1;
}

/* Move the bytes that are left to the front. */
static void close_gap(struct items *items)
{
	if (items->at == 0)
		return;
	items->bytes.len -= items->at;
	memmove(items->bytes.bytes, items->bytes.bytes + items->at, items->bytes.len);
	items->at = 0;
}

/*
 * The item has outgrown memory: what has come of it, up to `end`, goes to a file, or is dropped behind
 * its beginning, which stays.
 */
static int cut_down(struct items *items, size_t end)
{
	const size_t from = items->at + (items->file < 0 ? 0 : ITEMS_LONGEST);

	items->cut = true;
	if (!items->unbounded)
		return 0;
	if (items->file < 0)
		items->file = spool_open("pk-spawn-item");
	return items->file < 0 ? items->file
			       : fd_write_full(items->file, items->bytes.bytes + from, end - from);
}

int items_read(struct items *items)
{
	ssize_t n;
	int err;

	close_gap(items);
	err = buf_reserve(&items->bytes, ITEMS_WINDOW);
	if (err < 0)
		return err;
	n = read(items->fd, items->bytes.bytes + items->bytes.len, ITEMS_WINDOW);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	items->ended = n == 0;
	items->bytes.len += (size_t)n;
	return 0;
}

/* The item goes on; no more than its beginning stays in memory. */
static int drop_middle(struct items *items)
{
	const size_t keep = items->at + ITEMS_LONGEST;
	int err;

	if (items->bytes.len <= keep)
		return 0;
	err = cut_down(items, items->bytes.len);
	if (err >= 0)
		items->bytes.len = keep;
	return err;
}

/* Where the item ends in memory, or NULL. A cut one has been looked at up to its kept beginning. */
static char *find_end(const struct items *items)
{
	const size_t from = items->at + (items->cut ? ITEMS_LONGEST : 0);

	return items->bytes.len > from ? memchr(items->bytes.bytes + from, items->separator,
						items->bytes.len - from)
				       : NULL;
}

/* The whole item is known: it ends at `end`. */
static int finish(struct items *items, size_t end, struct item *ret)
{
	const size_t keep = items->at + ITEMS_LONGEST;
	size_t len = end - items->at;
	int err = 0;

	if (end > keep)
		err = cut_down(items, end);
	if (err < 0)
		return err;
	if (len > ITEMS_LONGEST)
		len = ITEMS_LONGEST;
	*ret = (struct item){.bytes = items->bytes.bytes + items->at,
			     .len = len,
			     .file = items->file,
			     .too_long = items->cut};
	ret->bytes[len] = '\0';
	items->at = end < items->bytes.len ? end + 1 : end;
	items->cut = false;
	items->file = -1;
	return 1;
}

int items_next(struct items *items, struct item *ret)
{
	char *end;
	int err;

	if (items->list)
		return next_of_list(items, ret);
	end = find_end(items);
	if (end)
		return finish(items, (size_t)(end - items->bytes.bytes), ret);
	if (!items->ended) {
		err = drop_middle(items);
		return err < 0 ? err : -EAGAIN;
	}
	if (items->at == items->bytes.len)
		return 0;
	/* The NUL takes the place of the separator, or that behind the last byte. */
	err = buf_reserve(&items->bytes, 1);
	return err < 0 ? err : finish(items, items->bytes.len, ret);
}

static int64_t count_in_file(const struct items *items)
{
	char chunk[COUNT_CHUNK];
	off_t at = lseek(items->fd, 0, SEEK_CUR);
	int64_t count = 0;
	bool open = false;
	ssize_t n;

	while (at >= 0 && (n = pread(items->fd, chunk, sizeof(chunk), at)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			count += chunk[i] == items->separator;
		open = chunk[n - 1] != items->separator;
		at += n;
	}
	return at < 0 ? -1 : count + open;
}

int64_t items_count(const struct items *items)
{
	int64_t count = 0;

	if (!items->list)
		return is_type(items->fd, S_IFREG) ? count_in_file(items) : -1;
	while (items->list[count])
		count++;
	return count;
}
