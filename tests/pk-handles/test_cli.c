/*
 * pk-handles seen from outside: every option and status, on a process that holds one of each kind.
 */
#include "tests/check.h"
#include "tests/lib/events.h"
#include "tests/lib/run.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define HANDLES(...) ARGV("pk-handles", __VA_ARGS__)

/* The zoo, ready and asleep: between its word and its read it may be seen running. */
static struct run *zoo(void)
{
	struct run *r = start(ARGV("@zoo", test_now()->dir), HOW(.keep_input = true)), *look;
	const char *pid = test_text("%d", (int)r->pid);

	run_wait_out(r, "ready");
	do {
		look = run(HANDLES("-sj", pid), NULL);
		assert_status(look, 0);
	} while (strstr(look->out, "\"state\":\"S\"") == NULL);
	return r;
}

static const char *pid_of(const struct run *r)
{
	return test_text("%d", (int)r->pid);
}

/* The descriptor that the zoo has told under that name; skips the test where the kernel has none. */
static int fd_of(const struct run *zoo, const char *name)
{
	const char *at = strstr(zoo->out, test_text("%s ", name));

	return at != NULL ? atoi(at + strlen(name) + 1) : -1;
}

static void end_zoo(struct run *zoo)
{
	run_close_input(zoo);
	finish(zoo);
	assert_status(zoo, 0);
}

/* The record of that descriptor. */
static const char *record(const char *out, int fd)
{
	const char *at = strstr(out, test_text("\"fd\":%d,\"kind\"", fd));
	const char *begin = at, *end;

	assert_non_null(at);
	while (begin > out && begin[-1] != '\n')
		begin--;
	end = strchr(at, '\n');
	assert_non_null(end);
	return test_text("%.*s", (int)(end - begin), begin);
}

static const struct fact {
	const char *name;
	const char *parts[5];
} facts[] = {
	{"listener",
	 {"\"kind\":\"tcp\"", "\"state\":\"LISTEN\"", "\"recvq\":1", "\"backlog\":7",
	  "\"cloexec\":true"}},
	{"close_wait", {"\"kind\":\"tcp\"", "\"state\":\"CLOSE_WAIT\"", "\"remote\":\"127.0.0.1:"}},
	{"established", {"\"kind\":\"tcp\"", "\"state\":\"ESTABLISHED\"", "\"cloexec\":false"}},
	{"bound", {"\"kind\":\"tcp\"", "\"state\":\"BOUND\"", "\"local\":\"127.0.0.1:"}},
	{"udp", {"\"kind\":\"udp\"", "\"local\":\"127.0.0.1:"}},
	{"unix_listener",
	 {"\"kind\":\"unix\"", "\"local\":\"@zoo\\u001b[31m", "\"state\":\"LISTEN\"",
	  "\"backlog\":3"}},
	{"unix_a", {"\"kind\":\"unix\"", "\"state\":\"ESTABLISHED\""}},
	{"deleted",
	 {"\"kind\":\"file\"", "\"deleted\":true", "\"size\":8192", "\"name_hex\":\"",
	  "\"append\":true"}},
	{"real", {"\"kind\":\"file\"", "\"deleted\":false", "real (deleted)\"", "\"mode\":\"r\""}},
	{"dir", {"\"kind\":\"dir\"", "\"mode\":\"path\""}},
	{"tmpfile", {"\"kind\":\"file\"", "\"deleted\":false"}},
	{"dev",
	 {"\"kind\":\"dev\"", "\"name\":\"/dev/null\"", "\"mode\":\"w\"", "\"nonblock\":true"}},
	{"fifo", {"\"kind\":\"fifo\"", "\"mode\":\"rw\""}},
	{"pipe_read", {"\"kind\":\"pipe\"", "\"mode\":\"r\"", "\"nonblock\":true"}},
	{"pipe_write", {"\"kind\":\"pipe\"", "\"mode\":\"w\""}},
	{"timerfd",
	 {"\"kind\":\"timerfd\"", "\"clock\":\"monotonic\"", "\"interval_ms\":2000.000",
	  "\"next_ms\":35"}},
	{"eventfd", {"\"kind\":\"eventfd\"", "\"count\":255"}},
	{"signalfd", {"\"kind\":\"signalfd\"", "\"signals\":[\"USR2\"]"}},
	{"inotify", {"\"kind\":\"inotify\"", "\"count\":1"}},
	{"pidfd", {"\"kind\":\"pidfd\"", "\"target_state\":\"alive\"", "\"target_pid\":"}},
	{"io_uring", {"\"kind\":\"io_uring\""}},
	{"memfd", {"\"kind\":\"memfd\"", "\"name\":\"/memfd:zoo\"", "\"deleted\":false"}},
	{"ns", {"\"kind\":\"ns\"", "\"name\":\"net:["}},
	{"netlink", {"\"kind\":\"netlink\""}},
	{"epoll", {"\"kind\":\"epoll\"", "\"stale\":true", "\"stale\":false", "\"events\":\"in\""}},
};

static void every_kind_is_told_right(void **state)
{
	struct run *z = zoo(), *r = run(HANDLES("--json", pid_of(z)), NULL);

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->err, "");
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		const int fd = fd_of(z, facts[i].name);

		for (size_t k = 0; fd >= 0 && k < 5 && facts[i].parts[k] != NULL; k++)
			assert_has(record(r->out, fd), facts[i].parts[k]);
	}
	assert_has(record(r->out, fd_of(z, "listener")), "\"watched_by\":[");
	assert_lacks(record(r->out, fd_of(z, "close_wait")), "watched_by");
	end_zoo(z);
}

static void a_snapshot_begins_and_ends(void **state)
{
	struct run *z = zoo(), *r = run(HANDLES("-j", pid_of(z)), NULL);

	(void)state;
	assert_true(strstr(r->out, "{\"type\":\"snapshot\",\"v\":1,\"boot_id\":\"") == r->out);
	assert_has(r->out, "{\"type\":\"end\",\"processes\":1,");
	assert_has(r->out, "\"unreadable\":0,\"vanished\":0,\"timeouts\":0}\n");
	end_zoo(z);
}

static void the_table_escapes_what_it_shows(void **state)
{
	struct run *z = zoo(), *r = run(HANDLES(pid_of(z)), NULL);

	(void)state;
	assert_status(r, 0);
	for (const char *c = r->out; *c != '\0'; c++)
		assert_true(*c == '\n' || ((unsigned char)*c >= 0x20 && *c != 0x7f));
	assert_has(r->out, "gone\\x1b[31m\\xff (deleted, 8.0K on disk)");
	assert_has(r->out, "@zoo\\x1b[31m");
	assert_has(r->out, "TERM ignored");
	assert_has(r->out, "LISTEN queue 1/7");
	assert_has(r->out, "(stale)");
	assert_has(r->out, "real (deleted)\n");
	end_zoo(z);
}

static void a_kind_picks_its_handles(void **state)
{
	struct run *z = zoo(), *r = run(HANDLES("-j", "-k", "eventfd,memfd", pid_of(z)), NULL);

	(void)state;
	assert_status(r, 0);
	assert_lines(r->out, 4);
	assert_has(r->out, "\"handles\":2,");
	end_zoo(z);
}

static void peers_name_the_other_end(void **state)
{
	struct run *z = zoo(), *r = run(HANDLES("-jp", pid_of(z)), NULL);
	const char *part = test_text("\"pid\":%s,\"fd\":%d}", pid_of(z), fd_of(z, "unix_b"));

	(void)state;
	assert_status(r, 0);
	assert_has(record(r->out, fd_of(z, "unix_a")), "\"peer\":{\"ino\":");
	assert_has(record(r->out, fd_of(z, "unix_a")), part);
	part = test_text("\"pid\":%s,\"fd\":%d}", pid_of(z), fd_of(z, "pipe_write"));
	assert_has(record(r->out, fd_of(z, "pipe_read")), part);
	/* Its stdin is a pipe from here. */
	assert_has(record(r->out, 0), test_text("\"pid\":%d,", (int)getpid()));
	end_zoo(z);
}

static void a_list_works_with_8_descriptors(void **state)
{
	struct run *z = zoo(), *r;

	(void)state;
	r = run(HANDLES("-j", pid_of(z)),
		HOW(.limits = {{RLIMIT_NOFILE, 8, 8}}, .unwrapped = true));
	assert_status(r, 0);
	assert_has(record(r->out, fd_of(z, "listener")), "\"backlog\":7");
	r = run(HANDLES("--summary", pid_of(z)),
		HOW(.limits = {{RLIMIT_NOFILE, 8, 8}}, .unwrapped = true));
	assert_status(r, 0);
	assert_lines(r->out, 2);
	end_zoo(z);
}

/* --- summary, checks --------------------------------------------------------------------------------- */

static void a_summary_is_one_line_a_process(void **state)
{
	struct run *z = zoo(), *r = run(HANDLES("-sj", pid_of(z)), NULL);

	(void)state;
	assert_status(r, 0);
	assert_lines(r->out, 3);
	assert_has(r->out, test_text("{\"type\":\"summary\",\"pid\":%s,", pid_of(z)));
	assert_has(r->out, "\"comm\":\"zoo\",\"state\":\"S\",\"fds\":");
	assert_has(r->out, "\"threads\":1,\"children\":0,\"rss_kb\":");
	assert_has(r->out, "\"term\":\"ignored\",\"int\":\"default\",\"hup\":\"default\"");
	end_zoo(z);
}

static const struct check_row {
	const char *title;
	const char *args[4];
	int status;
	const char *err;
} check_rows[] = {
	{"more descriptors than --max-fds is a finding", {"--max-fds", "5"}, 1, "fds is "},
	{"as many as --max-fds is none", {"--max-fds", "1000"}, 0, NULL},
	{"--max-percent compares with the soft limit", {"--max-percent", "0"}, 0, NULL},
	{"--max-close-wait counts CLOSE_WAIT", {"--max-close-wait", "0"}, 1, "close_wait is 1"},
	{"one CLOSE_WAIT may be allowed", {"--max-close-wait", "1"}, 0, NULL},
	{"--max-threads", {"--max-threads", "0"}, 1, "threads is 1, more than 0"},
	{"--max-children", {"--max-children", "0"}, 0, NULL},
	{"--max-rss takes a size", {"--max-rss", "4K"}, 1, "rss_bytes is "},
	{"--require-handler finds a default", {"--require-handler", "TERM,INT"}, 1, "INT is left"},
	{"an ignored signal is not at its default", {"--require-handler", "SIGTERM"}, 0, NULL},
	{"-q says nothing and keeps the status", {"-q", "--max-fds", "5"}, 1, NULL},
};

static void a_check_judges(void **state)
{
	const struct check_row *row = test_now()->row;
	struct run *z = zoo();
	const char *argv[10] = {"pk-handles", "--summary"};
	struct run *r;
	size_t n = 2;

	(void)state;
	for (size_t i = 0; i < 4 && row->args[i] != NULL; i++)
		argv[n++] = row->args[i];
	argv[n] = pid_of(z);
	r = run(argv, NULL);
	assert_status(r, row->status);
	if (row->err != NULL)
		assert_has(r->err, row->err);
	else
		assert_string_equal(r->err, "");
	end_zoo(z);
}

static void findings_are_events(void **state)
{
	const char *events = events_path();
	struct run *z = zoo(),
		   *r = run(HANDLES("-s", "--max-fds", "1", "--events", events, pid_of(z)), NULL);
	const char *line = event_find(events, "finding");

	(void)state;
	assert_status(r, 1);
	assert_string_equal(event_text(line, "check"), "fds");
	assert_true(event_number(line, "target_pid") == (double)z->pid);
	assert_true(event_number(event_find(events, "end"), "status") == 1);
	end_zoo(z);
}

/* --- what cannot be told ------------------------------------------------------------------------------ */

static void a_missing_process_is_3_and_said(void **state)
{
	struct run *z = zoo(), *r = run(HANDLES("-s", "4194000", pid_of(z)), NULL);

	(void)state;
	assert_status(r, 3);
	assert_lines(r->err, 1);
	assert_has(r->err, "there is no process 4194000");
	assert_has(r->out, "zoo"); /* the other one is shown */
	r = run(HANDLES("-s", "--max-fds", "1", "4194000", pid_of(z)), NULL);
	assert_status(r, 1); /* a finding wins */
	end_zoo(z);
}

static void all_counts_what_it_may_not_read(void **state)
{
	struct run *z = zoo(), *r = run(HANDLES("--all", "--summary"), NULL);

	(void)state;
	assert_status(r, 0);
	assert_has(r->out, " zoo ");
	end_zoo(z);
}

static void a_tree_has_the_descendants(void **state)
{
	struct run *s, *r;

	(void)state;
	s = start(ARGV("sh", "-c", test_text("exec 3<&0; %s . <&3 & wait", helper_path("zoo"))),
		  HOW(.keep_input = true));
	run_wait_out(s, "ready");
	r = run(HANDLES("-T", "-s", pid_of(s)), NULL);
	assert_status(r, 0);
	assert_has(r->out, " zoo ");
	assert_has(r->out, " sh ");
	end_zoo(s);
}

static const struct usage_row {
	const char *title;
	const char *args[6];
	const char *err;
} usage_rows[] = {
	{"without a PID it is a mistake", {NULL}, "no PID given"},
	{"a PID is a number", {"x"}, "invalid PID 'x'"},
	{"zero is no PID", {"0"}, "invalid PID '0'"},
	{"--all takes no PID", {"-a", "1"}, "--all takes no PID"},
	{"--peers goes with a list", {"-s", "-p", "1"}, "--peers goes with a list"},
	{"an unknown kind is refused", {"-k", "x", "1"}, "invalid argument 'x' for '--kind'"},
	{"a percentage ends at 100", {"--max-percent", "101", "1"}, "from 0 to 100"},
	{"a signal is a name", {"--require-handler", "TERM,", "1"}, "signals such as"},
	{"a double dash needs a command", {"--"}, "no command given"},
	{"--summary takes no command", {"-s", "--", "true"}, "a command goes with neither"},
	{"a check goes with a list", {"-w", "--max-fds", "1", "1"}, "checks go with a list"},
	{"an error exit code needs a command",
	 {"--error-exitcode", "1", "1"},
	 "--error-exitcode goes with -- COMMAND"},
	{"a diff needs its file", {"-d", "missing", "1"}, "cannot read 'missing'"},
};

static void a_mistake_is_125(void **state)
{
	const struct usage_row *row = test_now()->row;
	const char *argv[8] = {"pk-handles"};
	struct run *r;

	(void)state;
	for (size_t i = 0; i < 6 && row->args[i] != NULL; i++)
		argv[i + 1] = row->args[i];
	r = run(argv, NULL);
	assert_status(r, 125);
	assert_string_equal(r->out, "");
	assert_has(r->err, row->err);
}

/* --- why ---------------------------------------------------------------------------------------------- */

static void why_names_reasons_in_order(void **state)
{
	static const char *const parts[] = {
		"the main thread waits in read on descriptor 0, pipe",
		"listens: ",
		"is connected: ",
		"armed timer: ",
		"reads a pipe that can still be written: 0 pipe",
		"SIGTERM is ignored",
		"likely leak: CLOSE_WAIT and in no epoll set: ",
		"stale epoll entry: ",
		"deleted file uses disk space: ",
	};
	struct run *z = zoo(), *r = run(HANDLES("--why", pid_of(z)), NULL);
	const char *at = r->out;

	(void)state;
	assert_status(r, 0);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		assert_has(at, parts[i]);
		at = strstr(at, parts[i]);
	}
	r = run(HANDLES("-wj", pid_of(z)), NULL);
	assert_has(r->out, test_text("{\"type\":\"why\",\"pid\":%s,\"rank\":4,\"text\":\"the main",
				     pid_of(z)));
	end_zoo(z);
}

/* pk-spawn reads TERM from a signalfd; its command has only blocked it. */
static void why_takes_a_signalfd_for_a_handler(void **state)
{
	struct run *r = start(ARGV("pk-spawn", "-k", "0", "--", "sh", "-c",
				   "echo ready; exec env --block-signal=TERM sleep 20"),
			      NULL);
	const char *front = test_text("%d", r->pid);

	(void)state;
	run_wait_out(r, "ready");
	const char *inner = test_text("%d", test_find("sleep"));
	assert_lacks(run(HANDLES("--why", front), NULL)->out, "SIGTERM");
	assert_has(run(HANDLES("--why", inner), NULL)->out,
		   "SIGTERM is blocked: it will not end it");
	run_signal(r, SIGTERM);
	finish(r);
}

static void why_tells_the_stopped_from_the_dead(void **state)
{
	struct run *z = zoo(), *r;

	(void)state;
	run_signal(z, SIGSTOP);
	run_wait_stopped(z);
	r = run(HANDLES("-w", pid_of(z)), NULL);
	assert_has(r->out, "is stopped (SIGCONT lets it go on)");
	run_signal(z, SIGCONT);
	end_zoo(z);
}

/* --- diff, trend -------------------------------------------------------------------------------------- */

static void growth_since_a_snapshot_is_a_finding(void **state)
{
	struct run *z = zoo(), *r = run(HANDLES("-j", pid_of(z)), NULL);
	const char *all = test_file("all", r->out, 0600), *less, *cut;
	char *text = test_keep(strdup(r->out));
	char *line = strstr(text, "\"kind\":\"eventfd\""), *end;

	(void)state;
	r = run(HANDLES("--diff", all, pid_of(z)), NULL);
	assert_status(r, 0);
	assert_string_equal(r->out, "");
	assert_non_null(line);
	while (line[-1] != '\n')
		line--;
	end = strchr(line, '\n') + 1;
	memmove(line, end, strlen(end) + 1);
	less = test_file("less", text, 0600);
	r = run(HANDLES("-d", less, pid_of(z)), NULL);
	assert_status(r, 1);
	assert_string_equal(r->out, "+1      eventfd  anon_inode:[eventfd] (0 -> 1)\n");
	r = run(HANDLES("-d", less, "--min-growth", "2", all), NULL);
	assert_status(r, 0);
	r = run(HANDLES("-jd", all, less), NULL);
	assert_status(r, 0);
	assert_has(r->out, "{\"type\":\"group\",\"kind\":\"eventfd\",\"target\":"
			   "\"anon_inode:[eventfd]\",\"old\":1,\"new\":0}");
	r = run(HANDLES("-d", "-", less), HOW(.input = text));
	assert_status(r, 0);
	text[strlen(text) - 20] = '\0';
	cut = test_file("cut", text, 0600);
	r = run(HANDLES("-d", cut, pid_of(z)), NULL);
	assert_status(r, 125);
	assert_has(r->err, "its end record is missing");
	end_zoo(z);
}

static void too_few_samples_are_3(void **state)
{
	struct run *z = zoo(),
		   *r = run(HANDLES("--trend", "-n", "2", "-i", "1ms", pid_of(z)), NULL);

	(void)state;
	assert_status(r, 3);
	assert_has(r->out, "fds: unknown (");
	end_zoo(z);
}

static void a_steady_process_has_no_trend(void **state)
{
	const char *events = events_path();
	struct run *z = zoo(), *r = run(HANDLES("--trend", "-n", "15", "-i", "1ms", "--events",
						events, "-j", pid_of(z)),
					NULL);

	(void)state;
	assert_status(r, 0);
	assert_has(r->out, "\"metric\":\"fds\",\"verdict\":\"steady\",\"samples\":15");
	assert_has(r->out, "\"metric\":\"children\",\"verdict\":\"steady\"");
	assert_int_equal(event_count(events, "sample"), 15);
	end_zoo(z);
}

static void a_leaking_process_is_found(void **state)
{
	const char *script = "import os,sys,time\n"
			     "print('ready', flush=True)\n"
			     "while True:\n os.dup(0)\n time.sleep(0.002)\n";
	struct run *p = start(ARGV("python3", "-c", script), NULL), *r;

	(void)state;
	run_wait_out(p, "ready");
	r = run(HANDLES("--trend", "-n", "20", "-i", "30ms", pid_of(p)), NULL);
	assert_status(r, 1);
	assert_has(r->out, "fds: leak suspected (");
	run_signal(p, SIGKILL);
	finish(p);
}

static void a_trend_ends_by_the_signal(void **state)
{
	struct run *z = zoo(), *r = start(HANDLES("--trend", "-j", "-i", "1h", pid_of(z)), NULL);

	(void)state;
	run_wait_out(r, "\"type\":\"sample\"");
	run_signal(r, SIGTERM);
	finish(r);
	assert_signal(r, SIGTERM);
	end_zoo(z);
}

#define ROW(array, i, function) tidy_row((array)[i].title, function, &(array)[i])

int main(void)
{
	struct CMUnitTest tests[64] = {
		tidy_test(every_kind_is_told_right),
		tidy_test(a_snapshot_begins_and_ends),
		tidy_test(the_table_escapes_what_it_shows),
		tidy_test(a_kind_picks_its_handles),
		tidy_test(peers_name_the_other_end),
		tidy_test(a_list_works_with_8_descriptors),
		tidy_test(a_summary_is_one_line_a_process),
		tidy_test(findings_are_events),
		tidy_test(a_missing_process_is_3_and_said),
		tidy_test(all_counts_what_it_may_not_read),
		tidy_test(a_tree_has_the_descendants),
		tidy_test(why_names_reasons_in_order),
		tidy_test(why_takes_a_signalfd_for_a_handler),
		tidy_test(why_tells_the_stopped_from_the_dead),
		tidy_test(growth_since_a_snapshot_is_a_finding),
		tidy_test(too_few_samples_are_3),
		tidy_test(a_steady_process_has_no_trend),
		tidy_test(a_leaking_process_is_found),
		tidy_test(a_trend_ends_by_the_signal),
	};
	size_t n = 18;

	for (size_t i = 0; i < sizeof(check_rows) / sizeof(check_rows[0]); i++)
		tests[n++] = (struct CMUnitTest)ROW(check_rows, i, a_check_judges);
	for (size_t i = 0; i < sizeof(usage_rows) / sizeof(usage_rows[0]); i++)
		tests[n++] = (struct CMUnitTest)ROW(usage_rows, i, a_mistake_is_125);
	return _cmocka_run_group_tests("tests", tests, n, NULL, NULL);
}
