/*
 * zoo DIR: hold one handle of each kind, say `NAME FD` for each on stdout, then `ready`, and wait for the
 * end of stdin. DIR is removed of what was created in it.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

static void tell(const char *name, int fd)
{
	if (fd >= 0)
		printf("%s %d.\n", name, fd);
}

static int listener(struct sockaddr_in *address)
{
	socklen_t len = sizeof(*address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*address = (struct sockaddr_in){.sin_family = AF_INET,
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (bind(fd, (struct sockaddr *)address, len) < 0 || listen(fd, 7) < 0 ||
	    getsockname(fd, (struct sockaddr *)address, &len) < 0)
		return -1;
	return fd;
}

static int connected(const struct sockaddr_in *address)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -1 : fd;
}

static int bound(int family, int type)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(family, type, 0);

	return bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -1 : fd;
}

static void hold_tcp(int epoll)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct sockaddr_in address;
	int server = listener(&address), client, accepted, stale;

	tell("listener", server);
	client = connected(&address);
	accepted = client < 0 ? -1 : accept(server, NULL, NULL);
	(void)close(client);
	tell("close_wait", accepted);
	tell("established", connected(&address));
	tell("bound", bound(AF_INET, SOCK_STREAM));
	tell("udp", bound(AF_INET, SOCK_DGRAM));
	(void)epoll_ctl(epoll, EPOLL_CTL_ADD, server, &event);
	/* The registration outlives the number it was made under. */
	stale = dup(accepted);
	(void)epoll_ctl(epoll, EPOLL_CTL_ADD, stale, &event);
	(void)close(stale);
}

static void hold_unix(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "\0zoo\033[31m"};
	char number[24];
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), pair[2];
	size_t len = 9;

	(void)snprintf(number, sizeof(number), "%d", (int)getpid());
	memcpy(address.sun_path + len, number, strlen(number));
	len += strlen(number);
	if (bind(fd, (struct sockaddr *)&address, (socklen_t)(sizeof(sa_family_t) + len)) == 0 &&
	    listen(fd, 3) == 0)
		tell("unix_listener", fd);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0) {
		tell("unix_a", pair[0]);
		tell("unix_b", pair[1]);
	}
}

static void hold_files(void)
{
	static const char text[8192];
	int fd = open("gone\033[31m\377", O_CREAT | O_RDWR | O_APPEND | O_CLOEXEC, 0600), pipes[2];

	(void)!write(fd, text, sizeof(text));
	(void)unlink("gone\033[31m\377");
	tell("deleted", fd);
	fd = open("real (deleted)", O_CREAT | O_RDONLY, 0600);
	tell("real", fd);
	tell("dir", open(".", O_PATH | O_DIRECTORY));
	tell("tmpfile", open(".", O_TMPFILE | O_RDWR, 0600));
	tell("dev", open("/dev/null", O_WRONLY | O_NONBLOCK));
	if (mkfifo("fifo", 0600) == 0)
		tell("fifo", open("fifo", O_RDWR));
	if (pipe2(pipes, O_NONBLOCK) == 0) {
		tell("pipe_read", pipes[0]);
		tell("pipe_write", pipes[1]);
	}
	(void)unlink("fifo");
}

static void hold_specials(void)
{
	const struct itimerspec timer = {.it_value.tv_sec = 3600, .it_interval.tv_sec = 2};
	char params[512] = {0};
	sigset_t set;
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

	(void)timerfd_settime(fd, 0, &timer, NULL);
	tell("timerfd", fd);
	tell("eventfd", eventfd(255, 0));
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGUSR2);
	tell("signalfd", signalfd(-1, &set, 0));
	fd = inotify_init1(IN_CLOEXEC);
	(void)inotify_add_watch(fd, ".", IN_CREATE);
	tell("inotify", fd);
	tell("pidfd", (int)syscall(SYS_pidfd_open, getpid(), 0));
	tell("io_uring", (int)syscall(SYS_io_uring_setup, 2, params));
	tell("memfd", memfd_create("zoo", MFD_CLOEXEC));
	tell("ns", open("/proc/self/ns/net", O_RDONLY));
	tell("netlink", socket(AF_NETLINK, SOCK_RAW, 0));
}

int main(int argc, char **argv)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	char c;

	if (argc > 1 && chdir(argv[1]) < 0)
		return 1;
	(void)signal(SIGTERM, SIG_IGN);
	tell("epoll", epoll);
	hold_tcp(epoll);
	hold_unix();
	hold_files();
	hold_specials();
	printf("ready\n");
	(void)fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	(void)unlink("real (deleted)");
	return 0;
}
