/* The progress line. */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/say.h"
#include "common/utf8.h"

#define COLUMNS_ELSE 80

/* How many columns the text takes: each character one, as names mostly do. */
static size_t width_of(const char *text, size_t len)
{
	size_t width = 0;

	for (size_t at = 0; at < len; width++) {
		size_t n = utf8_len(text + at, len - at);

		at += n > 0 ? n : 1;
	}
	return width;
}

/* Append a part, unless it would pass the last column. */
static size_t add(char text[static PROGRESS_TEXT_MAX], size_t len, size_t columns, const char *part)
{
	const size_t n = strlen(part);

	if (len + n >= PROGRESS_TEXT_MAX ||
	    width_of(text, len) + width_of(part, n) > (columns > 0 ? columns - 1 : 0))
		return len;
	memcpy(text + len, part, n + 1);
	return len + n;
}

/* A time for people: whole seconds from one on. */
static void format_time(char text[static NS_TEXT_MAX], int64_t ns)
{
	ns_format(text, ns < NS_PER_S ? ns : ns / NS_PER_S * NS_PER_S);
}

static size_t add_rate(char text[static PROGRESS_TEXT_MAX], size_t len, size_t columns,
		       const struct progress_view *view)
{
	const double seconds = (double)view->elapsed / (double)NS_PER_S;
	char part[64], left[NS_TEXT_MAX];

	if (view->done == 0 || seconds <= 0)
		return len;
	(void)snprintf(part, sizeof(part), ", %.1f/s", (double)view->done / seconds);
	len = add(text, len, columns, part);
	if (view->total < view->done)
		return len;
	format_time(left, (int64_t)((double)(view->total - view->done) * seconds /
				    (double)view->done * (double)NS_PER_S));
	(void)snprintf(part, sizeof(part), ", %s left", left);
	return add(text, len, columns, part);
}

/* A name must not move the cursor. */
static void show_name(char shown[static TALLY_NAME_MAX], const char *name)
{
	size_t len = strnlen(name, TALLY_NAME_MAX - 1), n;

	memcpy(shown, name, len);
	shown[len] = '\0';
	for (size_t at = 0; at<len; at += n> 0 ? n : 1) {
		n = utf8_shown(shown + at, len - at);
		if (n == 0)
			shown[at] = '?';
	}
}

size_t progress_text(char text[static PROGRESS_TEXT_MAX], const struct progress_view *view,
		     size_t columns)
{
	char part[TALLY_NAME_MAX + 64], name[TALLY_NAME_MAX], age[NS_TEXT_MAX];
	size_t len = 0;

	text[0] = '\0';
	if (view->total >= 0)
		(void)snprintf(part, sizeof(part), "%" PRId64 "/%" PRId64 " done", view->done,
			       view->total);
	else
		(void)snprintf(part, sizeof(part), "%" PRId64 " done", view->done);
	len = add(text, len, columns, part);
	if (view->failed > 0) {
		(void)snprintf(part, sizeof(part), ", %" PRId64 " failed", view->failed);
		len = add(text, len, columns, part);
	}
	(void)snprintf(part, sizeof(part), ", %" PRId64 " running", view->running);
	len = add(text, len, columns, part);
	len = add_rate(text, len, columns, view);
	if (!view->slowest)
		return len;
	show_name(name, view->slowest);
	format_time(age, view->slowest_ns);
	(void)snprintf(part, sizeof(part), ", slowest '%s' %s", name, age);
	return add(text, len, columns, part);
}

void progress_start(struct progress *progress, enum progress_style style, int64_t now)
{
	const char *term = getenv("TERM");
	const bool terminal = isatty(STDERR_FILENO) && !(term && strcmp(term, "dumb") == 0);

	*progress = (struct progress){.style = style, .started = now};
	if (style == PROGRESS_LINE && !terminal)
		progress->style = PROGRESS_OFF;
	progress->due = ns_add(now, progress->style == PROGRESS_PLAIN ? PROGRESS_PLAIN_NS
								      : PROGRESS_LINE_NS);
}

int64_t progress_due(const struct progress *progress)
{
	return progress->style == PROGRESS_OFF ? NS_NEVER : progress->due;
}

/* The width as it is now: a resize is met by the next line. */
static size_t columns_now(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col
									       : COLUMNS_ELSE;
}

/* One write: the old line is overwritten and its rest erased, so that nothing flickers (ECMA-48 EL). */
static void draw(struct progress *progress, const struct progress_view *view)
{
	char text[PROGRESS_TEXT_MAX], line[PROGRESS_TEXT_MAX + 8];
	size_t len = progress_text(text, view, columns_now());
	int n = snprintf(line, sizeof(line), "\r%.*s\033[K", (int)len, text);

	/* Nobody depends on it. */
	(void)!fd_write_full(STDERR_FILENO, line, (size_t)n);
	progress->drawn = true;
}

void progress_show(struct progress *progress, const struct progress_view *view, int64_t now)
{
	char text[PROGRESS_TEXT_MAX];

	if (now < progress_due(progress))
		return;
	if (progress->style == PROGRESS_PLAIN) {
		(void)progress_text(text, view, PROGRESS_TEXT_MAX);
		say("%s", text);
		progress->due = ns_add(now, PROGRESS_PLAIN_NS);
		return;
	}
	draw(progress, view);
	progress->due = ns_add(now, PROGRESS_LINE_NS);
}

void progress_erase(struct progress *progress)
{
	static const char erase[] = "\r\033[K";

	if (progress->drawn)
		(void)!fd_write_full(STDERR_FILENO, erase, sizeof(erase) - 1);
	progress->drawn = false;
}
