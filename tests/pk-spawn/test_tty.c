/*
 * pk-spawn at a terminal behaves as the bare command: Ctrl-C, Ctrl-Z and fg, reading the terminal in
 * a script, and a terminal that is usable afterwards.
 */
#include "tests/check.h"
#include "tests/lib/events.h"
#include "tests/lib/pty.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static struct pty *script(const char *text)
{
	return pty_start(ARGV("bash", "--norc", "--noprofile", test_file("script", text, 0600)),
			 NULL);
}

static struct pty *shell(void)
{
	struct pty *p = pty_start(ARGV("bash", "--norc", "--noprofile", "-i"),
				  HOW(.env = {"PS1=<p>", "TERM=dumb", "INPUTRC=/dev/null"}));

	pty_expect(p, "<p>");
	return p;
}

static void ctrl_c_in_a_script_reaches_the_command(void **state)
{
	struct pty *p = script("trap : INT\n"
			       "pk-spawn -- sh -c 'echo up; exec sleep 20'\n"
			       "echo status=$?\n");

	(void)state;
	pty_expect(p, "up\r\n");
	pty_keys(p, CTRL_C);
	pty_expect(p, "status=130");
	pty_finish(p);
}

static void ctrl_c_ends_a_script_as_with_the_bare_command(void **state)
{
	struct pty *p = script("pk-spawn -- sh -c 'echo up; exec sleep 20'\necho not-reached\n");

	(void)state;
	pty_expect(p, "up\r\n");
	pty_keys(p, CTRL_C);
	pty_finish(p);
	assert_signal(p->run, SIGINT);
	assert_lacks(p->text, "not-reached");
}

static void a_typed_int_is_the_commands_business(void **state)
{
	/* Delivered once, by the kernel; no clock, and no counting of a second one. */
	struct pty *p = script("trap : INT QUIT\n"
			       "pk-spawn -k 10ms -- \"$PK_HELPERS/catch\" INT QUIT -- 5\n"
			       "echo status=$?\n");

	(void)state;
	pty_expect(p, "ready\r\n");
	pty_keys(p, CTRL_C);
	pty_expect(p, "got 2 kernel");
	run_pass(350);
	pty_keys(p, CTRL_C);
	pty_expect(p, "got 2 kernel");
	run_pass(50);
	pty_keys(p, CTRL_BACKSLASH);
	pty_expect(p, "got 3 kernel");
	pty_expect(p, "status=5");
	pty_finish(p);
	assert_lacks(p->text, "user");
}

static void ctrl_z_and_fg_work_in_an_interactive_shell(void **state)
{
	struct pty *p = shell();

	(void)state;
	(void)test_file("job", "echo up; read x; echo line=$x; exit 3\n", 0600);
	pty_keys(p, "pk-spawn -- sh job\r");
	pty_expect(p, "up\r\n");
	pty_keys(p, CTRL_Z);
	pty_expect(p, "Stopped");
	pty_expect(p, "<p>");
	pty_keys(p, "fg\r");
	pty_expect(p, "pk-spawn -- sh job");
	pty_keys(p, "words\r");
	pty_expect(p, "line=words");
	pty_expect(p, "<p>");
	pty_keys(p, "echo status=$?.\r");
	pty_expect(p, "status=3.");
	pty_expect(p, "<p>");
	pty_keys(p, "exit\r");
	pty_finish(p);
}

static void a_job_stopped_by_ctrl_z_still_times_out(void **state)
{
	const char *events = events_path();
	struct pty *p = shell();

	(void)state;
	pty_keys(p, "set -b\r"); /* tell at once when a job ends: it may outlive its last message */
	pty_expect(p, "<p>");
	pty_keys(p, test_text("pk-spawn -t 1 --events %s -- sleep 25\r", events));
	(void)event_wait(events, "start");
	pty_keys(p, CTRL_Z);
	pty_expect(p, "Stopped");
	(void)event_wait(events, "exit");
	/* The front, stopped with its command, is continued to say so; the shell learns without fg. */
	pty_expect(p, "timed out after 1s");
	pty_expect(p, "Exit 124");
	pty_keys(p, "exit\r");
	pty_finish(p);
}

static void a_background_job_that_reads_is_stopped_as_the_bare_command(void **state)
{
	struct pty *p = shell();

	(void)state;
	pty_keys(p, "set -b\r"); /* tell at once when a job stops */
	pty_expect(p, "<p>");
	pty_keys(p, "pk-spawn -- head -n1 &\r");
	pty_expect(p, "Stopped");
	pty_keys(p, "fg\r");
	pty_expect(p, "fg\r\n");
	pty_expect(p, "pk-spawn -- head -n1\r\n");
	pty_keys(p, "the line\r");
	pty_expect(p, "the line\r\nthe line\r\n");
	pty_expect(p, "<p>");
	pty_keys(p, "exit\r");
	pty_finish(p);
}

static void a_command_in_a_script_reads_the_terminal(void **state)
{
	struct pty *p = script("echo up\npk-spawn -t 15 -- head -n1\necho status=$?\n");

	(void)state;
	pty_expect(p, "up\r\n");
	pty_keys(p, "typed\r");
	pty_expect(p, "typed\r\ntyped\r\n");
	pty_expect(p, "status=0");
	pty_finish(p);
}

static void the_script_reads_the_terminal_after_the_tool(void **state)
{
	struct pty *p = script("pk-spawn -- true\necho up\nread x || echo failed\necho line=$x.\n");

	(void)state;
	pty_expect(p, "up\r\n");
	pty_keys(p, "again\r");
	pty_expect(p, "line=again.");
	pty_finish(p);
	assert_status(p->run, 0);
}

static void the_script_reads_the_terminal_after_a_kill(void **state)
{
	struct pty *p =
		script("pk-spawn -t 300ms -k 0 -- head -n1\necho up\nread x\necho line=$x.\n");

	(void)state;
	pty_expect(p, "up\r\n");
	pty_keys(p, "again\r");
	pty_expect(p, "line=again.");
	pty_finish(p);
}

static void terminal_modes_are_restored_after_a_kill(void **state)
{
	struct pty *p = script("read x\npk-spawn -t 500ms -s KILL -- "
			       "sh -c 'stty raw -echo; echo up; exec sleep 20'\n"
			       "echo status=$?\nread x\n");
	struct termios before = pty_modes(p);

	(void)state;
	pty_keys(p, "\r");
	pty_expect(p, "up");
	pty_expect(p, "status=124");
	struct termios after = pty_modes(p);
	assert_int_equal(after.c_lflag, before.c_lflag);
	assert_int_equal(after.c_iflag, before.c_iflag);
	assert_int_equal(after.c_oflag, before.c_oflag);
	pty_keys(p, "\r");
	pty_finish(p);
}

static void terminal_modes_that_a_command_sets_and_leaves_stay(void **state)
{
	/* stty is a command too: `pk-spawn -- stty -echo` must do what stty does. */
	struct pty *p = script("pk-spawn -- stty -echo\necho up\nread x\n");

	(void)state;
	pty_expect(p, "up");
	assert_int_equal(pty_modes(p).c_lflag & ECHO, 0);
	pty_keys(p, "\r");
	pty_finish(p);
}

static void the_foreground_group_is_given_back_after_a_kill(void **state)
{
	/* The inner shell moves the terminal to its job's group and is killed there. */
	struct pty *p =
		script("pk-spawn -t 1 -k 0 -- bash -c 'set -m; sh -c \"echo up; sleep 20\"'\n"
		       "echo status=$?\nread x\necho line=$x.\n");
	pid_t group = p->run->pid;

	(void)state;
	pty_expect(p, "up");
	pty_expect(p, "status=124");
	assert_int_equal(pty_foreground(p), group);
	pty_keys(p, "here\r");
	pty_expect(p, "line=here.");
	pty_finish(p);
}

static void on_a_terminal_the_command_stays_in_the_callers_group(void **state)
{
	struct pty *p = script("pk-spawn -- \"$PK_HELPERS/sigprobe\" group ids\n");

	(void)state;
	pty_finish(p);
	assert_has(p->text, "group leader: no");
	assert_has(p->text, "foreground: yes");
	assert_has(p->text, test_text("pgid: %d\r\n", (int)p->run->pid));
	assert_has(p->text, test_text("sid: %d\r\n", (int)p->run->pid));
}

static void a_resize_reaches_the_command_once(void **state)
{
	struct pty *p = script("pk-spawn -- \"$PK_HELPERS/catch\" WINCH USR1 -- 2\n");

	(void)state;
	pty_expect(p, "ready");
	pty_resize(p, 40, 100);
	pty_expect(p, "got 28 kernel");
	int front = test_find("pk-spawn");
	assert_int_equal(kill(front, SIGUSR1), 0);
	pty_expect(p, "got 10 user");
	pty_finish(p);
	assert_status(p->run, 2);
	assert_lacks(p->text, "got 28 user");
}

static void a_hang_up_ends_everything(void **state)
{
	struct pty *p =
		pty_start(ARGV("pk-spawn", "-k", "100ms", "--", "@stubborn", "HUP", "INT"), NULL);

	(void)state;
	pty_expect(p, "ready");
	pty_close(p); /* the window */
	finish(p->run);
	assert_no_survivor();
}

static void a_term_to_the_tool_ends_a_command_on_a_terminal(void **state)
{
	struct pty *p = script("pk-spawn -k 100ms -- \"$PK_HELPERS/stubborn\"\necho status=$?\n");

	(void)state;
	pty_expect(p, "ready");
	int front = test_find("pk-spawn");
	assert_int_equal(kill(front, SIGTERM), 0);
	pty_expect(p, "status=137");
	pty_finish(p);
}

static void three_nested_on_a_terminal_get_one_ctrl_c(void **state)
{
	struct pty *p =
		script("trap : INT\n"
		       "pk-spawn -- pk-spawn -- pk-spawn -- \"$PK_HELPERS/catch\" INT USR1 -- 6\n"
		       "echo status=$?\n");

	(void)state;
	pty_expect(p, "ready");
	pty_keys(p, CTRL_C);
	pty_expect(p, "got 2 kernel");
	int command = test_find("catch");
	assert_int_equal(kill(command, SIGUSR1), 0);
	pty_expect(p, "status=6");
	pty_finish(p);
	assert_lacks(p->text, "got 2 user");
}

static void nothing_is_written_to_the_terminal(void **state)
{
	struct pty *p = pty_start(ARGV("pk-spawn", "--", "printf", "x"), NULL);

	(void)state;
	pty_finish(p);
	assert_status(p->run, 0);
	assert_string_equal(p->text, "x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tidy_test(ctrl_c_in_a_script_reaches_the_command),
		tidy_test(ctrl_c_ends_a_script_as_with_the_bare_command),
		tidy_test(a_typed_int_is_the_commands_business),
		tidy_test(ctrl_z_and_fg_work_in_an_interactive_shell),
		tidy_test(a_job_stopped_by_ctrl_z_still_times_out),
		tidy_test(a_background_job_that_reads_is_stopped_as_the_bare_command),
		tidy_test(a_command_in_a_script_reads_the_terminal),
		tidy_test(the_script_reads_the_terminal_after_the_tool),
		tidy_test(the_script_reads_the_terminal_after_a_kill),
		tidy_test(terminal_modes_are_restored_after_a_kill),
		tidy_test(terminal_modes_that_a_command_sets_and_leaves_stay),
		tidy_test(the_foreground_group_is_given_back_after_a_kill),
		tidy_test(on_a_terminal_the_command_stays_in_the_callers_group),
		tidy_test(a_resize_reaches_the_command_once),
		tidy_test(a_hang_up_ends_everything),
		tidy_test(a_term_to_the_tool_ends_a_command_on_a_terminal),
		tidy_test(three_nested_on_a_terminal_get_one_ctrl_c),
		tidy_test(nothing_is_written_to_the_terminal),
	};

	return cmocka_run_group_tests_name("pk-spawn at a terminal", tests, NULL, NULL);
}
