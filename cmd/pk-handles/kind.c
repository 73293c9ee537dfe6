/* The kinds of handles, and how the links in /proc/PID/fd tell them. */
#include "kind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[KIND_COUNT] = {
	[KIND_FILE] = "file",	      [KIND_DIR] = "dir",	  [KIND_PIPE] = "pipe",
	[KIND_FIFO] = "fifo",	      [KIND_TCP] = "tcp",	  [KIND_UDP] = "udp",
	[KIND_UNIX] = "unix",	      [KIND_NETLINK] = "netlink", [KIND_PACKET] = "packet",
	[KIND_EPOLL] = "epoll",	      [KIND_TIMERFD] = "timerfd", [KIND_EVENTFD] = "eventfd",
	[KIND_SIGNALFD] = "signalfd", [KIND_INOTIFY] = "inotify", [KIND_PIDFD] = "pidfd",
	[KIND_IO_URING] = "io_uring", [KIND_MEMFD] = "memfd",	  [KIND_TTY] = "tty",
	[KIND_DEV] = "dev",	      [KIND_NS] = "ns",		  [KIND_OTHER] = "other",
};

/* Files without a name of their own: the text is all that tells them. */
static const struct anon {
	const char *text;
	enum kind kind;
} anons[] = {
	{"[eventpoll]", KIND_EPOLL},   {"[timerfd]", KIND_TIMERFD}, {"[eventfd]", KIND_EVENTFD},
	{"[signalfd]", KIND_SIGNALFD}, {"inotify", KIND_INOTIFY},   {"[pidfd]", KIND_PIDFD},
	{"[io_uring]", KIND_IO_URING},
};

static const char *const namespaces[] = {"cgroup", "ipc",  "mnt",  "net",
					 "pid",	   "time", "user", "uts"};

const char *kind_name(enum kind kind)
{
	return names[kind];
}

int kind_parse(const char *name, size_t len, enum kind *ret)
{
	for (int i = 0; i < KIND_COUNT; i++) {
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0) {
			*ret = (enum kind)i;
			return 0;
		}
	}
	return -EINVAL;
}

int kind_parse_set(const char *list, uint32_t *ret_set)
{
	uint32_t set = 0;

	for (;; list++) {
		size_t len = strcspn(list, ",");
		enum kind kind;

		if (kind_parse(list, len, &kind) < 0)
			return -EINVAL;
		set |= UINT32_C(1) << kind;
		list += len;
		if (*list == '\0')
			break;
	}
	*ret_set = set;
	return 0;
}

static enum kind kind_of_anon(const char *text)
{
	for (size_t i = 0; i < array_len(anons); i++)
		if (strcmp(anons[i].text, text) == 0)
			return anons[i].kind;
	return KIND_OTHER;
}

/* `type:[inode]`: pipes, sockets, namespaces, and pidfds since Linux 6.9. */
static struct kind_link kind_of_inode(const char *text)
{
	const size_t len = strcspn(text, ":");
	struct kind_link link = {.kind = KIND_OTHER};

	if (text[len] == ':' && text[len + 1] == '[')
		link.ino = strtoull(text + len + 2, NULL, 10);
	if (strncmp(text, "pipe:[", 6) == 0)
		link.kind = KIND_PIPE;
	else if (strncmp(text, "pidfd:[", 7) == 0)
		link.kind = KIND_PIDFD;
	link.socket = strncmp(text, "socket:[", 8) == 0;
	for (size_t i = 0; i < array_len(namespaces); i++)
		if (strlen(namespaces[i]) == len && memcmp(namespaces[i], text, len) == 0)
			link.kind = KIND_NS;
	return link;
}

struct kind_link kind_of_link(const char *text)
{
	if (strncmp(text, "/memfd:", 7) == 0)
		return (struct kind_link){.kind = KIND_MEMFD, .path = true};
	if (text[0] == '/')
		return (struct kind_link){.kind = KIND_FILE, .path = true};
	if (strncmp(text, "anon_inode:", 11) == 0)
		return (struct kind_link){.kind = kind_of_anon(text + 11)};
	return kind_of_inode(text);
}
