/*
 * The conditions of the command line, streams, signals and the kernel that every tool must meet. What is
 * rarer stands in test_hardship.c.
 */
#include "tests/check.h"
#include "tests/lib/events.h"
#include "tests/lib/tools.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- plain -------------------------------------------------------------------------------------- */

static void the_harmless_job_works(void **state)
{
	(void)state;
	tool_works(NULL, (struct how){0});
}

static void help_fits_79_columns_and_shows_examples(void **state)
{
	struct run *r = run(ARGV(tool()->name, "--help"), NULL);

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->err, "");
	size_t column = 0;
	for (const char *c = r->out; *c != '\0'; c++) {
		column = *c == '\n' ? 0 : column + 1;
		assert_true(column <= 79);
		assert_true(*c == '\n' || (*c >= 0x20 && *c < 0x7f));
	}
	assert_has(r->out, "Usage: ");
	assert_has(r->out, "xit status");
	assert_has(r->out, "xample");
}

static void version_has_the_family_s_form(void **state)
{
	struct run *r = run(ARGV(tool()->name, "--version"), NULL);

	(void)state;
	assert_status(r, 0);
	assert_true(strncmp(r->out, test_text("%s (pk) ", tool()->name),
			    strlen(tool()->name) + 6) == 0);
	assert_lines(r->out, 2);
	assert_string_equal(r->err, "");
}

static void version_works_with_closed_stdin(void **state)
{
	struct run *r = run(ARGV(tool()->name, "--version"), HOW(.closed = {true, false, false}));

	(void)state;
	assert_status(r, 0);
	assert_has(r->out, "(pk)");
}

static void an_unknown_option_is_two_lines_and_125(void **state)
{
	struct run *r = run(ARGV(tool()->name, "--no-such-option"), NULL);

	(void)state;
	assert_status(r, 125);
	assert_string_equal(r->out, "");
	assert_lines(r->err, 2);
	assert_true(strncmp(r->err, test_text("%s: ", tool()->name), strlen(tool()->name) + 2) ==
		    0);
	assert_has(r->err, test_text("\nTry '%s --help'.\n", tool()->name));
}

static void hostile_bytes_are_escaped_in_one_line(void **state)
{
	struct run *r = run(tool_line(NULL, tool()->hostile), HOW(.unwrapped = true));

	(void)state;
	assert_status(r, tool()->hostile_status);
	assert_lines(r->err, 1);
	for (const char *c = r->err; *c != '\0'; c++)
		assert_true((*c >= 0x20 && *c < 0x7f) || (*c == '\n' && c[1] == '\0'));
	r = run(ARGV(tool()->name, "--" HOSTILE), NULL);
	assert_status(r, 125);
	assert_lines(r->err, 2);
	for (const char *c = r->err; *c != '\0'; c++)
		assert_true((*c >= 0x20 && *c < 0x7f) || *c == '\n');
}

/* --- streams -------------------------------------------------------------------------------------- */

static int full_device(void)
{
	return test_keep_fd(open("/dev/full", O_WRONLY | O_CLOEXEC));
}

static void help_into_a_full_device_is_125(void **state)
{
	static const char *const options[] = {"--help", "--version"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct run *r =
			run(ARGV(tool()->name, options[i]), HOW(.fds = {{full_device(), 1}}));
		assert_status(r, 125);
		assert_lines(r->err, 1);
		assert_has(r->err, "No space left on device");
	}
}

static void help_into_a_closed_stdout_is_125(void **state)
{
	struct run *r = run(ARGV(tool()->name, "--help"),
			    HOW(.closed = {false, true, false}, .unwrapped = true));

	(void)state;
	assert_status(r, 125);
	assert_lines(r->err, 1);
}

static void a_full_stderr_changes_no_status(void **state)
{
	struct run *r =
		run(ARGV(tool()->name, "--no-such-option"), HOW(.fds = {{full_device(), 2}}));

	(void)state;
	assert_status(r, 125);
}

static void closed_descriptors_are_survived(void **state)
{
	(void)state;
	if (tool()->input == NULL)
		tool_works(NULL, (struct how){.closed = {true, false, false}});
	tool_works(NULL, (struct how){.closed = {false, false, true}});
	if (tool()->input == NULL)
		tool_works(NULL, (struct how){.closed = {true, false, true}});
	/* Without stdout the output has nowhere to go: no success for a filter, the command's own
	 * failure for a wrapper, and never a crash or a line in somebody's file. */
	struct run *r = run(tool_line(NULL, tool()->args), HOW(.closed = {true, true, true}));
	assert_int_equal(r->signal, 0);
	assert_true(r->status != 0);
}

static void nothing_lands_in_a_file_that_took_a_closed_descriptor(void **state)
{
	/* Events are opened first: were they to become descriptor 1 or 2, text would land there. */
	const char *events = events_path();

	(void)state;
	(void)run(tool_line(NULL, tool()->args),
		  HOW(.closed = {true, true, true}, .env = {test_text("PK_EVENTS=%s", events)}));
	(void)run(ARGV(tool()->name, "--no-such-option"),
		  HOW(.closed = {true, true, true}, .env = {test_text("PK_EVENTS=%s", events)}));
}

/* A pipe whose write end does not block, as node and ssh leave behind. */
static void a_nonblocking_stdout_loses_nothing(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	test_keep_fd(fds[0]);
	assert_true(fcntl(fds[1], F_SETPIPE_SZ, 4096) > 0);
	struct run *r = start(ARGV(tool()->name, "--help"), HOW(.fds = {{fds[1], 1}}));
	assert_int_equal(close(fds[1]), 0);
	struct run *whole = run(ARGV(tool()->name, "--help"), NULL);
	assert_int_equal(fcntl(fds[0], F_SETFL, 0), 0);
	char *text = test_keep(calloc(1, 1 << 20));
	size_t have = 0;
	for (ssize_t got; (got = read(fds[0], text + have, 8192)) > 0 && have < (1 << 19);)
		have += (size_t)got;
	finish(r);
	assert_status(r, 0);
	assert_string_equal(text, whole->out);
}

static void a_reader_that_went_is_no_success_and_no_noise(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	test_keep_fd(fds[1]);
	assert_int_equal(close(fds[0]), 0);
	struct run *r = run(ARGV(tool()->name, "--help"), HOW(.fds = {{fds[1], 1}}));
	assert_true(r->signal == SIGPIPE || r->status == 125);
	assert_true(r->signal != SIGPIPE || r->err_len == 0);
	r = run(ARGV(tool()->name, "--help"), HOW(.fds = {{fds[1], 1}}, .ignored = {SIGPIPE}));
	assert_status(r, 125);
}

/* --- signals ----------------------------------------------------------------------------------------- */

static void ignored_and_blocked_signals_do_not_matter(void **state)
{
	static const int signals[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGPIPE,
				      SIGALRM, SIGUSR1, 34,	64};

	(void)state;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		tool_works(NULL, (struct how){.ignored = {signals[i]}});
		tool_works(NULL, (struct how){.blocked = {signals[i]}});
	}
	tool_works(NULL, (struct how){.ignored = {SIGCHLD, SIGTERM, SIGINT, SIGPIPE, SIGALRM},
				      .blocked = {SIGCHLD, SIGTERM, SIGINT, SIGPIPE, SIGALRM}});
}

static void stops_and_continues_interrupt_nothing(void **state)
{
	(void)state;
	if (tool()->waiting[0] == NULL)
		skip();
	struct run *r = start(tool_line(NULL, tool()->waiting), NULL);
	run_wait_out(r, "ready\n");
	for (int i = 0; i < 5; i++) {
		run_signal(r, SIGSTOP);
		run_wait_stopped(r);
		run_signal(r, SIGCONT);
		run_wait_continued(r);
		run_signal(r, SIGCHLD);
	}
	run_signal(r, SIGTERM);
	finish(r);
	assert_signal(r, SIGTERM);
	assert_string_equal(r->out, "ready\n");
}

static void as_pid_1_it_works(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	tool_works((const char *const[]){"@pid1", NULL}, (struct how){0});
}

static void as_pid_1_term_and_int_are_honoured(void **state)
{
	(void)state;
	if (geteuid() != 0 || tool()->waiting[0] == NULL)
		skip();
	for (int i = 0; i < 2; i++) {
		struct run *r = start(
			tool_line((const char *const[]){"@pid1", NULL}, tool()->waiting), NULL);
		run_wait_out(r, "ready\n");
		run_signal(r, i == 0 ? SIGTERM : SIGINT);
		finish(r);
		assert_status(r, i == 0 ? 143 : 130);
	}
}

/* --- the kernel ---------------------------------------------------------------------------------------- */

static void without_newer_system_calls_it_works(void **state)
{
	static const char *const newer[] = {
		"pidfd_open",
		"pidfd_send_signal",
		"close_range",
		"clone3",
		"statx",
		"renameat2",
		"copy_file_range",
		"memfd_create",
		"openat2",
		"faccessat2",
		"pidfd_getfd",
		"getrandom",
		"pidfd_open,pidfd_send_signal,close_range,clone3,statx,renameat2,getrandom"};
	static const char *const answers[] = {"ENOSYS", "EPERM"};

	(void)state;
	for (size_t i = 0; i < sizeof(newer) / sizeof(newer[0]); i++)
		for (size_t a = 0; a < 2; a++) {
			/* glibc's own fork and stat do not fall back on EPERM */
			if (a == 1 && (strstr(newer[i], "clone3") || strstr(newer[i], "statx")))
				continue;
			const char *const before[] = {"@deny", newer[i], answers[a], "--", NULL};
			tool_works(before, (struct how){0});
		}
}

static void newer_calls_denied_end_by_term_too(void **state)
{
	(void)state;
	if (tool()->waiting[0] == NULL)
		skip();
	static const char *const before[] = {"@deny", "pidfd_open,pidfd_send_signal,close_range",
					     "--", NULL};
	struct run *r = start(tool_line(before, tool()->waiting), NULL);
	run_wait_out(r, "ready\n");
	run_signal(r, SIGTERM);
	finish(r);
	assert_signal(r, SIGTERM);
	assert_no_survivor();
}

static void a_descriptor_limit_is_enough(void **state)
{
	(void)state;
	if (run_is_slow())
		skip(); /* the wrapper needs more */
	tool_works(NULL, (struct how){.limits = {{RLIMIT_NOFILE, (rlim_t)tool()->slots,
						  (rlim_t)tool()->slots}},
				      .unwrapped = true});
}

static void low_descriptors_that_are_taken_do_not_matter(void **state)
{
	struct how how = {0};

	(void)state;
	int fd = test_keep_fd(open("/dev/null", O_RDWR | O_CLOEXEC));
	for (int i = 0; i < 7; i++) {
		how.fds[i].from = fd;
		how.fds[i].to = 3 + i;
	}
	tool_works(NULL, how);
}

/* --- the surroundings ------------------------------------------------------------------------------------- */

static void a_removed_cwd_is_survived(void **state)
{
	(void)state;
	tool_works(NULL, (struct how){.gone_cwd = true, .unwrapped = true});
}

static void a_locale_with_a_decimal_comma_changes_nothing(void **state)
{
	(void)state;
	tool_works(NULL, (struct how){.env = {"LC_ALL=de_DE.UTF-8", "LANG=de_DE.UTF-8"}});
	struct run *german = run(ARGV(tool()->name, "--help"), HOW(.env = {"LC_ALL=de_DE.UTF-8"}));
	assert_string_equal(german->out, run(ARGV(tool()->name, "--help"), NULL)->out);
	tool_works(NULL, (struct how){.env = {"LC_ALL=no_SUCH.locale"}});
}

static void an_almost_empty_environment_is_survived(void **state)
{
	(void)state;
	tool_works(NULL, (struct how){.env = {"HOME", "TERM", "TMPDIR", "USER", "SHELL", "LC_ALL",
					      "LOGNAME"}});
	tool_works(NULL, (struct how){.env = {"PK_EVENTS=", "PK_RUN=" HOSTILE, "TRACEPARENT=\377",
					      "TERM=" HOSTILE, "COLUMNS=x"}});
}

static void an_events_destination_that_fails_changes_no_status(void **state)
{
	static const char *const bad[] = {"PK_EVENTS=/nonexistent/e", "PK_EVENTS=/dev/full",
					  "PK_EVENTS=fd:99", "PK_EVENTS=/"};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct run *r = run(tool_line(NULL, tool()->args),
				    HOW(.env = {bad[i]}, .input = tool()->input));
		assert_status(r, 0);
		assert_string_equal(r->out, tool()->output);
		assert_lines(r->err, 1);
	}
}

static void a_file_size_limit_on_events_is_survived(void **state)
{
	const char *events = test_path("e"); /* cut short: not checked against the schema */
	struct run *r =
		run(tool_line(NULL, tool()->args),
		    HOW(.env = {test_text("PK_EVENTS=%s", events)}, .input = tool()->input,
			.limits = {{RLIMIT_FSIZE, 1, 1}}, .ignored = {SIGXFSZ}, .unwrapped = true));

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, tool()->output);
}

static const struct condition conditions[] = {
	CONDITION(the_harmless_job_works),
	CONDITION(help_fits_79_columns_and_shows_examples),
	CONDITION(version_has_the_family_s_form),
	CONDITION(version_works_with_closed_stdin),
	CONDITION(an_unknown_option_is_two_lines_and_125),
	CONDITION(hostile_bytes_are_escaped_in_one_line),
	CONDITION(help_into_a_full_device_is_125),
	CONDITION(help_into_a_closed_stdout_is_125),
	CONDITION(a_full_stderr_changes_no_status),
	CONDITION(closed_descriptors_are_survived),
	CONDITION(nothing_lands_in_a_file_that_took_a_closed_descriptor),
	CONDITION(a_nonblocking_stdout_loses_nothing),
	CONDITION(a_reader_that_went_is_no_success_and_no_noise),
	CONDITION(ignored_and_blocked_signals_do_not_matter),
	CONDITION(stops_and_continues_interrupt_nothing),
	CONDITION(as_pid_1_it_works),
	CONDITION(as_pid_1_term_and_int_are_honoured),
	CONDITION(without_newer_system_calls_it_works),
	CONDITION(newer_calls_denied_end_by_term_too),
	CONDITION(a_descriptor_limit_is_enough),
	CONDITION(low_descriptors_that_are_taken_do_not_matter),
	CONDITION(a_removed_cwd_is_survived),
	CONDITION(a_locale_with_a_decimal_comma_changes_nothing),
	CONDITION(an_almost_empty_environment_is_survived),
	CONDITION(an_events_destination_that_fails_changes_no_status),
	CONDITION(a_file_size_limit_on_events_is_survived),
};

int main(void)
{
	return tools_run("conformance", conditions, sizeof(conditions) / sizeof(conditions[0]));
}
