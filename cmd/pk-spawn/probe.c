/* Connections that ask whether somebody is there. */
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"

void probe_drop(struct probe *probe)
{
	fd_drop(&probe->fd);
}

static enum probe_result finish(struct probe *probe, bool yes)
{
	probe_drop(probe);
	return yes ? PROBE_YES : PROBE_NO;
}

enum probe_result probe_start(struct probe *probe, const struct spec *spec,
			      const struct sockaddr *address, socklen_t len, int64_t now)
{
	*probe = (struct probe){.spec = spec, .until = ns_add(now, PROBE_LIMIT_NS)};
	probe->fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe->fd < 0)
		return finish(probe, false);
	/* A unix socket with a full queue says EAGAIN: somebody is there, and busy. */
	if (connect(probe->fd, address, len) == 0)
		probe->connected = true;
	else if (errno != EINPROGRESS)
		return finish(probe, false);
	return probe->connected ? probe_step(probe, now) : PROBE_WAIT;
}

struct pollfd probe_poll(const struct probe *probe)
{
	return (struct pollfd){.fd = probe->fd, .events = probe->asked ? POLLIN : POLLOUT};
}

static bool is_connected(struct probe *probe)
{
	socklen_t len = sizeof(int);
	int err = 0;

	probe->connected = getsockopt(probe->fd, SOL_SOCKET, SO_ERROR, &err, &len) == 0 && err == 0;
	return probe->connected;
}

/* A request is far smaller than a socket's buffer: it goes in one piece or not at all. */
static bool ask(struct probe *probe)
{
	char request[ANSWER_REQUEST_MAX];
	size_t len = answer_request(probe->spec, request);

	probe->asked = len > 0 &&
		       send(probe->fd, request, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
	return probe->asked;
}

static enum probe_result hear(struct probe *probe)
{
	ssize_t n = recv(probe->fd, probe->answer + probe->len, sizeof(probe->answer) - probe->len,
			 MSG_DONTWAIT);
	int status;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return PROBE_WAIT;
	if (n <= 0)
		return finish(probe, false);
	probe->len += (size_t)n;
	status = answer_status(probe->answer, probe->len);
	return status == 0 ? PROBE_WAIT : finish(probe, status > 0 && answer_is_ready(status));
}

static bool is_pending(const struct probe *probe)
{
	struct pollfd pfd = probe_poll(probe);

	return poll(&pfd, 1, 0) == 0;
}

enum probe_result probe_step(struct probe *probe, int64_t now)
{
	if (is_pending(probe))
		return now < probe->until ? PROBE_WAIT : finish(probe, false);
	if (!probe->connected && !is_connected(probe))
		return finish(probe, false);
	if (probe->spec->kind != SPEC_HTTP)
		return finish(probe, true);
	if (!probe->asked)
		return ask(probe) ? PROBE_WAIT : finish(probe, false);
	return hear(probe);
}

socklen_t probe_address(const char *host, uint16_t port, int family, struct sockaddr_storage *ret)
{
	const bool here = *host == '\0' || strcmp(host, "localhost") == 0;

	memset(ret, 0, sizeof(*ret));
	if (family == AF_INET) {
		struct sockaddr_in *in = (struct sockaddr_in *)ret;

		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		if (inet_pton(AF_INET, here ? "127.0.0.1" : host, &in->sin_addr) != 1)
			return 0;
		/* The address of all is reached as the one of this machine. */
		if (in->sin_addr.s_addr == INADDR_ANY)
			in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof(*in);
	}
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;

	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	if (inet_pton(AF_INET6, here ? "::1" : host, &in6->sin6_addr) != 1)
		return 0;
	if (IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr))
		in6->sin6_addr = in6addr_loopback;
	return sizeof(*in6);
}

socklen_t probe_path(const char *path, struct sockaddr_storage *ret)
{
	struct sockaddr_un *local = (struct sockaddr_un *)ret;

	memset(ret, 0, sizeof(*ret));
	local->sun_family = AF_UNIX;
	memcpy(local->sun_path, path, strnlen(path, sizeof(local->sun_path) - 1));
	return sizeof(*local);
}
