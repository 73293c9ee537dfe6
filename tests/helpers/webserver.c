/* webserver CONF: a small HTTP server for 127.0.0.1, for the demo. CONF has lines `port N`, `greeting TEXT`, `busy N` (the first
 * N requests get 503 with a Retry-After) and `leak N` (1: a file is left open for each request). It says
 * what it does as JSON Lines, and ends by itself with 0 when TERM or INT asks. */
#include "helper.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

struct config {
	int port, busy, leak;
	char greeting[64];
};

static void read_config(const char *path, struct config *config)
{
	FILE *file = fopen(path, "re");
	char line[128];

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		(void)sscanf(line, "port %d", &config->port);
		(void)sscanf(line, "busy %d", &config->busy);
		(void)sscanf(line, "leak %d", &config->leak);
		(void)sscanf(line, "greeting %63[^\n]", config->greeting);
	}
	if (file != NULL)
		(void)fclose(file);
}

static int listen_on(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const int on = 1;

	(void)setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (server < 0 || bind(server, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(server, 64) < 0)
		exit(99);
	return server;
}

/* All of the request: an end that is closed too early resets the connection. */
static bool read_head(int from)
{
	char text[4096];
	size_t have = 0;

	while (have < sizeof(text) - 1) {
		ssize_t got = recv(from, text + have, sizeof(text) - 1 - have, 0);

		if (got <= 0)
			return false;
		have += (size_t)got;
		text[have] = '\0';
		if (strstr(text, "\r\n\r\n") != NULL)
			return true;
	}
	return false;
}

static void answer(int to, const struct config *config, int number)
{
	const bool busy = number <= config->busy;
	char text[512];
	int len;

	if (!read_head(to))
		return;
	len = snprintf(text, sizeof(text), "HTTP/1.0 %s\r\n%s\r\n%s\n",
		       busy ? "503 Service Unavailable" : "200 OK",
		       busy ? "Retry-After: 0.1s\r\n" : "", busy ? "busy" : config->greeting);
	(void)send(to, text, (size_t)len, MSG_NOSIGNAL);
	(void)printf("{\"level\":\"%s\",\"request\":%d}\n", busy ? "warning" : "info", number);
	(void)fflush(stdout);
}

static int open_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

int main(int argc, char **argv)
{
	struct config config = {.greeting = "hello"};
	struct pollfd fds[2] = {{.events = POLLIN}, {.events = POLLIN}};

	live_shortly(LIFE_S);
	if (argc < 2)
		return 99;
	read_config(argv[1], &config);
	fds[0].fd = open_signals();
	fds[1].fd = listen_on(config.port);
	for (int number = 1; poll(fds, 2, -1) > 0 && fds[0].revents == 0;) {
		int to = accept4(fds[1].fd, NULL, NULL, SOCK_CLOEXEC);

		answer(to, &config, number++);
		(void)close(to);
		if (config.leak)
			(void)open(argv[1], O_RDONLY | O_CLOEXEC);
	}
	return 0;
}
