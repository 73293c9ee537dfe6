/* Names of the system calls and errors that small process tools meet, as tables: the numbers come
 * from the kernel's headers at build time. A call that is not here is named by its number. */
#ifndef PK_FAULT_SYSNAMES_H
#define PK_FAULT_SYSNAMES_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

struct pair {
	long number;
	const char *name;
};

#define CALL(name)                                                                                 \
	{                                                                                          \
		SYS_##name, #name                                                                  \
	}
#define ERROR(name)                                                                                \
	{                                                                                          \
		name, #name                                                                        \
	}

static const struct pair call_names[] = {
#ifdef __x86_64__ /* the newer architectures have only the *at forms of these */
	CALL(access),
	CALL(arch_prctl),
	CALL(chmod),
	CALL(chown),
	CALL(creat),
	CALL(dup2),
	CALL(epoll_create),
	CALL(epoll_wait),
	CALL(eventfd),
	CALL(fork),
	CALL(getdents),
	CALL(getpgrp),
	CALL(inotify_init),
	CALL(link),
	CALL(lstat),
	CALL(mkdir),
	CALL(open),
	CALL(pause),
	CALL(pipe),
	CALL(poll),
	CALL(readlink),
	CALL(rename),
	CALL(rmdir),
	CALL(select),
	CALL(signalfd),
	CALL(stat),
	CALL(symlink),
	CALL(time),
	CALL(unlink),
	CALL(vfork),
#endif
	CALL(accept),
	CALL(accept4),
	CALL(bind),
	CALL(brk),
	CALL(capget),
	CALL(chdir),
	CALL(clock_getres),
	CALL(clock_gettime),
	CALL(clock_nanosleep),
	CALL(clone),
	CALL(clone3),
	CALL(close),
	CALL(close_range),
	CALL(connect),
	CALL(copy_file_range),
	CALL(dup),
	CALL(dup3),
	CALL(epoll_create1),
	CALL(epoll_ctl),
	CALL(epoll_pwait),
	CALL(eventfd2),
	CALL(execve),
	CALL(execveat),
	CALL(exit),
	CALL(exit_group),
	CALL(faccessat),
	CALL(faccessat2),
	CALL(fadvise64),
	CALL(fallocate),
	CALL(fanotify_init),
	CALL(fanotify_mark),
	CALL(fchdir),
	CALL(fchmod),
	CALL(fchmodat),
	CALL(fchown),
	CALL(fchownat),
	CALL(fcntl),
	CALL(fdatasync),
	CALL(fgetxattr),
	CALL(flistxattr),
	CALL(flock),
	CALL(fsetxattr),
	CALL(fstat),
	CALL(fstatfs),
	CALL(fsync),
	CALL(ftruncate),
	CALL(futex),
	CALL(getcwd),
	CALL(getdents64),
	CALL(getegid),
	CALL(geteuid),
	CALL(getgid),
	CALL(getgroups),
	CALL(getpeername),
	CALL(getpgid),
	CALL(getpid),
	CALL(getppid),
	CALL(getpriority),
	CALL(getrandom),
	CALL(getrusage),
	CALL(getsid),
	CALL(getsockname),
	CALL(getsockopt),
	CALL(gettid),
	CALL(gettimeofday),
	CALL(getuid),
	CALL(getxattr),
	CALL(inotify_add_watch),
	CALL(inotify_init1),
	CALL(inotify_rm_watch),
	CALL(ioctl),
	CALL(kcmp),
	CALL(kill),
	CALL(linkat),
	CALL(listen),
	CALL(lseek),
	CALL(madvise),
	CALL(memfd_create),
	CALL(mkdirat),
	CALL(mknodat),
	CALL(mmap),
	CALL(mprotect),
	CALL(mremap),
	CALL(munmap),
	CALL(name_to_handle_at),
	CALL(nanosleep),
	CALL(newfstatat),
	CALL(openat),
	CALL(openat2),
	CALL(pidfd_getfd),
	CALL(pidfd_open),
	CALL(pidfd_send_signal),
	CALL(pipe2),
	CALL(ppoll),
	CALL(prctl),
	CALL(pread64),
	CALL(preadv),
	CALL(prlimit64),
	CALL(process_vm_readv),
	CALL(pselect6),
	CALL(ptrace),
	CALL(pwrite64),
	CALL(pwritev),
	CALL(read),
	CALL(readlinkat),
	CALL(readv),
	CALL(recvfrom),
	CALL(recvmsg),
	CALL(renameat),
	CALL(renameat2),
	CALL(restart_syscall),
	CALL(rseq),
	CALL(rt_sigaction),
	CALL(rt_sigpending),
	CALL(rt_sigprocmask),
	CALL(rt_sigqueueinfo),
	CALL(rt_sigreturn),
	CALL(rt_sigsuspend),
	CALL(rt_sigtimedwait),
	CALL(rt_tgsigqueueinfo),
	CALL(sched_getaffinity),
	CALL(sched_setaffinity),
	CALL(sched_yield),
	CALL(sendfile),
	CALL(sendmsg),
	CALL(sendto),
	CALL(set_robust_list),
	CALL(set_tid_address),
	CALL(setgid),
	CALL(setitimer),
	CALL(setpgid),
	CALL(setpriority),
	CALL(setsid),
	CALL(setsockopt),
	CALL(setuid),
	CALL(shutdown),
	CALL(sigaltstack),
	CALL(signalfd4),
	CALL(socket),
	CALL(socketpair),
	CALL(splice),
	CALL(statfs),
	CALL(statx),
	CALL(symlinkat),
	CALL(sync_file_range),
	CALL(syncfs),
	CALL(sysinfo),
	CALL(tee),
	CALL(tgkill),
	CALL(timerfd_create),
	CALL(timerfd_settime),
	CALL(tkill),
	CALL(truncate),
	CALL(umask),
	CALL(uname),
	CALL(unlinkat),
	CALL(unshare),
	CALL(utimensat),
	CALL(vmsplice),
	CALL(wait4),
	CALL(waitid),
	CALL(write),
	CALL(writev),
};

static const struct pair error_names[] = {
	ERROR(EACCES),	   ERROR(EAFNOSUPPORT), ERROR(EADDRINUSE), ERROR(EAGAIN),
	ERROR(EBADF),	   ERROR(EBUSY),	ERROR(ECHILD),	   ERROR(ECONNREFUSED),
	ERROR(ECONNRESET), ERROR(EDQUOT),	ERROR(EEXIST),	   ERROR(EFAULT),
	ERROR(EFBIG),	   ERROR(EINTR),	ERROR(EINVAL),	   ERROR(EIO),
	ERROR(EISDIR),	   ERROR(ELOOP),	ERROR(EMFILE),	   ERROR(EMLINK),
	ERROR(EMSGSIZE),   ERROR(ENAMETOOLONG), ERROR(ENFILE),	   ERROR(ENOBUFS),
	ERROR(ENODEV),	   ERROR(ENOENT),	ERROR(ENOEXEC),	   ERROR(ENOLCK),
	ERROR(ENOMEM),	   ERROR(ENOSPC),	ERROR(ENOSYS),	   ERROR(ENOTCONN),
	ERROR(ENOTDIR),	   ERROR(ENOTEMPTY),	ERROR(ENOTTY),	   ERROR(ENXIO),
	ERROR(EOPNOTSUPP), ERROR(EOVERFLOW),	ERROR(EPERM),	   ERROR(EPIPE),
	ERROR(EROFS),	   ERROR(ESPIPE),	ERROR(ESRCH),	   ERROR(ESTALE),
	ERROR(ETIMEDOUT),  ERROR(ETXTBSY),	ERROR(EUSERS),	   ERROR(EXDEV),
	ERROR(E2BIG),
};

/* The number that belongs to a name, or to a number in decimal; -1 when it is neither. */
static inline long pair_number(const struct pair *table, size_t size, const char *name)
{
	for (size_t i = 0; i < size; i++) {
		if (strcmp(table[i].name, name) == 0)
			return table[i].number;
	}
	char *end;
	long number = strtol(name, &end, 10);
	return *name != '\0' && *end == '\0' && number >= 0 ? number : -1;
}

/* The name of a system call; a call without one is printed as its number into `spare`. */
static inline const char *call_name(long number, char spare[24])
{
	for (size_t i = 0; i < sizeof(call_names) / sizeof(*call_names); i++) {
		if (call_names[i].number == number)
			return call_names[i].name;
	}
	(void)snprintf(spare, 24, "%ld", number); /* 24 bytes hold every long */
	return spare;
}

#endif
