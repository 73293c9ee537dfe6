/* What the set has met, as events and messages. */
#include "news.h"

#include <errno.h>

#include "common/fd.h"
#include "common/num.h"
#include "common/say.h"

/* The value of a sysctl of inotify(7), or -1. */
static int64_t read_limit(const char *name)
{
	char text[64];
	int64_t value;
	ssize_t n = fd_read_file(-1, name, text, sizeof(text));

	if (n <= 0)
		return -1;
	text[n - (text[n - 1] == '\n')] = '\0';
	return num_parse(text, 0, INT64_MAX, &value) == 0 ? value : -1;
}

/* A limit was met: what it is, and what it would have to be. */
static void report_limit(struct events *events, const struct plan *plan, const struct watchset *set)
{
	const bool instances = set->news.limit_errno == EMFILE;
	const char *what =
		instances ? "fs.inotify.max_user_instances" : "fs.inotify.max_user_watches";
	int64_t value = read_limit(instances ? "/proc/sys/fs/inotify/max_user_instances"
					     : "/proc/sys/fs/inotify/max_user_watches");
	int64_t needed = instances ? value + 1 : value + (int64_t)set->polled;
	struct event event;

	if (!plan->quiet)
		say("%zu of %d directories are compared every 2s: %s is %lld, at least %lld is "
		    "needed"
		    " (sysctl -w %s=%lld)",
		    set->polled, set->dirs.live, what, (long long)value, (long long)needed, what,
		    (long long)needed * 2);
	if (!event_begin(&event, events, "limit"))
		return;
	json_text(&event.json, "what", what);
	json_int(&event.json, "value", value);
	json_int(&event.json, "needed", needed);
	json_int(&event.json, "polling", (int64_t)set->polled);
	event_send(&event, events);
}

static void report_path(struct events *events, const char *name, const char *path)
{
	struct event event;

	if (!event_begin(&event, events, name))
		return;
	json_text(&event.json, "path", path[0] ? path : ".");
	event_send(&event, events);
}

static void report_overflow(struct events *events, const struct plan *plan,
			    const struct watch_news *news)
{
	struct event event;

	if (plan->verbose)
		say("the kernel's event queue overflowed; listed everything again: %zu changes",
		    news->found);
	if (!event_begin(&event, events, "overflow"))
		return;
	json_int(&event.json, "found", (int64_t)news->found);
	json_ms(&event.json, "elapsed_ms", news->rescan_ns);
	event_send(&event, events);
}

/* A PATH has gone, or come back. */
static void report_root(struct events *events, const struct plan *plan, struct root *root)
{
	if (root->gone == root->told)
		return;
	root->told = root->gone;
	if (root->gone && !plan->quiet)
		say("'%s' has gone; waiting for it to come back", root->path);
	report_path(events, root->gone ? "gone" : "back", root->path);
}

void news_tell(struct events *events, const struct plan *plan, struct watchset *set)
{
	struct watch_news *news = &set->news;

	if (news->overflowed)
		report_overflow(events, plan, news);
	news->overflowed = false;
	/* The flag stays: once is enough. */
	if (news->limited && news->limit_errno != 0)
		report_limit(events, plan, set);
	news->limit_errno = 0;
	for (size_t i = 0; i < set->root_count; i++)
		report_root(events, plan, &set->roots[i]);
}
