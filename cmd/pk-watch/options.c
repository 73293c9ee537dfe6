/* The option table of pk-watch, and the options that are more than a value. */
#include "plan.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const char *const busy_policies[] = {[BUSY_QUEUE] = "queue",
					    [BUSY_RESTART] = "restart",
					    [BUSY_IGNORE] = "ignore",
					    [BUSY_SIGNAL] = "signal",
					    NULL};
static const char *const orphan_policies[] = {
	[ORPHANS_STOP] = "stop", [ORPHANS_WAIT] = "wait", [ORPHANS_LEAVE] = "leave", NULL};

static const struct kind_name {
	const char *name;
	enum kind kind;
} kind_names[] = {{"create", KIND_CREATE},
		  {"modify", KIND_MODIFY},
		  {"delete", KIND_DELETE},
		  {"attrib", KIND_ATTRIB}};

/* The next of a comma-separated list: its length, with *text moved behind it; 0 for an empty one. */
static size_t next_item(const char **text)
{
	size_t len = strcspn(*text, ",");

	*text += len + ((*text)[len] == ',');
	return len;
}

static const char *set_kinds(void *arg, const char *value)
{
	struct plan *plan = arg;
	unsigned kinds = 0;

	for (const char *item = value, *end = value; *item != '\0'; item = end) {
		size_t len = next_item(&end), i = 0;

		while (i < array_len(kind_names) && (strlen(kind_names[i].name) != len ||
						     memcmp(kind_names[i].name, item, len) != 0))
			i++;
		if (i == array_len(kind_names))
			return "a list of create, modify, delete, attrib";
		kinds |= kind_names[i].kind;
	}
	plan->kinds = kinds;
	return kinds ? NULL : "a list of create, modify, delete, attrib";
}

static int add_line(struct buf *lines, const char *before, const char *text, size_t len)
{
	int err = buf_add(lines, before, strlen(before));

	if (err >= 0)
		err = buf_add(lines, text, len);
	return err >= 0 ? buf_add(lines, "\n", 1) : err;
}

static const char *set_ext(void *arg, const char *value)
{
	struct plan *plan = arg;

	for (const char *item = value, *end = value; *item != '\0'; item = end) {
		size_t len = next_item(&end);

		if (len > 0 && *item == '.') {
			item++;
			len--;
		}
		if (len == 0 || memchr(item, '/', len) || memchr(item, '\n', len) ||
		    add_line(&plan->selects, "*.", item, len) < 0)
			return "file name endings, such as c,h or .md";
	}
	return *value != '\0' ? NULL : "file name endings, such as c,h or .md";
}

static const char *add_pattern(struct buf *lines, const char *value)
{
	if (*value == '\0' || strchr(value, '\n') ||
	    add_line(lines, *value == '#' ? "\\" : "", value, strlen(value)) < 0)
		return "a pattern as in .gitignore";
	return NULL;
}

static const char *set_filter(void *arg, const char *value)
{
	struct plan *plan = arg;

	return add_pattern(&plan->selects, value);
}

static const char *set_ignore(void *arg, const char *value)
{
	struct plan *plan = arg;

	return add_pattern(&plan->ignores, value);
}

#define AT(member) offsetof(struct plan, member)

/* clang-format off */
static const struct opt options[] = {
	{.kind = OPT_GROUP, .help = "When to act (250ms, 5s, 1.5m, 2h, 1d; a bare number is seconds)"},
	{.kind = OPT_DURATION, .letter = 'd', .name = "debounce", .arg = "DUR", .at = AT(debounce),
	 .help = "act when nothing changed for DUR; 0: on the first change (default: 50ms)"},
	{.kind = OPT_DURATION, .name = "max-wait", .arg = "DUR", .at = AT(max_wait),
	 .help = "longest time a change may be held back (default: 1s)"},
	{.kind = OPT_FLAG, .letter = 'p', .name = "postpone", .at = AT(postpone),
	 .help = "no run at the start: wait for a change"},
	{.kind = OPT_FLAG, .letter = '1', .name = "once", .at = AT(once),
	 .help = "wait for one batch, run (or print), exit with that status"},
	{.kind = OPT_DURATION, .letter = 'I', .name = "idle", .arg = "DUR", .at = AT(idle),
	 .help = "exit with 124 when no change comes for DUR (default: 0, no limit)"},
	{.kind = OPT_DURATION, .name = "every", .arg = "DUR", .at = AT(every),
	 .help = "run COMMAND every DUR too; without a PATH: only that"},
	{.kind = OPT_DURATION, .name = "jitter", .arg = "DUR", .at = AT(jitter),
	 .help = "delay each tick by a random time below DUR"},
	{.kind = OPT_FLAG, .name = "align", .at = AT(align),
	 .help = "ticks at round times of day (UTC)"},

	{.kind = OPT_GROUP, .help = "What to watch (patterns as in .gitignore)"},
	{.kind = OPT_CALL, .letter = 'e', .name = "ext", .arg = "LIST", .set = set_ext,
	 .help = "only files that end so: c,h; repeatable"},
	{.kind = OPT_CALL, .letter = 'f', .name = "filter", .arg = "GLOB", .set = set_filter,
	 .help = "only files that match; repeatable"},
	{.kind = OPT_CALL, .letter = 'i', .name = "ignore", .arg = "GLOB", .set = set_ignore,
	 .help = "not what matches; repeatable, !GLOB takes back"},
	{.kind = OPT_FLAG, .name = "no-ignore", .at = AT(no_ignore),
	 .help = "no .gitignore, .ignore, .git/info/exclude; watch also .git .hg .svn .jj node_modules"
		 " __pycache__ .DS_Store *.swp *.swx *~ .#* #*# 4913"},
	{.kind = OPT_FLAG, .name = "no-recursive", .at = AT(no_recursive),
	 .help = "only the directories named, not those below"},
	{.kind = OPT_FLAG, .letter = 'L', .name = "follow", .at = AT(follow),
	 .help = "follow symbolic links to directories, each directory once"},
	{.kind = OPT_CALL, .name = "kinds", .arg = "LIST", .set = set_kinds,
	 .help = "only these of create, modify, delete, attrib (default: all)"},
	{.kind = OPT_DURATION, .name = "poll", .arg = "DUR", .at = AT(poll),
	 .help = "no kernel events: compare every DUR"},

	{.kind = OPT_GROUP, .help = "Running COMMAND"},
	{.kind = OPT_CHOICE, .name = "on-busy", .arg = "HOW", .at = AT(on_busy), .choices = busy_policies,
	 .help = "a change while COMMAND runs: queue (one more run), restart, ignore, or signal: send it"
		 " -s (default: queue)"},
	{.kind = OPT_VALUE, .letter = 'r', .name = "restart", .at = AT(on_busy), .most = BUSY_RESTART,
	 .help = "the same as --on-busy=restart"},
	{.kind = OPT_DURATION, .letter = 't', .name = "timeout", .arg = "DUR", .at = AT(timeout),
	 .help = "stop a run after DUR; it counts as 124 (default: 0, no limit)"},
	{.kind = OPT_SIGNAL, .letter = 's', .name = "signal", .arg = "SIG", .at = AT(signal),
	 .help = "the stop signal, or the one of --on-busy=signal (default: TERM)"},
	{.kind = OPT_DURATION, .letter = 'k', .name = "kill-after", .arg = "DUR", .at = AT(kill_after),
	 .help = "grace period before SIGKILL; 0 kills at once, inf never (default: 5s)"},
	{.kind = OPT_CHOICE, .name = "orphans", .arg = "WHAT", .at = AT(orphans), .choices = orphan_policies,
	 .help = "what COMMAND leaves running when it exits: stop, wait or leave (default: stop)"},
	{.kind = OPT_FLAG, .name = "exit-on-error", .at = AT(exit_on_error),
	 .help = "exit with COMMAND's status when it is not 0"},
	{.kind = OPT_FLAG, .name = "paths-stdin", .at = AT(paths_stdin),
	 .help = "give the changed paths to COMMAND on its stdin"},
	{.kind = OPT_FLAG, .letter = 'c', .name = "clear", .at = AT(clear),
	 .help = "clear the terminal before each run"},

	{.kind = OPT_GROUP, .help = "Output and reports"},
	{.kind = OPT_FLAG, .letter = '0', .name = "null", .at = AT(null),
	 .help = "end each path with NUL, in PATHs read from stdin too"},
	{.kind = OPT_FLAG, .name = "json", .at = AT(json),
	 .help = "paths as JSON Lines: path, kind, type"},
	{.kind = OPT_FLAG, .name = "no-inherit", .at = AT(no_inherit),
	 .help = "do not obey $PK_DEADLINE, nor pass it on"},
	{.kind = OPT_TEXT, .name = "events", .arg = "DEST", .at = AT(events),
	 .help = "append lifecycle events as JSON Lines to a file or fd:N (default: $PK_EVENTS)"},
	{.kind = OPT_FLAG, .name = "events-argv", .at = AT(events_argv),
	 .help = "put all of argv into events; it may hold secrets"},
	{.kind = OPT_FLAG, .letter = 'v', .name = "verbose", .at = AT(verbose),
	 .help = "say why each run starts and each signal that is sent"},
	{.kind = OPT_FLAG, .letter = 'q', .name = "quiet", .at = AT(quiet),
	 .help = "say nothing but failures of pk-watch itself"},
	OPT_COMMON,
};

const struct opt_program plan_program = {
	.name = "pk-watch",
	.usage = "pk-watch [options] [PATH...] [-- COMMAND [ARG...]]\n",
	.purpose = "Run COMMAND when files change, once things settle, and never twice at once;\n"
		   "without COMMAND print the changed paths. PATH defaults to '.'; '-' reads PATHs\n"
		   "from stdin. A lone {} among ARGs becomes the changed paths. SIGUSR1: run now.\n",
	.options = options,
	.count = array_len(options),
	.tail = "Exit status: COMMAND's own with -1 or --exit-on-error; 0 printed (-1);\n"
		"  124 nothing changed (-I), a run over -t, or the inherited deadline;\n"
		"  125 pk-watch failed; 126 cannot be executed; 127 not found; 128+N signal N\n"
		"\n"
		"Examples:\n"
		"  pk-watch src -- make\n"
		"  pk-watch -r -e py,html -- python3 -m http.server 8080\n"
		"  pk-watch -0 docs | xargs -0 -n 1 echo changed:",
};
/* clang-format on */
