/* System calls that processes wait in, by number. */
#include "call.h"

#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "common/clock.h"

enum { NO_FD = -1, NO_TIMEOUT = -1, UNKNOWN_TIMEOUT = -2 };

/* Which argument is the descriptor, and which one a timeout in milliseconds. */
struct known {
	long number;
	const char *name;
	int fd;
	int timeout;
};

static const struct known calls[] = {
	{SYS_read, "read", 0, NO_TIMEOUT},
	{SYS_write, "write", 0, NO_TIMEOUT},
	{SYS_readv, "readv", 0, NO_TIMEOUT},
	{SYS_writev, "writev", 0, NO_TIMEOUT},
	{SYS_pread64, "pread64", 0, NO_TIMEOUT},
	{SYS_pwrite64, "pwrite64", 0, NO_TIMEOUT},
	{SYS_recvfrom, "recvfrom", 0, NO_TIMEOUT},
	{SYS_recvmsg, "recvmsg", 0, NO_TIMEOUT},
	{SYS_recvmmsg, "recvmmsg", 0, UNKNOWN_TIMEOUT},
	{SYS_sendto, "sendto", 0, NO_TIMEOUT},
	{SYS_sendmsg, "sendmsg", 0, NO_TIMEOUT},
	{SYS_accept, "accept", 0, NO_TIMEOUT},
	{SYS_accept4, "accept4", 0, NO_TIMEOUT},
	{SYS_connect, "connect", 0, NO_TIMEOUT},
	{SYS_epoll_pwait, "epoll_wait", 0, 3},
	{SYS_ppoll, "poll", NO_FD, UNKNOWN_TIMEOUT},
	{SYS_pselect6, "select", NO_FD, UNKNOWN_TIMEOUT},
	{SYS_futex, "futex", NO_FD, UNKNOWN_TIMEOUT},
	{SYS_nanosleep, "nanosleep", NO_FD, UNKNOWN_TIMEOUT},
	{SYS_clock_nanosleep, "clock_nanosleep", NO_FD, UNKNOWN_TIMEOUT},
	{SYS_wait4, "wait4", NO_FD, NO_TIMEOUT},
	{SYS_waitid, "waitid", NO_FD, NO_TIMEOUT},
	{SYS_rt_sigsuspend, "sigsuspend", NO_FD, NO_TIMEOUT},
	{SYS_rt_sigtimedwait, "sigtimedwait", NO_FD, UNKNOWN_TIMEOUT},
	{SYS_flock, "flock", 0, NO_TIMEOUT},
	{SYS_fcntl, "fcntl", 0, NO_TIMEOUT},
	{SYS_fsync, "fsync", 0, NO_TIMEOUT},
	{SYS_fdatasync, "fdatasync", 0, NO_TIMEOUT},
	{SYS_ioctl, "ioctl", 0, NO_TIMEOUT},
	{SYS_splice, "splice", 0, NO_TIMEOUT},
	{SYS_sendfile, "sendfile", 1, NO_TIMEOUT},
	{SYS_openat, "openat", NO_FD, NO_TIMEOUT},
	{SYS_close, "close", 0, NO_TIMEOUT},
	{SYS_msgrcv, "msgrcv", NO_FD, NO_TIMEOUT},
	{SYS_semop, "semop", NO_FD, NO_TIMEOUT},
	{SYS_semtimedop, "semtimedop", NO_FD, UNKNOWN_TIMEOUT},
	{SYS_mq_timedreceive, "mq_receive", NO_FD, UNKNOWN_TIMEOUT},
	{SYS_restart_syscall, "a restarted wait", NO_FD, UNKNOWN_TIMEOUT},
#ifdef SYS_epoll_pwait2
	{SYS_epoll_pwait2, "epoll_wait", 0, UNKNOWN_TIMEOUT},
#endif
#ifdef SYS_io_uring_enter
	{SYS_io_uring_enter, "io_uring_enter", 0, NO_TIMEOUT},
#endif
/* Newer architectures have only the forms above. */
#ifdef SYS_epoll_wait
	{SYS_epoll_wait, "epoll_wait", 0, 3},
#endif
#ifdef SYS_poll
	{SYS_poll, "poll", NO_FD, 2},
#endif
#ifdef SYS_select
	{SYS_select, "select", NO_FD, UNKNOWN_TIMEOUT},
#endif
#ifdef SYS_pause
	{SYS_pause, "pause", NO_FD, NO_TIMEOUT},
#endif
#ifdef SYS_open
	{SYS_open, "open", NO_FD, NO_TIMEOUT},
#endif
};

static const struct known *find(long number)
{
	for (size_t i = 0; i < array_len(calls); i++)
		if (calls[i].number == number)
			return &calls[i];
	return NULL;
}

/* The C argument is an int: only the lower half of the register counts. */
static int64_t timeout_of(const struct known *known, const uint64_t *args)
{
	int ms;

	if (known->timeout < 0)
		return known->timeout == NO_TIMEOUT ? NS_NEVER : -1;
	ms = (int)(uint32_t)args[known->timeout];
	return ms < 0 ? NS_NEVER : ms * NS_PER_MS;
}

struct call call_parse(const char *text)
{
	struct call call = {.fd = -1, .timeout = -1};
	const struct known *known;
	uint64_t args[6];
	char *end;
	long number = strtol(text, &end, 10);

	if (end == text || number < 0)
		return call;
	for (size_t i = 0; i < array_len(args); i++) {
		const char *from = end;

		args[i] = strtoull(from, &end, 16);
		if (end == from)
			return call;
	}
	call.known = true;
	known = find(number);
	if (!known)
		return call;
	call.name = known->name;
	call.timeout = timeout_of(known, args);
	if (known->fd >= 0)
		call.fd = (int)(uint32_t)args[known->fd];
	return call;
}
