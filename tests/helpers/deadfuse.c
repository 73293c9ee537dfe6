/*
 * deadfuse DIR: mount a FUSE file system on DIR that lets its file be opened and then never answers a stat;
 * holds DIR/file and DIR/other as descriptors 10 and 11 and DIR/../beside as 12, says `ready`, and waits for the end of stdin.
 * Says `no fuse` where that is not allowed. The mount is in a namespace of its own and ends with it.
 */
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

static void reply(int fuse, uint64_t unique, const void *body, size_t len)
{
	struct fuse_out_header header = {.len = (uint32_t)(sizeof(header) + len), .unique = unique};
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

	if (request->opcode == FUSE_INIT)
		reply(fuse, request->unique, &init, sizeof(init));
	else if (request->opcode == FUSE_LOOKUP)
		reply(fuse, request->unique, &entry, sizeof(entry));
	else if (request->opcode == FUSE_OPEN)
		reply(fuse, request->unique, &opened, sizeof(opened));
	/* Anything else is waited for without end. */
}

static void serve(int fuse)
{
	static _Alignas(struct fuse_in_header) char request[65536];

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
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
	return fd < 0 ? -1 : dup2(fd, number);
}

int main(int argc, char **argv)
{
	char options[128], c;
	int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	(void)argc;
	(void)snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse);
	if (fuse < 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("dead", argv[1], "fuse", 0, options) < 0) {
		printf("no fuse\n");
		return 0;
	}
	(void)signal(SIGCHLD, SIG_IGN);
	if (fork() == 0)
		serve(fuse);
	if (hold(argv[1], "file", 10) < 0 || hold(argv[1], "other", 11) < 0 ||
	    hold(argv[1], "../beside", 12) < 0)
		return 1;
	printf("ready\n");
	(void)fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	/* Ends every request that still waits. */
	(void)umount2(argv[1], MNT_DETACH | MNT_FORCE);
	return 0;
}
