/* Messages on stderr: one escaped line, one write. */
#include "common/say.h"

#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/utf8.h"

/* A line fits into a pipe that has room at all (PIPE_BUF), so it is written whole. */
#define TEXT_MAX 4000
#define LINE_MAX_ESCAPED 4096

static const char *program = "pk";
static int patience_ms = -1;

void say_program(const char *name)
{
	program = name;
}

void say_patience(int ms)
{
	patience_ms = ms;
}

const char *say_program_name(void)
{
	return program;
}

/* Escape text into line, leaving room for the newline; what does not fit is left out. */
static size_t escape(char line[static LINE_MAX_ESCAPED], const char *text, size_t len)
{
	size_t out = 0;

	for (size_t i = 0; i < len && out + 8 < LINE_MAX_ESCAPED;) {
		size_t n = utf8_shown(text + i, len - i);

		if (n == 0) {
			out += (size_t)snprintf(line + out, LINE_MAX_ESCAPED - out, "\\x%02x",
						(unsigned char)text[i]);
			i++;
			continue;
		}
		memcpy(line + out, text + i, n);
		out += n;
		i += n;
	}
	return out;
}

/*
 * Write without ever blocking. A pipe is opened anew for an open file description that may be made
 * non-blocking, the caller's being shared; for the rest poll(2) has to do.
 */
static void write_soon(const char *line, size_t len)
{
	scoped(fd_drop) int own = -1;
	struct pollfd pfd = {.fd = STDERR_FILENO, .events = POLLOUT};
	struct stat st;

	if (fstat(STDERR_FILENO, &st) == 0 && S_ISFIFO(st.st_mode))
		own = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (own >= 0)
		pfd.fd = own;
	/* Only time that has run out loses the line: a poll that failed says nothing about stderr. */
	if (poll(&pfd, 1, patience_ms) != 0)
		(void)!write(pfd.fd, line, len);
}

static void say_line(const char *text, size_t len)
{
	char line[LINE_MAX_ESCAPED];
	size_t end = escape(line, text, len);

	line[end++] = '\n';
	/* Nobody is left to be told that stderr does not work. */
	if (patience_ms < 0)
		(void)!fd_write_full(STDERR_FILENO, line, end);
	else
		write_soon(line, end);
}

printf_like(2, 0) static void say_list(int err, const char *format, va_list list)
{
	char text[TEXT_MAX];
	size_t len = (size_t)snprintf(text, sizeof(text), "%s: ", program);
	int n = vsnprintf(text + len, sizeof(text) - len, format, list);

	if (n > 0)
		len += (size_t)n < sizeof(text) - len ? (size_t)n : sizeof(text) - len - 1;
	if (err) {
		n = snprintf(text + len, sizeof(text) - len, ": %s", strerror(abs(err)));
		if (n > 0)
			len += (size_t)n < sizeof(text) - len ? (size_t)n : sizeof(text) - len - 1;
	}
	say_line(text, len);
}

void say(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	say_list(0, format, list);
	va_end(list);
}

void say_errno(int err, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	say_list(err, format, list);
	va_end(list);
}

void say_usage(const char *format, ...)
{
	char hint[128];
	va_list list;
	int len = snprintf(hint, sizeof(hint), "Try '%s --help'.", program);

	va_start(list, format);
	say_list(0, format, list);
	va_end(list);
	say_line(hint, (size_t)len);
}
