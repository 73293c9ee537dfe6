#include "tests/lib/pty.h"

#include "tests/check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

void pty_close(struct pty *pty)
{
	if (pty->fd >= 0)
		(void)close(pty->fd); /* nothing is buffered there */
	pty->fd = -1;
}

static int drop_pty(void *arg)
{
	struct pty *pty = arg;

	pty_close(pty);
	free(pty->text);
	free(pty);
	return 0;
}

struct pty *pty_start(const char *const argv[], const struct how *how)
{
	struct how on_terminal = how != NULL ? *how : (struct how){0};
	struct pty *pty = calloc(1, sizeof(*pty));
	char name[128];

	assert_non_null(pty);
	pty->text = calloc(1, 1);
	pty->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(pty->fd >= 0);
	test_at_end(drop_pty, pty);
	assert_int_equal(grantpt(pty->fd), 0);
	assert_int_equal(unlockpt(pty->fd), 0);
	assert_int_equal(ptsname_r(pty->fd, name, sizeof(name)), 0);
	pty_resize(pty, 24, 80);
	on_terminal.terminal = name;
	pty->run = start(argv, &on_terminal);
	assert_int_equal(fcntl(pty->fd, F_SETFL, O_NONBLOCK), 0);
	return pty;
}

/* Take what is there; false when nobody holds the terminal any more (EIO). */
static bool take(struct pty *pty)
{
	char bytes[4096];
	ssize_t got;

	while ((got = read(pty->fd, bytes, sizeof(bytes))) > 0) {
		char *text = realloc(pty->text, pty->length + (size_t)got + 1);
		assert_non_null(text);
		memcpy(text + pty->length, bytes, (size_t)got);
		pty->length += (size_t)got;
		text[pty->length] = '\0';
		pty->text = text;
	}
	return got < 0 && errno == EAGAIN;
}

static void give_up(struct pty *pty, const char *why, const char *wanted)
{
	print_error("terminal, expected text behind byte %zu:\n%s\n--\n", pty->seen, pty->text);
	(void)test_living(1);
	test_kill();
	fail_msg("%s '%s'", why, wanted);
}

/* Wait until there is something to read, or the program (ended is set) is over. A terminal that
 * nobody holds (gone) would be readable all the time. */
static void wait_some(struct pty *pty, bool gone, const char *wanted, bool *ended)
{
	struct pollfd fds[] = {{.fd = gone ? -1 : pty->fd, .events = POLLIN},
			       {.fd = pty->run->pidfd, .events = POLLIN}};
	int64_t left = run_deadline(pty->run) - run_now();
	struct timespec wait = {left / 1000000000, left % 1000000000};

	if (left <= 0 || ppoll(fds, 2, &wait, NULL) == 0)
		give_up(pty, "time limit, waiting for", wanted);
	*ended = fds[1].revents != 0;
}

void pty_keys(struct pty *pty, const char *keys)
{
	assert_int_equal(write(pty->fd, keys, strlen(keys)), strlen(keys));
}

void pty_expect(struct pty *pty, const char *text)
{
	bool ended = false;

	for (;;) {
		bool gone = !take(pty);
		char *at = strstr(pty->text + pty->seen, text);
		if (at != NULL) {
			pty->seen = (size_t)(at - pty->text) + strlen(text);
			return;
		}
		if (ended)
			give_up(pty, "ended without", text);
		wait_some(pty, gone, text, &ended);
	}
}

void pty_finish(struct pty *pty)
{
	bool ended = false;

	while (!ended)
		wait_some(pty, !take(pty), "the end", &ended);
	(void)take(pty);
	finish(pty->run);
}

void pty_resize(struct pty *pty, unsigned short rows, unsigned short columns)
{
	struct winsize size = {.ws_row = rows, .ws_col = columns};

	assert_int_equal(ioctl(pty->fd, TIOCSWINSZ, &size), 0);
}

struct termios pty_modes(struct pty *pty)
{
	struct termios modes;

	assert_int_equal(tcgetattr(pty->fd, &modes), 0);
	return modes;
}

pid_t pty_foreground(struct pty *pty)
{
	pid_t group = -1;

	assert_int_equal(ioctl(pty->fd, TIOCGPGRP, &group), 0);
	return group;
}
