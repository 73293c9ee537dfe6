/* Which faults each system call gets, as a table: the errors that its manual page names and that
 * can happen to a tool that is not itself wrong. `!` after an error: every call of this name fails
 * so, as on a kernel, a sandbox or a seccomp profile that does not have it. */
#ifndef PK_FAULT_FAULTS_H
#define PK_FAULT_FAULTS_H

#include <stddef.h>

struct call_faults {
	const char *calls, *errors; /* words */
};

#define ABSENT " ENOSYS ENOSYS! EPERM EPERM!"

static const struct call_faults fault_table[] = {
	/* cannot fail (brk: its failure is no error number), or must not, as the start of every
	 * program: only the moment of a signal */
	{"exit exit_group arch_prctl set_tid_address set_robust_list rseq getpid getppid gettid "
	 "getpgrp getuid geteuid getgid getegid umask clock_gettime gettimeofday time alarm brk",
	 ""},

	{"fork vfork clone", "EAGAIN ENOMEM"},
	{"clone3", "EAGAIN ENOMEM" ABSENT},
	{"execve execveat", "ENOENT EACCES E2BIG ENOMEM ETXTBSY EIO EMFILE EPERM"},
	/* ECHILD is also the honest "nobody is left", which no tool can tell from a false one: only
	 * where a status is fetched */
	{"wait4", "EINTR ECHILD"},
	{"waitid", "EINTR"},
	{"kill tgkill tkill rt_sigqueueinfo rt_tgsigqueueinfo", "ESRCH EPERM EAGAIN"},
	{"pidfd_open", "EMFILE ENFILE ENOMEM ESRCH ENODEV" ABSENT},
	{"pidfd_send_signal", "ESRCH" ABSENT},
	{"pidfd_getfd", "EMFILE ESRCH" ABSENT},
	{"prctl", "EINVAL EINVAL! EPERM EPERM!"},
	{"setpgid", "EPERM EACCES ESRCH"},
	{"setsid", "EPERM"},
	{"prlimit64", "EPERM EINVAL ENOSYS"},
	{"sched_getaffinity sched_setaffinity", "EINVAL EPERM ESRCH"},

	{"rt_sigaction rt_sigprocmask rt_sigpending sigaltstack", "EINVAL"},
	{"rt_sigtimedwait rt_sigsuspend pause", "EINTR EAGAIN"},
	{"signalfd signalfd4", "EMFILE ENFILE ENOMEM ENODEV" ABSENT},
	{"poll ppoll select pselect6", "EINTR ENOMEM EINVAL"},
	{"epoll_wait epoll_pwait", "EINTR"},
	{"epoll_create1 eventfd2 timerfd_create", "EMFILE ENFILE ENOMEM" ABSENT},
	{"epoll_ctl", "ENOMEM ENOSPC EPERM"},
	{"timerfd_settime setitimer", "EINVAL"},
	{"nanosleep clock_nanosleep", "EINTR"},

	{"read readv pread64 preadv", "EINTR EIO EAGAIN"},
	{"write writev pwrite64 pwritev", "EINTR EIO EAGAIN ENOSPC EDQUOT EPIPE"},
	{"sendmsg sendto", "EINTR EAGAIN ENOBUFS ENOMEM EPIPE ECONNRESET"},
	{"recvmsg recvfrom", "EINTR EAGAIN ENOMEM ECONNRESET"},
	{"sendfile splice tee vmsplice", "EINTR EINVAL EINVAL! EIO ENOMEM EAGAIN"},
	{"copy_file_range", "EINTR EXDEV EINVAL EOPNOTSUPP EIO ENOSPC" ABSENT},
	{"socketpair socket", "EMFILE ENFILE ENOMEM ENOBUFS EAFNOSUPPORT EACCES"},
	{"bind listen connect accept accept4 getsockopt setsockopt shutdown getsockname "
	 "getpeername",
	 "EINTR EINVAL ENOBUFS EACCES"},
	{"pipe pipe2", "EMFILE ENFILE"},
	{"dup fcntl", "EMFILE EINVAL EINTR EAGAIN ENOLCK"},
	{"dup2 dup3", "EMFILE EBUSY EINTR"},
	{"close", "EIO EINTR ENOSPC"},
	{"close_range", "EMFILE EINVAL EINVAL!" ABSENT},
	{"memfd_create", "EMFILE ENFILE ENOMEM" ABSENT},
	{"ioctl", "ENOTTY ENOTTY! EINVAL EIO EINTR"},

	{"open openat creat", "EINTR EMFILE ENFILE ENOENT EACCES ENOMEM EIO ENOSPC EROFS ELOOP"},
	{"openat2", "EMFILE ENOENT EACCES" ABSENT},
	{"access faccessat readlink readlinkat chdir fchdir getcwd", "EACCES ENOENT ENOMEM EIO"},
	{"faccessat2", "EACCES" ABSENT},
	{"stat lstat fstat newfstatat", "EACCES ENOENT ENOMEM EOVERFLOW"},
	{"statx", "EACCES ENOENT ENOMEM" ABSENT},
	{"statfs fstatfs", "EINTR EIO ENOSYS"},
	{"getdents getdents64", "ENOENT EIO"},
	{"lseek", "ESPIPE EINVAL"},
	{"ftruncate truncate", "EINTR EIO EFBIG EPERM"},
	{"fallocate", "EINTR ENOSPC EOPNOTSUPP EOPNOTSUPP!" ABSENT},
	{"fsync fdatasync syncfs sync_file_range", "EIO ENOSPC EINTR EINVAL"},
	{"rename renameat", "EIO ENOSPC EACCES EXDEV EBUSY EROFS"},
	{"renameat2", "EIO ENOSPC EACCES EINVAL EINVAL!" ABSENT},
	{"link linkat symlink symlinkat", "EIO ENOSPC EACCES EEXIST EPERM EMLINK"},
	{"unlink unlinkat rmdir", "EIO EACCES EBUSY EROFS"},
	{"mkdir mkdirat mknodat", "EIO EACCES ENOSPC EEXIST"},
	{"chmod fchmod fchmodat chown fchown fchownat utimensat", "EPERM EROFS EIO"},
	{"getxattr fgetxattr setxattr fsetxattr flistxattr", "EOPNOTSUPP EPERM ENOSPC ENOSYS"},
	{"flock", "EINTR ENOLCK EAGAIN"},
	{"inotify_init1 fanotify_init", "EMFILE ENFILE ENOMEM" ABSENT},
	{"inotify_add_watch fanotify_mark", "ENOSPC ENOENT EACCES ENOMEM"},

	{"mmap mremap", "ENOMEM"},
	{"munmap mprotect madvise", "ENOMEM EINVAL"},
	{"getrandom", "EINTR EAGAIN" ABSENT},
	{"ptrace process_vm_readv kcmp", "EPERM EPERM! ESRCH ENOSYS"},
	{NULL, "EPERM EINVAL"}, /* any other call */
};

/* Made by the kernel's own doing, not by the program: no fault, and no SIGKILL at them either. */
static const char calls_never[] = "rt_sigreturn restart_syscall";

/* A call that may block answers EINTR for reasons that are no reason to give up: the result has to
 * be what it is without it. */
static const char calls_restarted[] =
	"wait4 waitid poll ppoll select pselect6 epoll_wait epoll_pwait read readv write writev "
	"sendmsg "
	"sendto recvmsg recvfrom rt_sigtimedwait nanosleep clock_nanosleep flock fsync fdatasync";

#endif
