/*
 * pk-spawn's lifecycle events: what is told when, and that telling never disturbs the job. Every
 * line is checked against tests/events.schema when the test ends.
 */
#include "tests/check.h"
#include "tests/lib/events.h"
#include "tests/lib/run.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SPAWN(...) ARGV("pk-spawn", __VA_ARGS__)

/* --- causes: the exit event of each way to end --------------------------------------------------- */

struct ending {
	const char *title;
	const char *argv[12]; /* behind --events FILE */
	const char *cause, *signal;
	int exit_code, status;
	bool timed_out, killed;
	const char *sequence; /* the names of all events */
};

static const struct ending endings[] = {
	{"a command that exits",
	 {"--", "sh", "-c", "exit 3"},
	 "exited",
	 NULL,
	 3,
	 3,
	 false,
	 false,
	 "start exit end "},
	{"a command that dies of a signal",
	 {"--", "sh", "-c", "kill -USR1 $$"},
	 "signal",
	 "USR1",
	 0,
	 138,
	 false,
	 false,
	 "start exit end "},
	{"a time limit",
	 {"-t", "50ms", "--", "sleep", "20"},
	 "timeout",
	 "TERM",
	 0,
	 124,
	 true,
	 false,
	 "start timeout stop exit end "},
	{"a time limit that needs SIGKILL",
	 {"-t", "300ms", "-k", "50ms", "--", "@stubborn"},
	 "timeout",
	 "KILL",
	 0,
	 124,
	 true,
	 true,
	 "start timeout stop kill exit end "},
	{"a deadline",
	 {"-D", "50ms", "--", "sleep", "20"},
	 "deadline",
	 "TERM",
	 0,
	 124,
	 true,
	 false,
	 "start timeout stop exit end "},
	{"a time limit under preserve-status",
	 {"-p", "-t", "50ms", "--", "sleep", "20"},
	 "timeout",
	 "TERM",
	 0,
	 143,
	 true,
	 false,
	 "start timeout stop exit end "},
	{"a grace of 0",
	 {"-t", "300ms", "-k", "0", "--", "@stubborn"},
	 "timeout",
	 "KILL",
	 0,
	 124,
	 true,
	 true,
	 NULL},
	{"a daemon left behind",
	 {"-k", "50ms", "--", "@daemon", "exit"},
	 "exited",
	 NULL,
	 0,
	 0,
	 false,
	 true,
	 NULL},
	{"leftovers that die of TERM",
	 {"-k", "19", "--", "@holder", "4"},
	 "exited",
	 NULL,
	 4,
	 4,
	 false,
	 false,
	 NULL},
};

static const char *sequence_of(const char *events)
{
	const char *names = "", *line;

	for (size_t i = 1; (line = event_line(events, i)) != NULL; i++)
		names = test_text("%s%s ", names, event_text(line, "event"));
	return names;
}

static void the_exit_event_tells_how_it_ended(void **state)
{
	const struct ending *row = test_now()->row;
	const char *argv[20] = {"pk-spawn", "--events", events_path()}, *events = argv[2];

	(void)state;
	for (size_t i = 0; row->argv[i] != NULL; i++)
		argv[i + 3] = row->argv[i];
	struct run *r = run(argv, NULL);
	const char *line = event_find(events, "exit");
	assert_string_equal(event_text(line, "cause"), row->cause);
	assert_true(event_has(line, "signal") == (row->signal != NULL));
	assert_true(event_has(line, "exit_code") == (row->signal == NULL));
	if (row->signal != NULL)
		assert_string_equal(event_text(line, "signal"), row->signal);
	else
		assert_int_equal((int)event_number(line, "exit_code"), row->exit_code);
	assert_true(event_true(line, "timed_out") == row->timed_out);
	assert_true(event_true(line, "killed") == row->killed);
	assert_true(event_number(line, "elapsed_ms") >= 0);
	assert_true(event_number(line, "elapsed_ms") <= (double)r->elapsed_ms + 1);
	assert_true(event_number(line, "maxrss_bytes") > 1000);
	assert_int_equal((int)event_number(event_find(events, "end"), "status"), row->status);
	assert_int_equal(r->signal != 0 ? 128 + r->signal : r->status, row->status);
	if (row->sequence != NULL)
		assert_string_equal(sequence_of(events), row->sequence);
}

/* --- one by one ------------------------------------------------------------------------------------ */

static void start_names_the_command_and_not_its_arguments(void **state)
{
	const char *events = events_path();

	(void)state;
	assert_status(run(SPAWN("--events", events, "--", "sh", "-c", ": secret"), NULL), 0);
	const char *line = event_find(events, "start");
	assert_string_equal(event_text(line, "command"), "sh");
	assert_lacks(line, "secret");
	assert_true(event_number(line, "command_pid") > 1);
}

static void events_argv_adds_the_arguments(void **state)
{
	const char *events = events_path();

	(void)state;
	assert_status(
		run(SPAWN("--events-argv", "--events", events, "--", "sh", "-c", ": \"x\""), NULL),
		0);
	assert_string_equal(event_text(event_find(events, "start"), "argv"),
			    "[\"sh\",\"-c\",\": \\\"x\\\"\"]");
}

static void all_events_of_a_run_carry_one_id(void **state)
{
	const char *events = events_path(), *line;

	(void)state;
	assert_status(run(SPAWN("--events", events, "-t", "50ms", "-q", "--", "sleep", "20"), NULL),
		      124);
	const char *id = event_text(event_line(events, 1), "run");
	for (size_t i = 1; (line = event_line(events, i)) != NULL; i++) {
		assert_string_equal(event_text(line, "run"), id);
		assert_string_equal(event_text(line, "tool"), "pk-spawn");
		assert_false(event_has(line, "parent"));
	}
	assert_status(run(SPAWN("--events", events, "--", "true"), NULL), 0);
	line = event_wait_nth(events, "start", 2);
	assert_string_not_equal(event_text(line, "run"), id);
}

static void a_nested_run_is_joined_by_parent(void **state)
{
	const char *events = events_path();

	(void)state;
	assert_status(run(SPAWN("--", "pk-spawn", "--", "true"),
			  HOW(.env = {test_text("PK_EVENTS=%s", events)})),
		      0);
	/* The inner tool may be quicker to tell than the outer one. */
	const char *outer = event_wait_nth(events, "start", 1);
	const char *inner = event_wait_nth(events, "start", 2);
	if (event_has(outer, "parent")) {
		outer = event_wait_nth(events, "start", 2);
		inner = event_wait_nth(events, "start", 1);
	}
	assert_false(event_has(outer, "parent"));
	assert_string_equal(event_text(inner, "parent"), event_text(outer, "run"));
	assert_string_not_equal(event_text(inner, "run"), event_text(outer, "run"));
}

static void the_option_is_not_exported_and_the_variable_is(void **state)
{
	const char *events = events_path();
	struct run *r = run(SPAWN("--events", events, "--", "@sigprobe", "env"), NULL);

	(void)state;
	assert_lacks(r->out, "env PK_EVENTS=");
	assert_has(r->out,
		   test_text("env PK_RUN=%s\n", event_text(event_find(events, "start"), "run")));
	r = run(SPAWN("--", "@sigprobe", "env"), HOW(.env = {test_text("PK_EVENTS=%s", events)}));
	assert_has(r->out, test_text("env PK_EVENTS=%s\n", events));
}

static void without_events_the_command_sees_no_run(void **state)
{
	(void)state;
	assert_lacks(run(SPAWN("--", "@sigprobe", "env"), NULL)->out, "env PK_RUN=");
}

static void the_option_wins_over_the_variable(void **state)
{
	const char *events = events_path(), *other = test_path("other");

	(void)state;
	assert_status(run(SPAWN("--events", events, "--", "true"),
			  HOW(.env = {test_text("PK_EVENTS=%s", other)})),
		      0);
	assert_int_equal(event_count(events, "exit"), 1);
	assert_int_equal(access(other, F_OK), -1);
}

static void an_empty_variable_is_off(void **state)
{
	struct run *r = run(SPAWN("--", "true"), HOW(.env = {"PK_EVENTS="}));

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->err, "");
}

static void the_trace_id_is_copied_and_the_variable_untouched(void **state)
{
	static const char trace[] =
		"TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
	const char *events = events_path();
	struct run *r =
		run(SPAWN("--events", events, "--", "@sigprobe", "env"), HOW(.env = {trace}));

	(void)state;
	assert_string_equal(event_text(event_find(events, "exit"), "trace_id"),
			    "0af7651916cd43dd8448eb211c80319c");
	assert_has(r->out, test_text("env %s\n", trace));
}

static void a_broken_trace_is_left_out(void **state)
{
	const char *events = events_path();

	(void)state;
	assert_status(
		run(SPAWN("--events", events, "--", "true"), HOW(.env = {"TRACEPARENT=00-\"x"})),
		0);
	assert_false(event_has(event_find(events, "exit"), "trace_id"));
}

static void a_file_is_created_for_its_owner_alone_and_appended_to(void **state)
{
	const char *events = events_path();
	struct stat st;

	(void)state;
	assert_status(run(SPAWN("--events", events, "--", "true"), NULL), 0);
	assert_int_equal(stat(events, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_status(run(SPAWN("--events", events, "--", "true"), NULL), 0);
	assert_int_equal(event_count(events, "end"), 2);
}

static void hostile_names_become_valid_json(void **state)
{
	const char *events = events_path();

	(void)state;
	assert_status(run(SPAWN("--events-argv", "--events", events, "--", "sh", "-c", ":",
				"\xff\xfe\"\\\n\t\x01\x7f\xed\xa0\x80\xe2\x80\xa8"),
			  NULL),
		      0);
	assert_has(event_text(event_find(events, "start"), "argv"), "\xef\xbf\xbd");
	assert_status(run(SPAWN("--events", events, "--", "./\xc3\x28\n"), HOW(.unwrapped = true)),
		      127);
}

static void a_long_field_is_cut_and_the_line_stays_whole(void **state)
{
	const char *events = events_path();
	char *big = test_keep(malloc(20001));

	(void)state;
	memset(big, 'a', 20000);
	big[20000] = '\0';
	assert_status(
		run(SPAWN("--events-argv", "--events", events, "--", "sh", "-c", ":", big), NULL),
		0);
	const char *line = event_find(events, "start");
	assert_true(event_true(line, "truncated"));
	assert_true(strlen(line) < 4096);
	for (size_t i = 0; i < 20000; i += 2)
		memcpy(big + i, "\xc3\xa9", 2); /* never cut inside a character */
	assert_status(
		run(SPAWN("--events-argv", "--events", events, "--", "sh", "-c", ":", "x", big),
		    NULL),
		0);
	assert_true(event_true(event_wait_nth(events, "start", 2), "truncated"));
}

static void a_destination_that_cannot_be_opened_is_one_line(void **state)
{
	struct run *r = run(SPAWN("--events", "/nonexistent/e", "--", "sh", "-c", "exit 3"), NULL);

	(void)state;
	assert_status(r, 3);
	assert_lines(r->err, 1);
	assert_has(r->err, "'/nonexistent/e'");
	r = run(SPAWN("--", "sh", "-c", "exit 3"), HOW(.env = {"PK_EVENTS=/nonexistent/e"}));
	assert_status(r, 3);
	assert_lines(r->err, 1);
	r = run(SPAWN("--events", "fd:77", "--", "sh", "-c", "exit 3"), NULL);
	assert_status(r, 3);
	assert_lines(r->err, 1);
}

static void a_full_device_is_one_line(void **state)
{
	struct run *r = run(SPAWN("--events", "/dev/full", "--", "sh", "-c", "exit 3"), NULL);

	(void)state;
	assert_status(r, 3);
	assert_lines(r->err, 1);
	assert_has(r->err, "No space left on device");
}

/* Read what the pipe holds into a file that is checked like any other. */
static const char *save_pipe(int fd)
{
	const char *events = events_path();
	int file = open(events, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	char bytes[8192];
	ssize_t got;

	assert_true(file >= 0);
	while ((got = read(fd, bytes, sizeof(bytes))) > 0)
		assert_int_equal(write(file, bytes, (size_t)got), got);
	assert_int_equal(close(file), 0);
	return events;
}

static void a_descriptor_can_be_the_destination(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
	test_keep_fd(fds[0]);
	test_keep_fd(fds[1]);
	assert_int_equal(fcntl(fds[1], F_SETFL, 0), 0);
	assert_status(run(SPAWN("--events", "fd:9", "--", "true"), HOW(.fds = {{fds[1], 9}})), 0);
	assert_int_equal(fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0); /* the flag would be shared */
	const char *events = save_pipe(fds[0]);
	assert_string_equal(sequence_of(events), "start exit end ");
}

static void a_full_pipe_is_not_waited_for(void **state)
{
	static char page[65536];
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
	test_keep_fd(fds[0]);
	test_keep_fd(fds[1]);
	while (write(fds[1], page, sizeof(page)) > 0 || write(fds[1], page, 1) > 0)
		;
	assert_int_equal(fcntl(fds[1], F_SETFL, 0), 0);
	assert_status(run(SPAWN("--events", "fd:9", "--", "sh", "-c", "exit 3"),
			  HOW(.fds = {{fds[1], 9}})),
		      3);
}

static void a_pipe_without_reader_is_survived(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	test_keep_fd(fds[1]);
	assert_int_equal(close(fds[0]), 0);
	struct run *r = run(SPAWN("--events", "fd:9", "--", "sh", "-c", "exit 3"),
			    HOW(.fds = {{fds[1], 9}}));
	assert_status(r, 3);
	assert_lines(r->err, 1);
}

static void a_fifo_without_reader_is_survived(void **state)
{
	const char *fifo = test_path("fifo");

	(void)state;
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_status(run(SPAWN("--events", fifo, "--", "sh", "-c", "exit 3"), NULL), 3);
}

static void a_rotated_file_is_reopened(void **state)
{
	const char *events = events_path(), *old = test_path("old");
	struct run *r = start(SPAWN("--events", events, "--", "@catch", "USR1"), NULL);

	(void)state;
	(void)event_wait(events, "start");
	run_wait_out(r, "ready\n");
	assert_int_equal(rename(events, old), 0);
	run_signal(r, SIGUSR1);
	finish(r);
	assert_status(r, 0);
	assert_int_equal(event_count(old, "start"), 1);
	assert_int_equal(event_count(old, "exit"), 0);
	assert_int_equal(event_count(events, "exit"), 1);
	assert_int_equal(event_count(events, "end"), 1);
}

static void a_forwarded_signal_is_told_with_its_sender(void **state)
{
	const char *events = events_path();
	struct run *r = start(SPAWN("--events", events, "--", "@catch", "USR1", "TERM"), NULL);

	(void)state;
	run_wait_out(r, "ready\n");
	run_signal(r, SIGUSR1);
	const char *line = event_wait(events, "signal");
	assert_string_equal(event_text(line, "signal"), "USR1");
	assert_int_equal((int)event_number(line, "from_pid"), (int)getpid());
	run_signal(r, SIGTERM);
	finish(r);
	assert_string_equal(event_text(event_find(events, "exit"), "cause"), "stopped");
}

static void orphans_are_named(void **state)
{
	const char *events = events_path();

	(void)state;
	assert_status(run(SPAWN("--events", events, "--", "@holder"), NULL), 0);
	assert_has(event_text(event_find(events, "orphans"), "comms"), "holder");
	assert_int_equal((int)event_number(event_find(events, "exit"), "orphans"), 1);
}

static void a_mistake_in_the_command_line_is_an_error_event(void **state)
{
	const char *events = events_path();
	const char *env = test_text("PK_EVENTS=%s", events);

	(void)state;
	assert_status(run(SPAWN("-t", "x", "true"), HOW(.env = {env})), 125);
	assert_string_equal(event_text(event_find(events, "error"), "class"), "usage");
}

static void a_missing_input_is_an_error_event_with_errno(void **state)
{
	const char *events = events_path();

	(void)state;
	assert_status(run(SPAWN("--events", events, "-i", "missing", "true"), NULL), 125);
	const char *line = event_find(events, "error");
	assert_string_equal(event_text(line, "class"), "io");
	assert_string_equal(event_text(line, "errno"), "ENOENT");
}

static void a_command_that_is_not_found_ends_with_127(void **state)
{
	const char *events = events_path();

	(void)state;
	assert_status(run(SPAWN("--events", events, "./missing"), HOW(.unwrapped = true)), 127);
	assert_int_equal(event_count(events, "start"), 0);
	assert_int_equal((int)event_number(event_find(events, "end"), "status"), 127);
}

static void the_commands_times_are_its_own(void **state)
{
	const char *events = events_path();

	(void)state;
	assert_status(run(SPAWN("--events", events, "-L", "cpu=10", "--", "sh", "-c",
				"i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done"),
			  NULL),
		      0);
	const char *line = event_find(events, "exit");
	assert_true(event_number(line, "user_ms") + event_number(line, "sys_ms") > 1);
	assert_true(event_number(line, "user_ms") <= event_number(line, "elapsed_ms") + 100);
}

static void no_event_descriptor_reaches_the_command(void **state)
{
	const char *events = events_path();
	struct run *bare = run(ARGV("@sigprobe", "fds"), NULL);

	(void)state;
	assert_string_equal(
		run(SPAWN("--events", events, "--", "@sigprobe", "fds"), HOW(.unwrapped = true))
			->out,
		bare->out);
}

static void sixteen_runs_at_once_share_one_file(void **state)
{
	const char *events = events_path();
	struct run *runs[16];

	(void)state;
	for (size_t i = 0; i < 16; i++)
		runs[i] = start(SPAWN("--events", events, "--", "sh", "-c", "exit 2"), NULL);
	for (size_t i = 0; i < 16; i++) {
		finish(runs[i]);
		assert_status(runs[i], 2);
	}
	assert_int_equal(event_count(events, "exit"), 16);
}

int main(void)
{
	static const struct CMUnitTest single[] = {
		tidy_test(start_names_the_command_and_not_its_arguments),
		tidy_test(events_argv_adds_the_arguments),
		tidy_test(all_events_of_a_run_carry_one_id),
		tidy_test(a_nested_run_is_joined_by_parent),
		tidy_test(the_option_is_not_exported_and_the_variable_is),
		tidy_test(without_events_the_command_sees_no_run),
		tidy_test(the_option_wins_over_the_variable),
		tidy_test(an_empty_variable_is_off),
		tidy_test(the_trace_id_is_copied_and_the_variable_untouched),
		tidy_test(a_broken_trace_is_left_out),
		tidy_test(a_file_is_created_for_its_owner_alone_and_appended_to),
		tidy_test(hostile_names_become_valid_json),
		tidy_test(a_long_field_is_cut_and_the_line_stays_whole),
		tidy_test(a_destination_that_cannot_be_opened_is_one_line),
		tidy_test(a_full_device_is_one_line),
		tidy_test(a_descriptor_can_be_the_destination),
		tidy_test(a_full_pipe_is_not_waited_for),
		tidy_test(a_pipe_without_reader_is_survived),
		tidy_test(a_fifo_without_reader_is_survived),
		tidy_test(a_rotated_file_is_reopened),
		tidy_test(a_forwarded_signal_is_told_with_its_sender),
		tidy_test(orphans_are_named),
		tidy_test(a_mistake_in_the_command_line_is_an_error_event),
		tidy_test(a_missing_input_is_an_error_event_with_errno),
		tidy_test(a_command_that_is_not_found_ends_with_127),
		tidy_test(the_commands_times_are_its_own),
		tidy_test(no_event_descriptor_reaches_the_command),
		tidy_test(sixteen_runs_at_once_share_one_file),
	};
	static struct CMUnitTest tests[64];
	size_t count = 0;

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		tests[count++] = (struct CMUnitTest)tidy_row(
			endings[i].title, the_exit_event_tells_how_it_ended, &endings[i]);
	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		tests[count++] = single[i];
	return _cmocka_run_group_tests("pk-spawn events", tests, count, NULL, NULL);
}
