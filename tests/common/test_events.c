/* The event sink: whole lines, rotation, full pipes, broken destinations. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/events.h"
#include "common/fd.h"
#include "tests/check.h"
#include "tests/lib/leftover.h"

static void send_one(struct events *events, const char *name)
{
	struct event event;

	if (!event_begin(&event, events, name))
		return;
	json_int(&event.json, "exit_code", 0);
	event_send(&event, events);
}

static const char *contents(const char *path)
{
	char *text = test_keep(malloc(65536));
	ssize_t len = fd_read_file(AT_FDCWD, path, text, 65536);

	assert_true(len >= 0);
	return text;
}

static void a_file_is_private_and_appended_to(void **state)
{
	const char *path = test_path("e");
	struct events events;
	struct stat st;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(events_open(&events, "pk-spawn", path), 0);
		send_one(&events, "exit");
		events_drop(&events);
	}
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_lines(contents(path), 2);
	assert_has(contents(path), "{\"ts\":\"");
	assert_has(contents(path), "\",\"tool\":\"pk-spawn\",\"event\":\"exit\",\"run\":\"");
	assert_has(contents(path), ",\"exit_code\":0}\n");
}

static void parent_and_trace_come_from_the_environment(void **state)
{
	const char *path = test_path("e");
	struct events events;

	(void)state;
	assert_int_equal(setenv("PK_RUN", "0123456789abcdef", 1), 0);
	assert_int_equal(
		setenv("TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", 1),
		0);
	assert_int_equal(events_open(&events, "pk-spawn", path), 0);
	send_one(&events, "exit");
	assert_has(contents(path), "\"parent\":\"0123456789abcdef\"");
	assert_has(contents(path), "\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\"");
	/* For the command: this run is its parent. */
	assert_string_equal(getenv("PK_RUN"), events.run);
	events_drop(&events);
	unsetenv("PK_RUN");
	unsetenv("TRACEPARENT");
}

static void rubbish_in_the_environment_is_left_out(void **state)
{
	const char *path = test_path("e");
	struct events events;

	(void)state;
	assert_int_equal(setenv("PK_RUN", "\"},{\"", 1), 0);
	assert_int_equal(setenv("TRACEPARENT", "00-zzz", 1), 0);
	assert_int_equal(events_open(&events, "pk-spawn", path), 0);
	send_one(&events, "exit");
	events_drop(&events);
	assert_lacks(contents(path), "parent");
	assert_lacks(contents(path), "trace_id");
	unsetenv("PK_RUN");
	unsetenv("TRACEPARENT");
}

static void the_environment_names_the_destination_when_no_option_does(void **state)
{
	struct events events;

	(void)state;
	assert_int_equal(setenv("PK_EVENTS", test_path("env"), 1), 0);
	assert_int_equal(events_open(&events, "pk-spawn", NULL), 0);
	send_one(&events, "exit");
	events_drop(&events);
	assert_lines(contents(test_path("env")), 1);
	assert_int_equal(setenv("PK_EVENTS", "", 1), 0);
	assert_int_equal(events_open(&events, "pk-spawn", NULL), 0);
	assert_int_equal(events.fd, -1);
	unsetenv("PK_EVENTS");
	unsetenv("PK_RUN");
}

static void a_rotated_file_is_reopened(void **state)
{
	const char *path = test_path("e"), *old = test_path("e.1");
	struct events events;

	(void)state;
	assert_int_equal(events_open(&events, "pk-spawn", path), 0);
	send_one(&events, "start");
	assert_int_equal(rename(path, old), 0);
	send_one(&events, "exit");
	events_drop(&events);
	assert_has(contents(old), "\"start\"");
	assert_lacks(contents(old), "\"exit\"");
	assert_has(contents(path), "\"exit\"");
}

static void a_full_pipe_drops_and_counts(void **state)
{
	char name[16], bytes[65536], *found;
	struct events events;
	int ends[2];
	ssize_t len;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	(void)test_keep_fd(ends[0]);
	(void)test_keep_fd(ends[1]);
	(void)snprintf(name, sizeof(name), "fd:%d", ends[1]);
	assert_int_equal(events_open(&events, "pk-spawn", name), 0);
	for (int i = 0; i < 2000; i++)
		send_one(&events, "exit");
	assert_true(events.dropped > 0);
	assert_int_equal(events_error(&events), 0);
	/* The caller's own descriptor is as blocking as before. */
	assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
	len = read(ends[0], bytes, sizeof(bytes));
	assert_true(len > 0 && bytes[len - 1] == '\n');
	send_one(&events, "exit");
	events_drop(&events);
	while ((len = read(ends[0], bytes, sizeof(bytes) - 1)) == (ssize_t)sizeof(bytes) - 1)
		;
	bytes[len] = '\0';
	found = strstr(bytes, "\"dropped\":");
	assert_non_null(found);
}

static void a_socket_takes_events_too(void **state)
{
	char name[16], bytes[4096];
	struct events events;
	int ends[2];
	ssize_t len;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), 0);
	(void)test_keep_fd(ends[0]);
	(void)test_keep_fd(ends[1]);
	(void)snprintf(name, sizeof(name), "fd:%d", ends[1]);
	assert_int_equal(events_open(&events, "pk-spawn", name), 0);
	send_one(&events, "exit");
	events_drop(&events);
	len = read(ends[0], bytes, sizeof(bytes));
	assert_true(len > 0 && bytes[0] == '{' && bytes[len - 1] == '\n');
}

static void after_a_short_write_the_next_line_begins_anew(void **state)
{
	const struct rlimit infinite = {RLIM_INFINITY, RLIM_INFINITY};
	struct rlimit small = {.rlim_cur = 300, .rlim_max = RLIM_INFINITY};
	const char *path = test_path("e");
	struct events events;

	(void)state;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(events_open(&events, "pk-spawn", path), 0);
	send_one(&events, "start");
	send_one(&events, "start");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	send_one(&events, "start");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &infinite), 0);
	assert_true(events_error(&events) < 0);
	assert_int_equal(events_error(&events), 0);
	send_one(&events, "exit");
	events_drop(&events);
	assert_has(contents(path), "\n{\"ts\"");
	assert_has(contents(path), "\"exit_code\":0}\n");
	(void)signal(SIGXFSZ, SIG_DFL);
}

static void destinations_that_cannot_be_opened_are_errors_and_off(void **state)
{
	struct events events;

	(void)state;
	assert_int_equal(events_open(&events, "pk-spawn", "fd:"), -EINVAL);
	assert_int_equal(events_open(&events, "pk-spawn", "fd:x"), -EINVAL);
	assert_int_equal(events_open(&events, "pk-spawn", "fd:777"), -EBADF);
	assert_int_equal(events_open(&events, "pk-spawn", "/nonexistent/e"), -ENOENT);
	assert_int_equal(events.fd, -1);
	send_one(&events, "exit");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tidy_test(a_file_is_private_and_appended_to),
		tidy_test(parent_and_trace_come_from_the_environment),
		tidy_test(rubbish_in_the_environment_is_left_out),
		tidy_test(the_environment_names_the_destination_when_no_option_does),
		tidy_test(a_rotated_file_is_reopened),
		tidy_test(a_full_pipe_drops_and_counts),
		tidy_test(a_socket_takes_events_too),
		tidy_test(after_a_short_write_the_next_line_begins_anew),
		tidy_test(destinations_that_cannot_be_opened_are_errors_and_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
