/* listen WHERE [DELAY_MS [DROP_MS]]: listens on a TCP port of 127.0.0.1, or on a unix socket if WHERE has a slash, after
 * DELAY_MS, and says so; closes what it listens on after DROP_MS more, and lives on. `listen WHERE connect` connects
 * instead: status 0 when somebody took it. */
#include "helper.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_un local;
};

static socklen_t read_address(const char *where, union address *address)
{
	memset(address, 0, sizeof(*address));
	if (strchr(where, '/') != NULL) {
		address->local.sun_family = AF_UNIX;
		strncpy(address->local.sun_path, where, sizeof(address->local.sun_path) - 1);
		return sizeof(address->local);
	}
	address->in.sin_family = AF_INET;
	address->in.sin_port = htons((unsigned short)atoi(where));
	address->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sizeof(address->in);
}

int main(int argc, char **argv)
{
	union address address;
	socklen_t len = read_address(argc > 1 ? argv[1] : "0", &address);
	int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	live_shortly(LIFE_S);
	if (argc > 2 && strcmp(argv[2], "connect") == 0)
		return connect(fd, &address.any, len) < 0;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	(void)poll(NULL, 0, argc > 2 ? atoi(argv[2]) : 0);
	if (bind(fd, &address.any, len) < 0 || listen(fd, 16) < 0)
		return 98;
	say("listening\n");
	if (argc > 3) {
		(void)poll(NULL, 0, atoi(argv[3]));
		(void)close(fd);
		wait_for_death();
	}
	for (;;) {
		int client = accept(fd, NULL, NULL);

		if (client >= 0)
			(void)close(client);
	}
}
