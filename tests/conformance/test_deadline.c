/*
 * PK_DEADLINE over the whole family: who is told, who obeys, who ends first and with what.
 */
#include "tests/check.h"
#include "tests/lib/events.h"
#include "tests/lib/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base.h"

#define FOREIGN "PK_DEADLINE=123456@00000000-0000-0000-0000-000000000000/2246a974f89c70ce"

/* The wrappers in front of a command, with limits of their own where they have any. */
static const char *const *const wrappers[] = {
	ARGV("pk-spawn"),
	ARGV("pk-retry", "-n", "1"),
	ARGV("pk-watch", "-1", "--every", "1ms", "--"),
	ARGV("pk-atomic-write", "out", "--"),
	ARGV("pk-handles", "--"),
};

/* The wrapper's argv with an option behind its name and a command at its end. */
static const char *const *with(const char *const *wrapper, const char *option,
			       const char *const *command)
{
	const char **argv = test_keep(calloc(16, sizeof(*argv)));
	size_t n = 0;

	argv[n++] = wrapper[0];
	if (option)
		argv[n++] = option;
	for (size_t i = 1; wrapper[i]; i++)
		argv[n++] = wrapper[i];
	for (size_t i = 0; command[i]; i++)
		argv[n++] = command[i];
	return argv;
}

static void a_command_is_told_its_limit(void **state)
{
	const char *const *const limited[] = {
		ARGV("pk-spawn", "-t", "1h", "printenv", "PK_DEADLINE"),
		ARGV("pk-spawn", "-D", "1h", "printenv", "PK_DEADLINE"),
		ARGV("pk-retry", "-t", "1h", "printenv", "PK_DEADLINE"),
		ARGV("pk-retry", "-D", "1h", "printenv", "PK_DEADLINE"),
		ARGV("pk-watch", "-1", "--every", "1ms", "-t", "1h", "--", "printenv",
		     "PK_DEADLINE"),
	};

	(void)state;
	for (size_t i = 0; i < array_len(limited); i++) {
		struct run *r = run(limited[i], NULL);

		assert_status(r, 0);
		assert_has(r->out, "@");
	}
}

static void without_limits_nobody_is_told_anything(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_len(wrappers); i++) {
		struct run *r = run(
			with(wrappers[i], NULL, ARGV("sh", "-c", "! printenv PK_DEADLINE")), NULL);

		assert_status(r, 0);
	}
}

static void every_wrapper_ends_its_command_in_time(void **state)
{
	const char *events = events_path();

	(void)state;
	for (size_t i = 0; i < array_len(wrappers); i++) {
		struct run *r =
			run(with(wrappers[i], NULL, ARGV("sleep", "1000")),
			    HOW(.env = {"PK_DEADLINE=+400ms", test_text("PK_EVENTS=%s", events)}));

		const char *line;

		assert_status(r, 124);
		line = event_wait_nth(events, "timeout", (unsigned)i + 1);
		assert_string_equal(event_text(line, "kind"), "inherited");
		assert_false(event_has(line, "from"));
	}
}

static void a_limit_of_its_own_that_comes_first_keeps_its_name(void **state)
{
	const char *events = events_path();
	struct run *r = run(ARGV("pk-spawn", "--events", events, "-t", "50ms", "sleep", "1000"),
			    HOW(.env = {"PK_DEADLINE=+1h"}));

	(void)state;
	assert_status(r, 124);
	assert_string_equal(event_text(event_find(events, "timeout"), "kind"), "timeout");
	assert_has(r->err, "timed out after 50ms\n");
}

static void who_only_waits_ends_too(void **state)
{
	struct run *r;

	(void)state;
	r = run(ARGV("pk-watch", "--no-recursive"), HOW(.env = {"PK_DEADLINE=+200ms"}));
	assert_status(r, 124);
	assert_has(r->err, "(inherited deadline)");
	r = run(ARGV("pk-jsonl", "follow", "absent"), HOW(.env = {"PK_DEADLINE=+200ms"}));
	assert_status(r, 124);
	r = run(ARGV("pk-atomic-write", "out"),
		HOW(.keep_input = true, .env = {"PK_DEADLINE=+200ms"}));
	assert_status(r, 124);
	assert_has(r->err, "'out' is untouched");
}

static void lock_waits_shrink(void **state)
{
	const char *const *const lockers[] = {
		ARGV("pk-retry", "-l", "l", "true"),
		ARGV("pk-jsonl", "append", "--wait", "inf", "l", "a=1"),
		ARGV("pk-jsonl", "rotate", "--wait", "inf", "l"),
		ARGV("pk-jsonl", "repair", "--wait", "inf", "l"),
		ARGV("pk-atomic-write", "-e", "l", "--", "cat"),
	};

	(void)state;
	for (size_t i = 0; i < array_len(lockers); i++) {
		struct run *holder = start(ARGV("flock", "l", "sh", "-c", "echo held; exec cat"),
					   HOW(.keep_input = true));

		run_wait_out(holder, "held");
		assert_status(run(lockers[i], HOW(.env = {"PK_DEADLINE=+200ms"})), 75);
		run_close_input(holder);
		finish(holder);
	}
}

static void stale_and_foreign_ones_are_ignored_with_a_warning(void **state)
{
	struct run *r;

	(void)state;
	for (size_t i = 0; i < array_len(wrappers); i++) {
		r = run(with(wrappers[i], NULL, ARGV("sh", "-c", "! printenv PK_DEADLINE")),
			HOW(.env = {FOREIGN}));
		assert_status(r, 0);
		assert_has(r->err, "PK_DEADLINE is ignored: it is of another boot\n");
		r = run(with(wrappers[i], "-q", ARGV("true")), HOW(.env = {FOREIGN}));
		assert_status(r, 0);
		assert_string_equal(r->err, "");
	}
	/* What a daemon has inherited does not bind it later. */
	r = run(ARGV("sh", "-c",
		     "d=$(pk-spawn -t 1ms printenv PK_DEADLINE || :); "
		     "[ -z \"$d\" ] && d=$(pk-spawn -t 50ms printenv PK_DEADLINE); "
		     "sleep 0.1; PK_DEADLINE=$d pk-spawn true"),
		NULL);
	assert_status(r, 0);
	assert_has(r->err, "pk-spawn: PK_DEADLINE is ignored: it has passed\n");
}

static void nonsense_is_a_mistake(void **state)
{
	struct run *r;

	(void)state;
	for (size_t i = 0; i < array_len(wrappers); i++) {
		r = run(with(wrappers[i], NULL, ARGV("true")), HOW(.env = {"PK_DEADLINE=25m"}));
		assert_status(r, 125);
		assert_has(r->err, ": cannot understand PK_DEADLINE '25m': expected +DUR");
	}
	r = run(ARGV("pk-jsonl", "append", "l", "a=1"), HOW(.env = {"PK_DEADLINE=+x"}));
	assert_status(r, 125);
	/* Those who wait for nothing do not look. */
	assert_status(
		run(ARGV("pk-jsonl", "count"), HOW(.input = "{}\n", .env = {"PK_DEADLINE=?"})), 0);
}

static void no_inherit_neither_obeys_nor_passes_on(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_len(wrappers); i++) {
		struct run *r = run(with(wrappers[i], "--no-inherit",
					 ARGV("sh", "-c", "sleep 0.2; ! printenv PK_DEADLINE")),
				    HOW(.env = {"PK_DEADLINE=+100ms"}));

		assert_status(r, 0);
	}
	assert_status(run(ARGV("pk-spawn", "--no-inherit", "-t", "1h", "printenv", "PK_DEADLINE"),
			  HOW(.env = {"PK_DEADLINE=+100ms"})),
		      0);
}

/* The event start of the tool that runs the command. A tool may be slower to tell than the one it has started. */
static const char *start_of(const char *events, const char *command)
{
	for (unsigned n = 1;; n++) {
		const char *line = event_wait_nth(events, "start", n);

		if (strcmp(event_text(line, "command"), command) == 0)
			return line;
	}
}

static void the_innermost_reports_first(void **state)
{
	const char *events = events_path();
	struct run *r =
		run(ARGV("pk-spawn", "sh", "-c",
			 "pk-retry -q -n 3 -d 0 -- sh -c 'pk-spawn -- sleep 1000; exit $?'; "
			 "exit $?"),
		    HOW(.env = {"PK_DEADLINE=+800ms", test_text("PK_EVENTS=%s", events)}));
	const char *first = event_wait(events, "timeout");
	const char *inner = start_of(events, "sleep");

	(void)state;
	assert_status(r, 124);
	assert_true(r->elapsed_ms < 800 || run_is_slow());
	assert_int_equal(event_count(events, "timeout"), 1);
	assert_string_equal(event_text(first, "tool"), "pk-spawn");
	assert_string_equal(event_text(first, "run"), event_text(inner, "run"));
	assert_string_equal(event_text(first, "from"), event_text(inner, "parent"));
	/* An attempt that could not end in time is not begun. */
	assert_int_equal(event_count(events, "attempt_start"), 1);
	assert_string_equal(event_text(event_find(events, "attempt_end"), "reason"), "deadline");
}

static void a_stubborn_command_is_killed_before_the_outer_tool_asks(void **state)
{
	const char *events = events_path();
	struct run *r = run(ARGV("pk-spawn", "pk-spawn", "pk-spawn", "@stubborn"),
			    HOW(.env = {"PK_DEADLINE=+1s", test_text("PK_EVENTS=%s", events)}));

	(void)state;
	assert_status(r, 124);
	assert_int_equal(event_count(events, "timeout"), 1);
	assert_int_equal(event_count(events, "kill"), 1);
	assert_true(r->elapsed_ms < 1000 || run_is_slow());
}

/* Everything that the tests leave in their directory is theirs. */
static int clean(void **state)
{
	static const char *const names[] = {"l", "out"};

	for (size_t i = 0; i < array_len(names); i++)
		(void)unlink(test_path(names[i]));
	return test_end(state);
}

#define clean_test(function)                                                                       \
	{                                                                                          \
#function, function, test_begin, clean, NULL                                       \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		clean_test(a_command_is_told_its_limit),
		clean_test(without_limits_nobody_is_told_anything),
		clean_test(every_wrapper_ends_its_command_in_time),
		clean_test(a_limit_of_its_own_that_comes_first_keeps_its_name),
		clean_test(who_only_waits_ends_too),
		clean_test(lock_waits_shrink),
		clean_test(stale_and_foreign_ones_are_ignored_with_a_warning),
		clean_test(nonsense_is_a_mistake),
		clean_test(no_inherit_neither_obeys_nor_passes_on),
		clean_test(the_innermost_reports_first),
		clean_test(a_stubborn_command_is_killed_before_the_outer_tool_asks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
