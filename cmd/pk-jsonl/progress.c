/* How far a long reading has come, for somebody who looks. */
#include "progress.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/say.h"

#define ERASE "\r\033[K"

/* A job in the background would be stopped by `stty tostop`, and nobody would look. */
static bool is_watched(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0 &&
	       tcgetpgrp(STDERR_FILENO) == getpgrp();
}

void progress_begin(struct progress *progress, char *const *files, int count)
{
	int64_t total = 0;

	*progress = (struct progress){0};
	if (!is_watched())
		return;
	for (int i = 0; i < count; i++) {
		struct stat st;

		if (stat(files[i], &st) == 0 && S_ISREG(st.st_mode))
			total += st.st_size;
		else if (access(files[i], F_OK) == 0 || strcmp(files[i], "-") == 0)
			return;
	}
	progress->total = total;
	progress->begun = now_ns();
	progress->next = progress->begun + PROGRESS_WAIT;
}

static void put_size(char text[static 16], double bytes)
{
	static const char units[] = "\0KMGTPE";
	size_t unit = 0;

	for (; bytes >= 1000 && unit < sizeof(units) - 2; unit++)
		bytes /= 1024;
	(void)snprintf(text, 16, "%.*f%s", unit > 0 && bytes < 100, bytes,
		       (char[]){units[unit], '\0'});
}

int progress_text(char text[static PROGRESS_MAX], int64_t bytes, int64_t total, int64_t elapsed)
{
	const double speed = (double)bytes * (double)NS_PER_S / (double)(elapsed > 0 ? elapsed : 1);
	const double rest = bytes > 0 && total > bytes ? (double)(total - bytes) / speed : 0;
	char left[NS_TEXT_MAX], done[16], all[16], rate[16];

	ns_format(left, rest < 1e9 ? ((int64_t)rest + 1) * NS_PER_S : NS_NEVER);
	put_size(done, (double)bytes);
	put_size(all, (double)total);
	put_size(rate, speed);
	return snprintf(text, PROGRESS_MAX, "%s of %s (%.0f%%), %s/s, %s left", done, all,
			total > bytes ? 100.0 * (double)bytes / (double)total : 100.0, rate, left);
}

static void show(struct progress *progress, int64_t bytes, int64_t now)
{
	struct pollfd pfd = {.fd = STDERR_FILENO, .events = POLLOUT};
	char line[PROGRESS_MAX + 64], text[PROGRESS_MAX];
	int len;

	(void)progress_text(text, bytes, progress->total, now - progress->begun);
	len = snprintf(line, sizeof(line), ERASE "%s: %s", say_program_name(), text);
	/* A courtesy: a terminal that has been stopped is not waited for. */
	if (poll(&pfd, 1, 0) != 1 || !(pfd.revents & POLLOUT))
		return;
	(void)!write(STDERR_FILENO, line, (size_t)len);
	progress->shown = true;
}

void progress_update(struct progress *progress, int64_t bytes)
{
	int64_t now;

	if (progress->total == 0)
		return;
	now = now_ns();
	if (now < progress->next)
		return;
	show(progress, bytes, now);
	progress->next = now + PROGRESS_STEP;
}

void progress_hide(struct progress *progress)
{
	if (progress->shown)
		(void)!write(STDERR_FILENO, ERASE, sizeof(ERASE) - 1);
	progress->shown = false;
}
