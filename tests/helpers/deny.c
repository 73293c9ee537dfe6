/* deny SYSCALL[,SYSCALL...] [ERRNO] -- COMMAND [ARG...]: runs the command with these system calls
 * answering ERRNO (ENOSYS), as old kernels, gVisor and seccomp profiles do. The filter is inherited
 * by all that the command starts. o_tmpfile is openat with that flag, which NFS and vfat do not know.
 * Exits with 77 where a filter cannot be installed. */
#include "helper.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static const struct {
	const char *name;
	unsigned number;
} calls[] = {
	{"pidfd_open", SYS_pidfd_open},
	{"pidfd_send_signal", SYS_pidfd_send_signal},
	{"close_range", SYS_close_range},
	{"clone3", SYS_clone3},
	{"statx", SYS_statx},
	{"renameat2", SYS_renameat2},
	{"copy_file_range", SYS_copy_file_range},
	{"getrandom", SYS_getrandom},
	{"memfd_create", SYS_memfd_create},
	{"openat2", SYS_openat2},
	{"faccessat2", SYS_faccessat2},
	{"pidfd_getfd", SYS_pidfd_getfd},
	{"prlimit64", SYS_prlimit64},
	{"signalfd4", SYS_signalfd4},
	{"ppoll", SYS_ppoll},
	{"waitid", SYS_waitid},
	{"prctl", SYS_prctl},
	{"setpgid", SYS_setpgid},
	{"eventfd2", SYS_eventfd2},
	{"timerfd_create", SYS_timerfd_create},
	{"inotify_init1", SYS_inotify_init1},
	{"epoll_create1", SYS_epoll_create1},
	{"fallocate", SYS_fallocate},
	{"splice", SYS_splice},
	{"socketpair", SYS_socketpair},
	{"process_vm_readv", SYS_process_vm_readv},
	{"sched_getaffinity", SYS_sched_getaffinity},
	{"ioctl", SYS_ioctl},
	{"kill", SYS_kill},
	{"tgkill", SYS_tgkill},
	{"clone", SYS_clone},
#ifdef SYS_fork
	{"fork", SYS_fork},
	{"vfork", SYS_vfork},
#endif
};

static const struct {
	const char *name;
	unsigned number;
} errors[] = {{"ENOSYS", ENOSYS},	  {"EPERM", EPERM},   {"EACCES", EACCES},
	      {"EOPNOTSUPP", EOPNOTSUPP}, {"EAGAIN", EAGAIN}, {"ENOMEM", ENOMEM},
	      {"EMFILE", EMFILE},	  {"EINVAL", EINVAL}};

static int find_call(const char *name)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(calls[i].name, name) == 0)
			return (int)calls[i].number;
	fprintf(stderr, "deny: unknown system call '%s'\n", name);
	exit(99);
}

/* The flags of openat have O_TMPFILE; then the number is loaded again for what follows. */
static unsigned short deny_tmpfile(struct sock_filter *code, unsigned error)
{
	const struct sock_filter rule[] = {
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, O_TMPFILE),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, O_TMPFILE, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};

	memcpy(code, rule, sizeof(rule));
	return sizeof(rule) / sizeof(rule[0]);
}

static unsigned find_error(const char *name)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(errors[i].name, name) == 0)
			return errors[i].number;
	fprintf(stderr, "deny: unknown error '%s'\n", name);
	exit(99);
}

int main(int argc, char **argv)
{
	struct sock_filter code[64];
	unsigned short length = 0;
	int at = 2;

	if (argc < 4)
		return 99;
	unsigned error = ENOSYS;
	if (strcmp(argv[at], "--") != 0)
		error = find_error(argv[at++]);
	if (at + 1 >= argc || strcmp(argv[at], "--") != 0)
		return 99;
	code[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						      offsetof(struct seccomp_data, nr));
	for (char *name = strtok(argv[1], ","); name != NULL && length < 56;
	     name = strtok(NULL, ",")) {
		if (strcmp(name, "o_tmpfile") == 0) {
			length = (unsigned short)(length + deny_tmpfile(code + length, error));
			continue;
		}
		code[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							      (unsigned)find_call(name), 0, 1);
		code[length++] =
			(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error);
	}
	code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {length, code};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		return 77;
	(void)execvp(argv[at + 1], argv + at + 1);
	return 127;
}
