/* server FILE: a server of one port, as -r restarts it. Binds the port whose number FILE has, or a free one that it
 * writes there; a child in a session of its own has the socket, too. Says "up", or "in use" with status 98. */
#include "helper.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int server = socket(AF_INET, SOCK_STREAM, 0), port = 0;
	FILE *file = argc > 1 ? fopen(argv[1], "a+e") : NULL;

	live_shortly(LIFE_S);
	if (!file || server < 0)
		return 99;
	rewind(file);
	if (fscanf(file, "%d", &port) == 1)
		address.sin_port = htons((unsigned short)port);
	if (bind(server, (struct sockaddr *)&address, size) < 0) {
		say("in use\n");
		return 98;
	}
	if (listen(server, 16) < 0 || getsockname(server, (struct sockaddr *)&address, &size) < 0)
		return 99;
	if (port == 0)
		(void)fprintf(file, "%d\n", ntohs(address.sin_port));
	(void)fclose(file);
	if (fork() == 0) {
		live_shortly(LIFE_S);
		(void)setsid();
		pause();
	}
	say("up\n");
	pause();
	return 0;
}
