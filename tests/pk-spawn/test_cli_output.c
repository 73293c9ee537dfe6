/*
 * pk-spawn between a command and its readers: --max-output, --spill, --idle, slow and closed readers.
 */
#include "tests/check.h"
#include "tests/lib/events.h"
#include "tests/lib/pty.h"
#include "tests/lib/run.h"

#include "common/base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define SPAWN(...) ARGV("pk-spawn", __VA_ARGS__)

static const char *text_of(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text;

	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	text = test_keep(calloc(1, (size_t)st.st_size + 1));
	assert_int_equal(read(fd, text, (size_t)st.st_size), st.st_size);
	(void)close(fd);
	return text;
}

/* A pipe whose ends are the test's. */
static void open_pipe(int ends[2])
{
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	(void)test_keep_fd(ends[0]);
	(void)test_keep_fd(ends[1]);
}

static void close_end(int fd)
{
	/* The test's list closes it again at the end: leave something harmless there. */
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(null >= 0 && dup3(null, fd, O_CLOEXEC) == fd);
	(void)close(null);
}

/* --- what passes ------------------------------------------------------------------------------- */

static void output_that_fits_is_untouched(void **state)
{
	struct run *r =
		run(SPAWN("-m", "1K", "--", "sh", "-c", "printf 'a\\nb'; printf c >&2"), NULL);

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "a\nb");
	assert_string_equal(r->err, "c");
}

static void head_and_tail_stand_around_one_marker(void **state)
{
	const char *events = events_path();
	struct run *r = run(SPAWN("--events", events, "-m", "4K", "--", "@spew", "640000"), NULL);
	const char *line = event_find(events, "output");
	unsigned long bytes, lines;

	(void)state;
	assert_status(r, 0);
	assert_has(r->out, "000000000000000000000000000000000000000000000000000000000000001\n");
	const char *mark = strstr(r->out, "\n[pk-spawn: ");
	assert_non_null(mark);
	assert_int_equal(sscanf(mark, "\n[pk-spawn: %lu bytes, %lu lines omitted]", &bytes, &lines),
			 2);
	assert_int_equal(bytes, 64 * lines);
	assert_true(r->out_len <= 4096 + 64);
	assert_string_equal(r->out + r->out_len - 64,
			    "000000000000000000000000000000000000000000000000000000000010000\n");
	assert_string_equal(event_text(line, "stream"), "stdout");
	assert_int_equal((unsigned long)event_number(line, "bytes"), 640000);
	assert_int_equal((unsigned long)event_number(line, "omitted_bytes"), bytes);
	assert_int_equal((unsigned long)event_number(line, "omitted_lines"), lines);
	assert_int_equal(event_count(events, "output"), 2);
}

static void each_stream_has_its_own_budget(void **state)
{
	struct run *r = run(SPAWN("-m", "200", "--", "sh", "-c",
				  test_text("'%s' 6400; '%s' 6400 2", helper_path("spew"),
					    helper_path("spew"))),
			    NULL);

	(void)state;
	assert_status(r, 0);
	assert_has(r->out, "lines omitted]\n");
	assert_has(r->err, "lines omitted]\n");
	assert_true(r->out_len < 300 && r->err_len < 300);
}

static void the_head_passes_at_once(void **state)
{
	struct run *r = start(SPAWN("-m", "1K", "--", "sh", "-c", "echo first; read x; echo last"),
			      HOW(.keep_input = true));

	(void)state;
	run_wait_out(r, "first");
	run_write(r, "\n");
	finish(r);
	assert_status(r, 0);
	assert_string_equal(r->out, "first\nlast\n");
}

static void stdout_and_stderr_into_one_file_keep_their_order(void **state)
{
	const char *path = test_path("log"), *events = events_path();
	int fd = test_keep_fd(open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));

	(void)state;
	assert_status(run(SPAWN("--events", events, "-I", "10s", "--", "sh", "-c",
				"for i in 1 2 3; do echo o$i; echo e$i >&2; done"),
			  HOW(.fds = {{fd, 1}, {fd, 2}})),
		      0);
	assert_string_equal(text_of(path), "o1\ne1\no2\ne2\no3\ne3\n");
	assert_int_equal(event_count(events, "output"), 1);
	assert_string_equal(event_text(event_find(events, "output"), "stream"), "both");
}

static void a_large_stream_is_passed_on_byte_for_byte(void **state)
{
	static const char *const ways[][2] = {{"-I", "10s"}, {"-m", "8M"}, {"--spill", "copy"}};

	(void)state;
	for (size_t i = 0; i < array_len(ways); i++) {
		struct run *r = run(ARGV("sh", "-c",
					 "pk-spawn \"$1\" \"$2\" -- \"$3\" 5000000 | cksum; "
					 "\"$3\" 5000000 | cksum; rm -f copy",
					 "sh", ways[i][0], ways[i][1], helper_path("spew")),
				    NULL);
		const char *second = strchr(r->out, '\n');

		assert_status(r, 0);
		assert_non_null(second);
		assert_memory_equal(r->out, second + 1, (size_t)(second - r->out));
	}
}

static void closed_descriptors_stay_closed_for_the_command(void **state)
{
	struct run *r = run(
		SPAWN("-m", "1K", "--", "sh", "-c", "test ! -e /proc/self/fd/1 && echo right >&2"),
		/* valgrind itself opens what is closed */
		HOW(.closed = {false, true, false}, .unwrapped = true));

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->err, "right\n");
}

/* --- spill ------------------------------------------------------------------------------------- */

static void the_spill_file_has_the_complete_output(void **state)
{
	const char *path = test_file("copy", "old", 0600);
	struct run *r = run(SPAWN("-m", "100", "--spill", path, "--", "@spew", "6400"), NULL);

	(void)state;
	assert_status(r, 0);
	assert_true(r->out_len < 200);
	assert_int_equal(strlen(text_of(path)), 6400);
}

static void a_gone_reader_does_not_stop_the_spilling(void **state)
{
	const char *path = test_path("copy");
	int ends[2];

	(void)state;
	open_pipe(ends);
	struct run *r = start(SPAWN("--spill", path, "--", "sh", "-c",
				    test_text("read x; '%s' 640000", helper_path("spew"))),
			      HOW(.keep_input = true, .fds = {{ends[1], 1}}));
	close_end(ends[1]);
	close_end(ends[0]);
	run_write(r, "\n");
	finish(r);
	assert_status(r, 0);
	assert_int_equal(strlen(text_of(path)), 640000);
}

static void a_spill_file_that_is_full_is_125_and_stdout_is_whole(void **state)
{
	struct run *r = run(SPAWN("--spill", "/dev/full", "--", "@spew", "6400"), NULL);

	(void)state;
	assert_status(r, 125);
	assert_int_equal(r->out_len, 6400);
	assert_has(r->err, "pk-spawn: cannot write to the spill file: No space left on device\n");
}

static void a_spill_file_that_cannot_be_is_125_before_the_start(void **state)
{
	static const char *const paths[] = {"/nowhere/copy", "/tmp", "fifo"};

	(void)state;
	assert_int_equal(mkfifo(test_path("fifo"), 0600), 0);
	for (size_t i = 0; i < array_len(paths); i++) {
		struct run *r = run(SPAWN("--spill", paths[i], "--", "touch", "ran"), NULL);

		assert_status(r, 125);
		assert_lines(r->err, 1);
		assert_has(r->err, paths[i]);
		assert_int_equal(access(test_path("ran"), F_OK), -1);
	}
}

/* --- readers ----------------------------------------------------------------------------------- */

static void the_command_meets_its_own_sigpipe(void **state)
{
	static const char *const ways[][2] = {{"-I", "10s"}, {"-m", "1M"}, {"-m", "100"}};

	(void)state;
	for (size_t i = 0; i < array_len(ways); i++) {
		const char *events = events_path();
		int ends[2];

		open_pipe(ends);
		struct run *r =
			start(SPAWN("--events", events, ways[i][0], ways[i][1], "--", "@spew", "0"),
			      HOW(.fds = {{ends[1], 1}}));
		close_end(ends[1]);
		(void)event_wait(events, "start");
		close_end(ends[0]);
		finish(r);
		assert_signal(r, SIGPIPE);
		assert_string_equal(r->err, "");
		assert_string_equal(event_text(event_find(events, "exit"), "signal"), "PIPE");
	}
}

static void a_reader_that_goes_with_nothing_lost_changes_nothing(void **state)
{
	int ends[2];
	char hi[8];

	(void)state;
	open_pipe(ends);
	struct run *r = start(SPAWN("-m", "1M", "--", "sh", "-c", "echo hi; read x; exit 3"),
			      HOW(.keep_input = true, .fds = {{ends[1], 1}}));
	close_end(ends[1]);
	assert_int_equal(read(ends[0], hi, sizeof(hi)), 3);
	close_end(ends[0]);
	run_write(r, "\n");
	finish(r);
	assert_status(r, 3);
}

static void a_full_device_is_125(void **state)
{
	static const char *const ways[][2] = {{"-I", "10s"}, {"-m", "1M"}, {"-m", "100"}};
	int full = test_keep_fd(open("/dev/full", O_WRONLY | O_CLOEXEC));

	(void)state;
	for (size_t i = 0; i < array_len(ways); i++) {
		struct run *r = run(SPAWN(ways[i][0], ways[i][1], "--", "@spew", "64000"),
				    HOW(.fds = {{full, 1}}));

		assert_status(r, 125);
		assert_string_equal(r->err,
				    "pk-spawn: cannot write to stdout: No space left on device\n");
	}
}

static size_t unread(int fd)
{
	int len = 0;

	assert_int_equal(ioctl(fd, FIONREAD, &len), 0);
	return (size_t)len;
}

/* The reader takes nothing: a limit ends the command all the same, and pk-spawn does not hang. */
static void a_limit_is_not_put_off_by_a_reader_that_does_not_read(void **state)
{
	static const char *const ways[][2] = {{"-I", "10s"}, {"-m", "1M"}};

	(void)state;
	for (size_t i = 0; i < array_len(ways); i++) {
		int ends[2];

		open_pipe(ends);
		struct run *r = run(SPAWN("-t", "300ms", "-k", "100ms", ways[i][0], ways[i][1],
					  "--", "@spew", "0"),
				    HOW(.fds = {{ends[1], 1}}));
		assert_status(r, 124);
		assert_has(r->err, "timed out after 300ms");
		assert_true(unread(ends[0]) > 0);
	}
}

static void a_signal_ends_the_wait_for_a_slow_reader(void **state)
{
	const char *events = events_path();
	int ends[2];

	(void)state;
	open_pipe(ends);
	assert_true(fcntl(ends[1], F_SETPIPE_SZ, 4096) >= 4096);
	struct run *r = start(SPAWN("--events", events, "-m", "1M", "--", "@spew", "20000"),
			      HOW(.fds = {{ends[1], 1}}));
	(void)event_wait(events, "exit");
	run_signal(r, SIGTERM);
	finish(r);
	assert_signal(r, SIGTERM);
}

static void a_socket_is_written_to_as_well(void **state)
{
	static const char *const ways[][2] = {{"-I", "10s"}, {"-m", "1M"}};

	(void)state;
	for (size_t i = 0; i < array_len(ways); i++) {
		char text[16] = "";
		int ends[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
		(void)test_keep_fd(ends[0]);
		(void)test_keep_fd(ends[1]);
		assert_status(run(SPAWN(ways[i][0], ways[i][1], "--", "echo", "hello"),
				  HOW(.fds = {{ends[1], 1}})),
			      0);
		assert_int_equal(read(ends[0], text, sizeof(text)), 6);
		assert_string_equal(text, "hello\n");
	}
}

static void a_terminal_is_written_to_as_well(void **state)
{
	struct pty *p = pty_start(SPAWN("-I", "10s", "--", "echo", "hello"), NULL);

	(void)state;
	pty_expect(p, "hello");
	pty_finish(p);
	assert_status(p->run, 0);
}

/* --- idle -------------------------------------------------------------------------------------- */

static void silence_is_ended_with_124(void **state)
{
	const char *events = events_path();
	struct run *r = run(
		SPAWN("--events", events, "-I", "200ms", "--", "sh", "-c", "echo a; exec sleep 20"),
		NULL);

	(void)state;
	assert_status(r, 124);
	assert_string_equal(r->out, "a\n");
	assert_string_equal(r->err, "pk-spawn: no output for 200ms\n");
	assert_string_equal(event_text(event_find(events, "exit"), "cause"), "idle");
	assert_string_equal(event_text(event_find(events, "timeout"), "kind"), "idle");
	assert_true(r->elapsed_ms >= 200);
}

static void every_line_starts_the_clock_anew(void **state)
{
	struct run *r = run(SPAWN("-I", "2s", "--", "sh", "-c",
				  "for i in 1 2 3 4 5 6; do sleep 0.4; echo $i >&2; done"),
			    NULL);

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->err, "1\n2\n3\n4\n5\n6\n");
}

/* Blocked by its reader for longer than the limit, the command is not idle. */
static void waiting_for_a_reader_is_not_silence(void **state)
{
	const char *events = events_path();
	char bytes[65536];
	size_t got = 0;
	ssize_t n;
	int ends[2];

	(void)state;
	open_pipe(ends);
	assert_true(fcntl(ends[1], F_SETPIPE_SZ, 4096) >= 4096);
	struct run *r = start(SPAWN("--events", events, "-I", "300ms", "--", "@spew", "300000"),
			      HOW(.fds = {{ends[1], 1}}));
	close_end(ends[1]);
	(void)event_wait(events, "start");
	run_pass(700);
	while ((n = read(ends[0], bytes, sizeof(bytes))) > 0)
		got += (size_t)n;
	finish(r);
	assert_status(r, 0);
	assert_int_equal(got, 300000);
}

static void an_idle_command_that_is_asked_to_stop_may_be_silent(void **state)
{
	const char *events = events_path();
	struct run *r = start(SPAWN("--events", events, "-I", "400ms", "--", "sh", "-c",
				    "trap 'sleep 1; exit 9' TERM; echo up; sleep 20 & wait"),
			      NULL);

	(void)state;
	run_wait_out(r, "up");
	run_signal(r, SIGTERM);
	finish(r);
	assert_status(r, 9);
	assert_string_equal(event_text(event_find(events, "exit"), "cause"), "stopped");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tidy_test(output_that_fits_is_untouched),
		tidy_test(head_and_tail_stand_around_one_marker),
		tidy_test(each_stream_has_its_own_budget),
		tidy_test(the_head_passes_at_once),
		tidy_test(stdout_and_stderr_into_one_file_keep_their_order),
		tidy_test(a_large_stream_is_passed_on_byte_for_byte),
		tidy_test(closed_descriptors_stay_closed_for_the_command),
		tidy_test(the_spill_file_has_the_complete_output),
		tidy_test(a_gone_reader_does_not_stop_the_spilling),
		tidy_test(a_spill_file_that_is_full_is_125_and_stdout_is_whole),
		tidy_test(a_spill_file_that_cannot_be_is_125_before_the_start),
		tidy_test(the_command_meets_its_own_sigpipe),
		tidy_test(a_reader_that_goes_with_nothing_lost_changes_nothing),
		tidy_test(a_full_device_is_125),
		tidy_test(a_limit_is_not_put_off_by_a_reader_that_does_not_read),
		tidy_test(a_signal_ends_the_wait_for_a_slow_reader),
		tidy_test(a_socket_is_written_to_as_well),
		tidy_test(a_terminal_is_written_to_as_well),
		tidy_test(silence_is_ended_with_124),
		tidy_test(every_line_starts_the_clock_anew),
		tidy_test(waiting_for_a_reader_is_not_silence),
		tidy_test(an_idle_command_that_is_asked_to_stop_may_be_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
