/* manyfds N: hold N descriptors - files, pipes, unix and TCP sockets - say `ready COUNT`, and wait for the
 * end of stdin. */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in address = {.sin_family = AF_INET};
static int server;

static void open_server(void)
{
	socklen_t len = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(server, (struct sockaddr *)&address, len) < 0 || listen(server, 512) < 0 ||
	    getsockname(server, (struct sockaddr *)&address, &len) < 0)
		exit(1);
}

/* Open one or two more; how many. */
static int open_some(long turn)
{
	int fds[2];

	switch (turn % 4) {
	case 0:
		return open("/etc/passwd", O_RDONLY) < 0 ? -1 : 1;
	case 1:
		return pipe(fds) < 0 ? -1 : 2;
	case 2:
		return socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0 ? -1 : 2;
	}
	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (fds[0] < 0 || connect(fds[0], (struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	return accept(server, NULL, NULL) < 0 ? -1 : 2;
}

int main(int argc, char **argv)
{
	struct rlimit limit;
	long most = argc > 1 ? atol(argv[1]) : 100, count = 0;
	char c;

	(void)getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	open_server();
	for (long turn = 0; count < most; turn++) {
		int more = open_some(turn);

		if (more < 0)
			break;
		count += more;
	}
	printf("ready %ld\n", count);
	(void)fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	return 0;
}
