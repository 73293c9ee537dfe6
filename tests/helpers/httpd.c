/* httpd STATUS:RETRY_AFTER...: an HTTP server on a free port of 127.0.0.1. Prints the port, then answers one request
 * after another with the responses named, RETRY_AFTER left away when empty; the last one is repeated. A status of 200
 * has a body that says which request it was. */
#include "helper.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

static void answer(int to, const char *response, int number)
{
	const char *after = strchr(response, ':');
	char text[512], body[64];
	int status = atoi(response);
	int body_len = snprintf(body, sizeof(body), "%s %d\n", status == 200 ? "request" : "error",
				number);
	int len = snprintf(text, sizeof(text),
			   "HTTP/1.1 %d X\r\nContent-Length: %d\r\nConnection: close\r\n", status,
			   body_len);

	if (after != NULL && after[1] != '\0')
		len += snprintf(text + len, sizeof(text) - (size_t)len, "Retry-After: %s\r\n",
				after + 1);
	len += snprintf(text + len, sizeof(text) - (size_t)len, "\r\n%s", body);
	(void)!send(to, text, (size_t)len, MSG_NOSIGNAL);
}

/* Read the request's head: an end that is closed too early resets the connection. */
static void read_head(int from)
{
	char text[8192];
	size_t len = 0;

	while (len < sizeof(text) - 1) {
		ssize_t n = read(from, text + len, sizeof(text) - 1 - len);

		if (n <= 0)
			return;
		len += (size_t)n;
		text[len] = '\0';
		if (strstr(text, "\r\n\r\n") != NULL)
			return;
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char line[32];

	live_shortly(LIFE_S);
	if (argc < 2 || server < 0 || bind(server, (struct sockaddr *)&address, size) < 0 ||
	    listen(server, 16) < 0 || getsockname(server, (struct sockaddr *)&address, &size) < 0)
		return 99;
	(void)snprintf(line, sizeof(line), "%d\n", ntohs(address.sin_port));
	say(line);
	for (int number = 1;; number++) {
		int client = accept(server, NULL, NULL);

		if (client < 0)
			continue;
		read_head(client);
		answer(client, argv[number < argc ? number : argc - 1], number);
		(void)shutdown(client, SHUT_WR);
		(void)close(client);
	}
}
