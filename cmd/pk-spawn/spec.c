/* What --ready and --wait-for mean. */
#include "spec.h"

#include <arpa/inet.h>
#include <string.h>

#include "common/num.h"

#define OUTER_FORMS "tcp:[HOST:]PORT, unix:PATH, http://HOST:PORT/PATH, file:PATH or exec:CMD"
#define INNER_FORMS                                                                                \
	"tcp:[HOST:]PORT, unix:PATH, http://HOST:PORT/PATH, line:ERE, fd:N, notify, file:PATH or " \
	"exec:CMD"

static const char *const names[] = {
	[SPEC_TCP] = "tcp", [SPEC_UNIX] = "unix", [SPEC_HTTP] = "http",	    [SPEC_LINE] = "line",
	[SPEC_FD] = "fd",   [SPEC_FILE] = "file", [SPEC_NOTIFY] = "notify", [SPEC_EXEC] = "exec",
};

const char *spec_kind_name(enum spec_kind kind)
{
	return names[kind];
}

static bool copy_host(struct spec *spec, const char *host, size_t len)
{
	if (len == 0 || len >= sizeof(spec->host))
		return false;
	memcpy(spec->host, host, len);
	spec->host[len] = '\0';
	/* Anything else is no name, and would be sent in a request's head. */
	return strspn(spec->host,
		      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:%") == len;
}

static bool parse_port(struct spec *spec, const char *text, size_t len)
{
	char digits[8];
	int64_t port;

	if (len == 0 || len >= sizeof(digits))
		return false;
	memcpy(digits, text, len);
	digits[len] = '\0';
	if (num_parse(digits, 1, 65535, &port) < 0)
		return false;
	spec->port = (uint16_t)port;
	return true;
}

/* HOST:PORT, [IPV6]:PORT; without a port the one that is set already, if any. */
static bool parse_place(struct spec *spec, const char *text, size_t len)
{
	const char *end = text + len, *host = text, *host_end;

	if (len > 0 && *text == '[') {
		host = text + 1;
		host_end = memchr(host, ']', (size_t)(end - host));
		if (!host_end)
			return false;
		text = host_end + 1;
	} else {
		host_end = memchr(text, ':', len);
		if (!host_end)
			host_end = end;
		text = host_end;
	}
	if (!copy_host(spec, host, (size_t)(host_end - host)))
		return false;
	if (text == end)
		return spec->port != 0;
	return *text == ':' && parse_port(spec, text + 1, (size_t)(end - text - 1));
}

static bool parse_tcp(struct spec *spec)
{
	const size_t len = strlen(spec->rest);

	return memchr(spec->rest, ':', len) ? parse_place(spec, spec->rest, len)
					    : parse_port(spec, spec->rest, len);
}

static bool parse_http(struct spec *spec)
{
	const char *place = spec->rest;
	size_t len;

	if (strncmp(place, "//", 2) != 0)
		return false;
	place += 2;
	len = strcspn(place, "/?#");
	spec->port = 80;
	spec->rest = place + len;
	/* The request's head is lines of words: a blank or a control byte would end the word or the line. */
	for (const char *at = spec->rest; *at; at++)
		if ((unsigned char)*at <= ' ' || *at == 0x7f)
			return false;
	return (*spec->rest == '\0' || *spec->rest == '/') && parse_place(spec, place, len);
}

static bool parse_fd(struct spec *spec)
{
	int64_t fd;

	if (num_parse(spec->rest, 3, 1023, &fd) < 0)
		return false;
	spec->fd = (int)fd;
	return true;
}

static bool parse_rest(struct spec *spec)
{
	switch (spec->kind) {
	case SPEC_TCP:
		return parse_tcp(spec);
	case SPEC_HTTP:
		return parse_http(spec);
	case SPEC_FD:
		return parse_fd(spec);
	case SPEC_NOTIFY:
		return *spec->rest == '\0';
	case SPEC_UNIX:
		/* sun_path of unix(7) */
		return *spec->rest != '\0' && strlen(spec->rest) < 108;
	case SPEC_LINE:
	case SPEC_FILE:
	case SPEC_EXEC:
		return *spec->rest != '\0';
	}
	return false;
}

static bool is_inner(enum spec_kind kind)
{
	return kind == SPEC_LINE || kind == SPEC_FD || kind == SPEC_NOTIFY;
}

/* Where our own server can be found without asking anybody. */
static bool is_here(const char *host)
{
	unsigned char address[16];

	return *host == '\0' || strcmp(host, "localhost") == 0 ||
	       inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

const char *spec_parse(struct spec *ret, const char *text, bool foreign)
{
	const char *forms = foreign ? OUTER_FORMS : INNER_FORMS;
	struct spec spec = {.text = text};
	size_t len = strcspn(text, ":");
	int kind = 0;

	while (kind <= SPEC_EXEC &&
	       (strlen(names[kind]) != len || memcmp(names[kind], text, len) != 0))
		kind++;
	if (kind > SPEC_EXEC)
		return forms;
	spec.kind = (enum spec_kind)kind;
	if ((spec.kind == SPEC_NOTIFY) != (text[len] == '\0'))
		return forms;
	spec.rest = text + len + (text[len] == ':');
	if ((foreign && is_inner(spec.kind)) || !parse_rest(&spec))
		return forms;
	if (!foreign && !is_here(spec.host))
		return "HOST to be localhost or an address: it is about a server that is started "
		       "here";
	*ret = spec;
	return NULL;
}
