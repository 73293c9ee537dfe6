/*
 * deadfuse DIR [detach]: create DIR and mount a FUSE file system there that lets files be opened and then never
 * answers a stat. Holds two of its files as descriptors 10 and 11, another file as 12, detaches the mount if told
 * to, says `ready`, and waits for the end of stdin. Says `no fuse` where that is not allowed. The mount is in a
 * namespace of its own and ends with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static void reply(int fuse, uint64_t unique, int error, const void *body, size_t len)
{
	struct fuse_out_header header = {
		.len = (uint32_t)(sizeof(header) + len), .error = error, .unique = unique};
	struct iovec parts[] = {{&header, sizeof(header)}, {(void *)(uintptr_t)body, len}};

	(void)!writev(fuse, parts, 2);
}

static void answer(int fuse, const struct fuse_in_header *request)
{
	const struct fuse_init_out init = {.major = FUSE_KERNEL_VERSION,
					   .minor = FUSE_KERNEL_MINOR_VERSION,
					   .max_write = 4096};
	const struct fuse_entry_out entry = {
		.nodeid = 2 + request->unique,
		.attr = {.ino = 2 + request->unique, .mode = S_IFREG | 0600, .nlink = 1}};
	const struct fuse_open_out opened = {.fh = 1};

	switch (request->opcode) {
	case FUSE_GETATTR:
		return; /* waited for without end */
	case FUSE_INIT:
		reply(fuse, request->unique, 0, &init, sizeof(init));
		return;
	case FUSE_LOOKUP:
		reply(fuse, request->unique, 0, &entry, sizeof(entry));
		return;
	case FUSE_OPEN:
		reply(fuse, request->unique, 0, &opened, sizeof(opened));
		return;
	}
	reply(fuse, request->unique, -ENOSYS, NULL, 0);
}

static void serve(int fuse)
{
	static _Alignas(struct fuse_in_header) char request[65536];

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)close(STDIN_FILENO);
	(void)close(STDOUT_FILENO);
	while (read(fuse, request, sizeof(request)) > 0)
		answer(fuse, (const struct fuse_in_header *)(const void *)request);
	_exit(0);
}

static int hold(const char *dir, const char *name, int number)
{
	char path[4096];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	if (fd < 0 || dup2(fd, number) < 0)
		return -1;
	return close(fd);
}

static int mount_on(const char *dir)
{
	char options[128];
	int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	(void)snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse);
	if (fuse < 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("dead", dir, "fuse", 0, options) < 0)
		return -1;
	return fuse;
}

int main(int argc, char **argv)
{
	int fuse;
	char c;

	if (argc < 2 || mkdir(argv[1], 0700) < 0)
		return 1;
	fuse = mount_on(argv[1]);
	if (fuse < 0) {
		(void)rmdir(argv[1]);
		printf("no fuse\n");
		return 0;
	}
	(void)signal(SIGCHLD, SIG_IGN);
	if (fork() == 0)
		serve(fuse);
	if (hold(argv[1], "file", 10) < 0 || hold(argv[1], "other", 11) < 0 ||
	    hold("/etc", "passwd", 12) < 0)
		return 1;
	if (argc > 2)
		(void)umount2(argv[1], MNT_DETACH);
	printf("ready\n");
	(void)fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	/* Ends every request that still waits. */
	(void)umount2(argv[1], MNT_DETACH | MNT_FORCE);
	(void)rmdir(argv[1]);
	return 0;
}
