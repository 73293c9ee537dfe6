/* Output that waits for its turn. */
#include "backlog.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/spool.h"

#define ENTRY sizeof(struct backlog_entry)

void backlog_drop(struct backlog *backlog)
{
	fd_drop(&backlog->file);
	buf_drop(&backlog->entries);
	*backlog = BACKLOG_EMPTY;
}

bool backlog_has_room(const struct backlog *backlog, int64_t seq)
{
	return seq - backlog->next < BACKLOG_MOST;
}

static struct backlog_entry *entry_at(const struct backlog *backlog, size_t number)
{
	return (struct backlog_entry *)(void *)backlog->entries.bytes + backlog->first + number;
}

static size_t count(const struct backlog *backlog)
{
	return backlog->entries.len / ENTRY - backlog->first;
}

int backlog_add(struct backlog *backlog, int64_t seq, const struct backlog_entry *entry)
{
	const struct backlog_entry none = {.done = false};
	const size_t number = (size_t)(seq - backlog->next);
	int err = 0;

	backlog->entries.cap = (size_t)2 * BACKLOG_MOST * ENTRY;
	while (err >= 0 && count(backlog) <= number)
		err = buf_add(&backlog->entries, &none, ENTRY);
	if (err >= 0 && backlog->file < 0) {
		backlog->file = spool_open("pk-spawn-backlog");
		err = backlog->file;
	}
	if (err < 0)
		return err;
	*entry_at(backlog, number) = *entry;
	entry_at(backlog, number)->done = true;
	return 0;
}

int backlog_write(struct backlog *backlog, const void *bytes, size_t len)
{
	const char *p = bytes;

	while (len > 0) {
		ssize_t n = pwrite(backlog->file, p, len, backlog->end);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		p += n;
		len -= (size_t)n;
		backlog->end += n;
	}
	return 0;
}

const struct backlog_entry *backlog_next(const struct backlog *backlog)
{
	return count(backlog) > 0 && entry_at(backlog, 0)->done ? entry_at(backlog, 0) : NULL;
}

void backlog_advance(struct backlog *backlog)
{
	backlog->next++;
	if (count(backlog) > 0)
		backlog->first++;
	if (count(backlog) == 0) {
		backlog->first = backlog->entries.len = 0;
		/* What stays behind when that fails is a nameless file's space. */
		if (backlog->end > 0 && ftruncate(backlog->file, 0) == 0)
			backlog->end = 0;
	} else if (backlog->first >= BACKLOG_MOST / 2) {
		backlog->entries.len -= backlog->first * ENTRY;
		memmove(backlog->entries.bytes, backlog->entries.bytes + backlog->first * ENTRY,
			backlog->entries.len);
		backlog->first = 0;
	}
}
