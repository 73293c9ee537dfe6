/*
 * The survivors table: whatever the command forked, setsid-ed or ignored, and however pk-spawn
 * ended, nothing that it started is alive.
 */
#include "tests/check.h"
#include "tests/lib/events.h"
#include "tests/lib/run.h"

#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

#define SPAWN(...) ARGV("pk-spawn", __VA_ARGS__)

struct adversary {
	const char *name, *word;
};

static const struct adversary adversaries[] = {
	{"a daemon that ignores everything", "daemon"},
	{"a setsid child", "setsid-child"},
	{"a TERM ignorer", "stubborn"},
	{"a stopped child", "stopped"},
	{"a fork storm at TERM", "storm"},
	{"a bomb of processes that keep forking", "bomb"},
	{"a chain of fork, exec, setsid and exit", "hopper"},
	{"200 sessions that ignore TERM", "t200"},
};

static const char *argument_of(const struct adversary *who)
{
	return strcmp(who->word, "daemon") == 0	  ? "stay"
	       : strcmp(who->word, "hopper") == 0 ? "2"
	       : strcmp(who->word, "bomb") == 0	  ? "40"
						  : "200";
}

static struct run *start_ready(const struct adversary *who, const char *grace)
{
	struct run *r = start(
		SPAWN("-k", grace, "--", test_text("@%s", who->word), argument_of(who)), NULL);

	run_wait_out(r, "ready\n");
	return r;
}

static void nothing_survives_a_term(void **state)
{
	struct run *r = start_ready(test_now()->row, "150ms");

	(void)state;
	run_signal(r, SIGTERM);
	finish(r);
	assert_no_survivor();
	assert_true(r->signal == SIGTERM || r->signal == SIGKILL);
	assert_false(r->out_held);
}

static void nothing_survives_a_time_limit(void **state)
{
	const struct adversary *who = test_now()->row;
	struct run *r = run(SPAWN("-t", "500ms", "-k", "100ms", "--", test_text("@%s", who->word),
				  argument_of(who)),
			    NULL);

	(void)state;
	assert_status(r, 124);
	assert_no_survivor();
}

static void nothing_survives_a_kill_of_the_front(void **state)
{
	struct run *r = start_ready(test_now()->row, "5s");

	(void)state;
	run_signal(r, SIGKILL);
	finish(r);
	assert_signal(r, SIGKILL);
	assert_int_equal(test_wait_gone(10000), 0);
}

static void nothing_survives_a_kill_of_the_front_s_group(void **state)
{
	struct run *r = start_ready(test_now()->row, "5s");

	(void)state;
	assert_int_equal(kill(-r->pid, SIGKILL), 0); /* its own session: nobody else's group */
	finish(r);
	assert_signal(r, SIGKILL);
	assert_int_equal(test_wait_gone(10000), 0);
}

static void a_kill_of_the_guard_stops_the_tree_and_gives_125(void **state)
{
	struct run *r = start_ready(test_now()->row, "5s");

	(void)state;
	int guard = test_find("pk-guard");
	assert_int_equal(kill(guard, SIGKILL), 0);
	finish(r);
	assert_no_survivor();
	assert_status(r, 125);
	assert_lines(r->err, 1);
}

static void a_daemon_left_behind_is_stopped(void **state)
{
	const char *events = events_path();
	struct run *r =
		run(SPAWN("-k", "100ms", "--events", events, "--", "@daemon", "exit"), NULL);

	(void)state;
	assert_status(r, 0);
	assert_no_survivor();
	assert_int_equal(event_count(events, "orphans"), 1);
	assert_int_equal(event_count(events, "kill"), 1);
}

static void a_command_that_leaves_a_bomb_keeps_its_status(void **state)
{
	struct run *r = run(SPAWN("-k", "100ms", "--", "sh", "-c",
				  "\"$PK_HELPERS/bomb\" 20 & \"$PK_HELPERS/hopper\" 2 & exit 6"),
			    NULL);

	(void)state;
	assert_status(r, 6);
	assert_no_survivor();
}

static void a_killed_front_while_stopping_leaves_nothing(void **state)
{
	const char *events = events_path();
	struct run *r = start(SPAWN("-k", "19", "--events", events, "--", "@t200", "20"), NULL);

	(void)state;
	run_wait_out(r, "ready\n");
	run_signal(r, SIGTERM);
	(void)event_wait(events, "signal");
	run_signal(r, SIGKILL);
	finish(r);
	assert_int_equal(test_wait_gone(10000), 0);
}

static void a_front_killed_at_once_leaves_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		struct run *r = start(SPAWN("--", "@daemon", "stay"), NULL);
		if (i > 0)
			run_pass(i % 7);
		run_signal(r, SIGKILL);
		finish(r);
		assert_int_equal(test_wait_gone(10000), 0);
	}
}

static void children_of_the_caller_are_spared(void **state)
{
	/* The shell's background job becomes a child of pk-spawn by exec: it is not pk-spawn's. */
	struct run *r = run(ARGV("sh", "-c", "sleep 15 & exec pk-spawn -- true"), NULL);

	(void)state;
	assert_status(r, 0);
	assert_int_equal(test_living(0), 1);
	test_kill();
}

static void the_caller_s_zombies_do_not_confuse(void **state)
{
	struct run *r = run(ARGV("bash", "-c", "true & exec pk-spawn -- sh -c 'exit 3'"), NULL);

	(void)state;
	assert_status(r, 3);
}

static void a_hundred_runs_leave_nothing(void **state)
{
	struct run *r = run(ARGV("sh", "-c",
				 "i=0; while [ $i -lt 100 ]; do pk-spawn -- true || exit 1; "
				 "i=$((i + 1)); done"),
			    NULL);

	(void)state;
	assert_status(r, 0);
	assert_no_survivor();
}

static void without_proc_the_group_is_killed_and_it_says_so(void **state)
{
	const char *tool = tool_path("pk-spawn");

	(void)state;
	if (geteuid() != 0 || tool == NULL)
		skip();
	struct run *r = run(ARGV("unshare", "-m", "sh", "-c",
				 test_text("umount -l /proc 2>/dev/null || exit 77; "
					   "exec '%s' -t 500ms -k 100ms -- %s",
					   tool, helper_path("stubborn"))),
			    NULL);
	if (r->status == 77 || r->status == 1)
		skip();
	assert_status(r, 124);
	assert_has(r->err, "/proc");
	assert_no_survivor();
}

static void what_cannot_be_killed_is_named_and_gives_125(void **state)
{
	/* EPERM for every signal, as from a set-user-ID child: only the guard's death ends it. */
	const char *events = events_path(), *tool = tool_path("pk-spawn");
	struct run *r =
		run(ARGV("@deny", "kill,pidfd_send_signal", "EPERM", "--", tool != NULL ? tool : "",
			 "--events", events, "-t", "200ms", "-k", "100ms", "--", "@stubborn"),
		    NULL);

	(void)state;
	if (r->status == 77)
		skip();
	assert_status(r, 125);
	assert_has(r->err, "pk-spawn: ");
	assert_has(event_text(event_find(events, "survivor"), "comms"), "stubborn");
	assert_int_equal((int)event_number(event_find(events, "end"), "status"), 125);
}

/* The child is out of reach until its parent has gone; then it is ours, and asked like the rest. */
static void without_pidfds_grandchildren_are_asked_once_they_are_ours(void **state)
{
	const char *tool = tool_path("pk-spawn");
	struct run *r =
		run(ARGV("@deny", "pidfd_open", "--", tool != NULL ? tool : "", "-t", "500ms", "-k",
			 "10s", "--", "sh", "-c", "\"$PK_HELPERS/catch\" TERM & exec sleep 20"),
		    NULL);

	(void)state;
	if (r->status == 77)
		skip();
	assert_status(r, 124);
	assert_has(r->out, "got 15");
	assert_lacks(r->err, "SIGKILL");
	assert_no_survivor();
}

static void a_fork_that_fails_is_125_and_one_line(void **state)
{
	const char *events = events_path(), *tool = tool_path("pk-spawn");
	struct run *r = run(ARGV("@deny", "clone,clone3,fork,vfork", "EAGAIN", "--",
				 tool != NULL ? tool : "", "--events", events, "--", "true"),
			    NULL);

	(void)state;
	if (r->status == 77 || r->status == 99)
		skip();
	assert_status(r, 125);
	assert_lines(r->err, 1);
	assert_has(r->err, "Resource temporarily unavailable");
	const char *line = event_find(events, "error");
	assert_string_equal(event_text(line, "class"), "resource");
	assert_string_equal(event_text(line, "errno"), "EAGAIN");
}

/* Times that the process has been off and on the processor. */
static const char *switches_of(int pid)
{
	struct run *r = run(ARGV("grep", "ctxt_switches", test_text("/proc/%d/status", pid)), NULL);

	assert_status(r, 0);
	return r->out;
}

static void while_the_command_runs_nobody_wakes_up(void **state)
{
	struct run *r = start(SPAWN("-t", "1h", "--", "@catch", "TERM"), NULL);

	(void)state;
	run_wait_out(r, "ready\n");
	int guard = test_find("pk-guard");
	run_pass(200); /* both have gone to sleep by then */
	const char *front_before = switches_of(r->pid), *guard_before = switches_of(guard);
	run_pass(1000);
	assert_string_equal(switches_of(r->pid), front_before);
	assert_string_equal(switches_of(guard), guard_before);
	run_signal(r, SIGTERM);
	finish(r);
	assert_status(r, 0);
}

#define EACH(what, function)                                                                       \
	for (size_t i = 0; i < sizeof(adversaries) / sizeof(adversaries[0]); i++) {                \
		snprintf(titles[count], sizeof(titles[count]), what ": %s", adversaries[i].name);  \
		tests[count] =                                                                     \
			(struct CMUnitTest)tidy_row(titles[count], function, &adversaries[i]);     \
		count++;                                                                           \
	}

int main(void)
{
	static const struct CMUnitTest single[] = {
		tidy_test(a_daemon_left_behind_is_stopped),
		tidy_test(a_command_that_leaves_a_bomb_keeps_its_status),
		tidy_test(a_killed_front_while_stopping_leaves_nothing),
		tidy_test(a_front_killed_at_once_leaves_nothing),
		tidy_test(children_of_the_caller_are_spared),
		tidy_test(the_caller_s_zombies_do_not_confuse),
		tidy_test(a_hundred_runs_leave_nothing),
		tidy_test(what_cannot_be_killed_is_named_and_gives_125),
		tidy_test(without_pidfds_grandchildren_are_asked_once_they_are_ours),
		tidy_test(a_fork_that_fails_is_125_and_one_line),
		tidy_test(while_the_command_runs_nobody_wakes_up),
		tidy_test(without_proc_the_group_is_killed_and_it_says_so),
	};
	static struct CMUnitTest tests[64];
	static char titles[64][100];
	size_t count = 0;

	EACH("nothing survives a TERM", nothing_survives_a_term)
	EACH("nothing survives a time limit", nothing_survives_a_time_limit)
	EACH("nothing survives SIGKILL of the front", nothing_survives_a_kill_of_the_front)
	EACH("nothing survives killpg(SIGKILL)", nothing_survives_a_kill_of_the_front_s_group)
	EACH("SIGKILL of the guard stops the tree, 125",
	     a_kill_of_the_guard_stops_the_tree_and_gives_125)
	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		tests[count++] = single[i];
	return _cmocka_run_group_tests("pk-spawn trees", tests, count, NULL, NULL);
}
