/* The command line: what the options, the operands and the list on stdin come to. */
#include "plan.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/program.h"
#include "common/say.h"
#include "common/status.h"

#define DEFAULT_GRACE (5 * NS_PER_S)
#define PATTERNS_MAX (1 << 20)
#define LIST_MAX (256 << 20)

static bool mistake(int *ret_status)
{
	*ret_status = STATUS_OWN;
	return false;
}

/* Read all of stdin into list, NUL at its end. */
static int read_list(struct buf *list)
{
	for (;;) {
		ssize_t n;
		int err = buf_reserve(list, 65536);

		if (err < 0)
			return err;
		n = fd_read_full(STDIN_FILENO, list->bytes + list->len, 65535);
		if (n < 0)
			return (int)n;
		list->len += (size_t)n;
		if (n < 65535)
			break;
	}
	list->bytes[list->len] = '\0';
	return 0;
}

/* Cut the list at its separators; pass NULL to count. Empty names are passed over. */
static size_t cut_list(const struct buf *list, char separator, char **ret_paths)
{
	size_t count = 0;

	for (char *at = list->bytes, *end; at < list->bytes + list->len; at = end + 1) {
		end = memchr(at, separator, (size_t)(list->bytes + list->len - at));
		if (!end)
			end = list->bytes + list->len;
		if (end > at && ret_paths) {
			*end = '\0';
			ret_paths[count] = at;
		}
		count += end > at;
	}
	return count;
}

/* The PATHs: those of argv, with a `-` replaced by the list on stdin. */
static int take_paths(struct plan *plan, char **args, size_t count)
{
	const char separator = plan->null ? '\0' : '\n';
	size_t listed = 0;
	int err;

	for (size_t i = 0; i < count && plan->list.len == 0; i++) {
		err = strcmp(args[i], "-") == 0 ? read_list(&plan->list) : 0;
		if (err < 0)
			return err;
	}
	if (plan->list.bytes)
		listed = cut_list(&plan->list, separator, NULL);
	plan->paths = calloc(count + listed + 2, sizeof(*plan->paths));
	if (!plan->paths)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(args[i], "-") != 0)
			plan->paths[plan->path_count++] = args[i];
		else if (listed > 0)
			plan->path_count +=
				cut_list(&plan->list, separator, plan->paths + plan->path_count);
		listed = strcmp(args[i], "-") == 0 ? 0 : listed;
	}
	return 0;
}

/* Options that make sense only with another one, or with a command. */
static bool is_consistent(const struct plan *plan)
{
	const struct {
		bool wrong;
		const char *why;
	} rules[] = {
		{plan->null && plan->json, "'--null' and '--json' exclude each other"},
		{plan->jitter > 0 && plan->every == 0, "'--jitter' needs '--every'"},
		{plan->align && plan->every == 0, "'--align' needs '--every'"},
		{plan->every > 0 && plan->jitter > plan->every,
		 "'--jitter' is longer than '--every'"},
		{plan->every == NS_NEVER, "'--every' needs a finite duration"},
		{plan->every > 0 && plan->every < NS_PER_MS, "'--every' is shorter than 1ms"},
		{plan->every > 0 && !plan->command, "'--every' needs a command"},
		{plan->poll > 0 && plan->poll < NS_PER_MS, "'--poll' is shorter than 1ms"},
		{plan->paths_stdin && !plan->command, "'--paths-stdin' needs a command"},
		{plan->exit_on_error && !plan->command, "'--exit-on-error' needs a command"},
	};

	for (size_t i = 0; i < array_len(rules); i++) {
		if (rules[i].wrong) {
			say_usage("%s", rules[i].why);
			return false;
		}
	}
	return true;
}

static bool check_paths(struct plan *plan, bool given)
{
	for (char **path = plan->paths; path && *path; path++) {
		if ((*path)[0] == '\0') {
			say_usage("a PATH is empty");
			return false;
		}
	}
	if (given && plan->path_count == 0) {
		say_usage("no PATH on stdin");
		return false;
	}
	/* Without a PATH: the current directory, and its name is not put before the paths. */
	if (!given && plan->every == 0)
		plan->paths[plan->path_count++] = (char *)(uintptr_t) "";
	return true;
}

/* Where PATHs end: at the `--` that starts COMMAND. Without one, all operands are PATHs. */
static int find_command(int argc, char **argv, int first)
{
	/* getopt has passed over a `--` that stands before any operand. */
	if (first > 1 && strcmp(argv[first - 1], "--") == 0)
		return first - 1;
	for (int i = first; i < argc; i++)
		if (strcmp(argv[i], "--") == 0)
			return i;
	return argc;
}

/* The grace period of -k, or the default. */
static int64_t grace(const struct plan *plan)
{
	return plan->kill_after == PLAN_GRACE_UNSET ? DEFAULT_GRACE : plan->kill_after;
}

bool plan_parse(struct plan *plan, int argc, char **argv, int *ret_status)
{
	int first, end, err;

	*plan = (struct plan){
		.debounce = 50 * NS_PER_MS,
		.max_wait = NS_PER_S,
		.kill_after = PLAN_GRACE_UNSET,
		.signal = SIGTERM,
		.kinds = KIND_ALL,
		.ignores = {.cap = PATTERNS_MAX},
		.selects = {.cap = PATTERNS_MAX},
		.list = {.cap = LIST_MAX},
	};
	first = opt_parse(&plan_program, argc, argv, plan, ret_status);
	if (first < 0)
		return false;
	end = find_command(argc, argv, first);
	if (end < argc && end + 1 == argc) {
		say_usage("no command after '--'");
		return mistake(ret_status);
	}
	if (end < argc)
		plan->command = argv + end + 1;
	plan->postpone |= plan->once;
	if (!is_consistent(plan))
		return mistake(ret_status);
	err = take_paths(plan, argv + first, end > first ? (size_t)(end - first) : 0);
	if (err < 0) {
		say_errno(err, "cannot read the list of paths from stdin");
		return mistake(ret_status);
	}
	if (!check_paths(plan, end > first))
		return mistake(ret_status);
	return program_deadline(&plan->inherited, grace(plan), plan->no_inherit, plan->quiet) ||
	       mistake(ret_status);
}

void plan_drop(struct plan *plan)
{
	free(plan->paths);
	plan->paths = NULL;
	buf_drop(&plan->ignores);
	buf_drop(&plan->selects);
	buf_drop(&plan->list);
}

struct stop_policy plan_policy(const struct plan *plan, bool is_init)
{
	const bool unset = plan->kill_after == PLAN_GRACE_UNSET;

	struct stop_policy policy = {
		.timeout = plan->timeout == NS_NEVER ? 0 : plan->timeout,
		.deadline = NS_NEVER,
		.grace = grace(plan),
		.signal = plan->on_busy == BUSY_SIGNAL ? SIGTERM : plan->signal,
		.patient = is_init && unset,
		.orphans = (enum orphans)plan->orphans,
	};

	stop_inherit(&policy, &plan->inherited);
	return policy;
}

enum format plan_format(const struct plan *plan)
{
	return plan->json ? FORMAT_JSON : plan->null ? FORMAT_NULL : FORMAT_LINES;
}
