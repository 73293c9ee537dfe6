/* The table of one process's descriptors. */
#include "handle.h"

#include <string.h>

/* More than any process has: nr_open is at most 2^30, and memory ends before. */
#define TABLE_CAP ((size_t)4 << 30)

void table_init(struct table *table)
{
	*table = (struct table){
		.handles.cap = TABLE_CAP, .watches.cap = TABLE_CAP, .text.cap = TABLE_CAP};
}

void table_drop(struct table *table)
{
	buf_drop(&table->handles);
	buf_drop(&table->watches);
	sock_table_drop(&table->socks);
	buf_drop(&table->text);
}

void table_clear(struct table *table)
{
	table->handles.len = table->watches.len = table->text.len = 0;
	sock_table_clear(&table->socks);
	table->own = 0;
	table->timeouts = 0;
	table->unreadable = false;
}

size_t table_count(const struct table *table)
{
	return table->handles.len / sizeof(struct handle);
}

struct handle *table_at(const struct table *table, size_t i)
{
	return (struct handle *)(void *)table->handles.bytes + i;
}

const char *table_name(const struct table *table, const struct handle *handle)
{
	return table->text.bytes + handle->name;
}

const struct sock *table_sock(const struct table *table, const struct handle *handle)
{
	return handle->sock ? &table->socks.socks[handle->sock - 1] : NULL;
}

const struct watch *table_watches(const struct table *table, const struct handle *handle)
{
	return (const struct watch *)(const void *)table->watches.bytes + handle->watch;
}

const struct handle *table_find(const struct table *table, int fd)
{
	size_t low = 0, high = table->own;

	/* /proc lists descriptors in order. */
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const struct handle *handle = table_at(table, middle);

		if (handle->fd == fd)
			return handle;
		if (handle->fd < fd)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

void table_link(struct table *table)
{
	struct watch *watches = (struct watch *)(void *)table->watches.bytes;

	for (size_t i = 0; i < table->watches.len / sizeof(*watches); i++) {
		struct handle *handle =
			(struct handle *)(uintptr_t)table_find(table, watches[i].fd);

		/* Kernels before 4.20 do not give the inode. */
		watches[i].stale =
			!handle || (watches[i].ino && handle->ino && watches[i].ino != handle->ino);
		if (watches[i].stale)
			continue;
		if (handle->watchers < HANDLE_WATCHERS)
			handle->watched_by[handle->watchers] = watches[i].epoll;
		handle->watchers++;
	}
}
