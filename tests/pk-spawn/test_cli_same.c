/*
 * Invisibility: the command sees the same descriptors, mask, dispositions, environment, limits and
 * cwd under pk-spawn as without it. sigprobe prints what it was born with; both runs must agree.
 */
#include "tests/check.h"
#include "tests/lib/run.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct world {
	const char *title;
	const char *options[4]; /* pk-spawn's */
	struct how how;
};

static const struct world worlds[] = {
	{"an ordinary world", {NULL}, {0}},
	{"a world with a time limit", {"-t", "1h"}, {0}},
	{"stdin closed", {NULL}, {.closed = {true, false, false}}},
	{"stdout closed", {NULL}, {.closed = {false, true, false}}},
	{"stderr closed", {NULL}, {.closed = {false, false, true}}},
	{"stdin and stdout closed", {NULL}, {.closed = {true, true, false}}},
	{"stdin, stdout and stderr closed", {NULL}, {.closed = {true, true, true}}},
	{"CHLD ignored", {NULL}, {.ignored = {SIGCHLD}}},
	{"TERM INT HUP QUIT PIPE ignored",
	 {NULL},
	 {.ignored = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE}}},
	{"job control signals ignored", {NULL}, {.ignored = {SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT}}},
	{"every real-time signal that libc leaves ignored", {NULL}, {.ignored = {34, 35, 63, 64}}},
	{"CHLD blocked", {NULL}, {.blocked = {SIGCHLD}}},
	{"TERM INT HUP ALRM PIPE blocked",
	 {NULL},
	 {.blocked = {SIGTERM, SIGINT, SIGHUP, SIGALRM, SIGPIPE}}},
	{"real-time signals blocked", {NULL}, {.blocked = {34, 35, 63, 64}}},
	{"limits",
	 {NULL},
	 {.limits = {{RLIMIT_NOFILE, 100, 200}, {RLIMIT_CPU, 50, 60}, {RLIMIT_CORE, 0, 1000}}}},
	{"a cwd that is gone", {NULL}, {.gone_cwd = true}},
	{"another cwd", {NULL}, {.cwd = "/"}},
	{"PK variables of others",
	 {NULL},
	 {.env = {"PK_RUN=0123456789abcdef", "PK_X=1", "=odd", "A=b\nc"}}},
	{"no PATH", {NULL}, {.env = {"PATH"}}},
};

/* Take the line that begins so out of the text. */
static void forget(char *text, const char *beginning)
{
	char *line = strstr(text, beginning), *end = line ? strchr(line, '\n') : NULL;

	if (end)
		memmove(line, end + 1, strlen(end + 1) + 1);
}

/* What sigprobe prints, by a file: stdout may be closed. */
static const char *probe(const struct world *world, bool wrapped, const char *name)
{
	static char text[65536];
	const char *argv[16], *path = test_path(name);
	size_t count = 0;

	if (wrapped) {
		argv[count++] = "pk-spawn";
		for (size_t i = 0; i < 4 && world->options[i] != NULL; i++)
			argv[count++] = world->options[i];
		argv[count++] = "--";
	}
	argv[count++] = "@sigprobe";
	argv[count++] = "signals";
	argv[count++] = "fds";
	argv[count++] = "env";
	argv[count++] = "limits";
	argv[count++] = "cwd";
	argv[count++] = test_text("to=%s", path);
	argv[count] = NULL;
	struct how how = world->how;
	how.unwrapped = true; /* valgrind changes the world that it passes on */
	struct run *r = run(argv, &how);
	assert_status(r, 0);
	assert_string_equal(r->err, "");
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	ssize_t got = read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	assert_true(got > 0);
	text[got] = '\0';
	/* A command with a limit is told of it. */
	forget(text, "env PK_DEADLINE=");
	return test_text("%s", text);
}

static void the_command_sees_the_same_world(void **state)
{
	const struct world *world = test_now()->row;

	(void)state;
	if (run_is_slow() && getenv("PK_WRAP") == NULL &&
	    (world->how.limits[0].soft != 0 || world->how.closed[2]))
		skip(); /* the sanitizers need descriptors of their own */
	const char *bare = probe(world, false, "bare");
	const char *wrapped = probe(world, true, "wrapped");
	assert_string_equal(wrapped, bare);
}

static void the_callers_descriptors_pass_through(void **state)
{
	struct world world = {.title = ""};
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	test_keep_fd(fds[0]);
	test_keep_fd(fds[1]);
	world.how.fds[0].from = fds[0];
	world.how.fds[0].to = 3;
	world.how.fds[1].from = fds[1];
	world.how.fds[1].to = 4;
	world.how.fds[2].from = fds[1];
	world.how.fds[2].to = 60;
	const char *bare = probe(&world, false, "bare");
	assert_string_equal(probe(&world, true, "wrapped"), bare);
	assert_has(bare, "fd 60:");
}

static void a_nonblocking_stdin_stays_so_and_a_blocking_one_too(void **state)
{
	struct world world = {.title = ""};
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	test_keep_fd(fds[0]);
	test_keep_fd(fds[1]);
	world.how.fds[0].from = fds[0];
	world.how.fds[0].to = 0;
	const char *bare = probe(&world, false, "bare");
	assert_string_equal(probe(&world, true, "wrapped"), bare);
	assert_int_equal(fcntl(fds[0], F_SETFL, 0), 0);
	bare = probe(&world, false, "bare");
	assert_string_equal(probe(&world, true, "wrapped"), bare);
	assert_int_equal(fcntl(fds[0], F_GETFL) & O_NONBLOCK, 0);
}

static void nested_three_deep_it_is_still_the_same_world(void **state)
{
	struct run *bare = run(ARGV("@sigprobe"), NULL);
	struct run *deep =
		run(ARGV("pk-spawn", "--", "pk-spawn", "--", "pk-spawn", "--", "@sigprobe"),
		    HOW(.unwrapped = true));

	(void)state;
	assert_status(deep, 0);
	assert_string_equal(deep->out, bare->out);
}

static void the_command_dies_with_its_guard(void **state)
{
	struct run *r = run(ARGV("pk-spawn", "--", "@sigprobe", "death"), HOW(.unwrapped = true));

	(void)state;
	assert_string_equal(r->out, "parent-death signal: 9\n");
}

static void without_a_terminal_the_command_has_a_group_of_its_own(void **state)
{
	struct run *r =
		run(ARGV("pk-spawn", "--", "@sigprobe", "group", "ids"), HOW(.unwrapped = true));

	(void)state;
	assert_has(r->out, "group leader: yes");
	assert_has(r->out, "session leader: no");
	assert_has(r->out, test_text("sid: %d\n", (int)r->pid));
}

static void stdin_is_read_to_the_byte(void **state)
{
	/* Nothing is read ahead: what the command leaves is there for the next one. */
	struct run *r = run(ARGV("sh", "-c", "pk-spawn -- dd bs=1 count=3 2>/dev/null; echo; cat"),
			    HOW(.input = "onetwo"));

	(void)state;
	assert_string_equal(r->out, "one\ntwo");
}

static void an_input_file_does_not_leak(void **state)
{
	const char *file = test_file("input", "x", 0600);
	struct run *r =
		run(ARGV("pk-spawn", "-i", file, "--", "@sigprobe", "fds"), HOW(.unwrapped = true));

	(void)state;
	assert_has(r->out, "fd 0: type 100000 offset 0 flags 8000 0\n");
	assert_lacks(r->out, "fd 3:");
}

static void a_closed_stdin_takes_an_input_option(void **state)
{
	const char *file = test_file("input", "text", 0600);
	struct run *r = run(ARGV("pk-spawn", "-i", file, "--", "cat"), HOW(.closed = {true}));

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "text");
	r = run(ARGV("pk-spawn", "-i", "null", "--", "cat"), HOW(.closed = {true}));
	assert_status(r, 0);
}

int main(void)
{
	static const struct CMUnitTest single[] = {
		tidy_test(the_callers_descriptors_pass_through),
		tidy_test(a_nonblocking_stdin_stays_so_and_a_blocking_one_too),
		tidy_test(nested_three_deep_it_is_still_the_same_world),
		tidy_test(the_command_dies_with_its_guard),
		tidy_test(without_a_terminal_the_command_has_a_group_of_its_own),
		tidy_test(stdin_is_read_to_the_byte),
		tidy_test(an_input_file_does_not_leak),
		tidy_test(a_closed_stdin_takes_an_input_option),
	};
	static struct CMUnitTest tests[64];
	size_t count = 0;

	for (size_t i = 0; i < sizeof(worlds) / sizeof(worlds[0]); i++)
		tests[count++] = (struct CMUnitTest)tidy_row(
			worlds[i].title, the_command_sees_the_same_world, &worlds[i]);
	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		tests[count++] = single[i];
	return _cmocka_run_group_tests("pk-spawn invisible", tests, count, NULL, NULL);
}
