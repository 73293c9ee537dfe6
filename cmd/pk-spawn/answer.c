/* One request, and the first line of its answer. */
#include "answer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int answer_status(const char *bytes, size_t len)
{
	static const char form[] = "HTTP/1.n nnn"; /* n is a digit */
	int status = 0;

	_Static_assert(sizeof(form) - 1 == ANSWER_ENOUGH, "the form is what is enough");
	for (size_t i = 0; i < ANSWER_ENOUGH; i++) {
		if (i == len)
			return 0;
		if (form[i] == 'n' ? !is_digit(bytes[i]) : bytes[i] != form[i])
			return -EINVAL;
		if (i >= 9)
			status = 10 * status + (bytes[i] - '0');
	}
	if (len > ANSWER_ENOUGH && is_digit(bytes[ANSWER_ENOUGH]))
		return -EINVAL;
	return status < 100 ? -EINVAL : status;
}

bool answer_is_ready(int status)
{
	return status >= 200 && status < 400;
}

size_t answer_request(const struct spec *spec, char text[static ANSWER_REQUEST_MAX])
{
	const bool v6 = strchr(spec->host, ':') != NULL;
	int len = snprintf(text, ANSWER_REQUEST_MAX,
			   "GET %s HTTP/1.1\r\nHost: %s%s%s:%u\r\nUser-Agent: pk-spawn\r\n"
			   "Accept: */*\r\nConnection: close\r\n\r\n",
			   *spec->rest ? spec->rest : "/", v6 ? "[" : "", spec->host, v6 ? "]" : "",
			   spec->port);

	return len > 0 && len < ANSWER_REQUEST_MAX ? (size_t)len : 0;
}
