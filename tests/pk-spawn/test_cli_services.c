/*
 * pk-spawn with services, readiness and things that are waited for. Ports are reserved by a socket of
 * the test that is bound and does not listen: others may bind there with SO_REUSEADDR as well.
 */
#include "tests/check.h"
#include "tests/lib/events.h"
#include "tests/lib/run.h"

#include "common/base.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SPAWN(...) ARGV("pk-spawn", __VA_ARGS__)

static int port_socket;

static int reserve_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	const int on = 1;

	port_socket = test_keep_fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	assert_int_equal(setsockopt(port_socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(bind(port_socket, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(port_socket, (struct sockaddr *)&address, &len), 0);
	return ntohs(address.sin_port);
}

static const char *listen_on(int port, const char *more)
{
	return test_text("exec '%s' %d %s", helper_path("listen"), port, more);
}

static const char *tcp(int port)
{
	return test_text("tcp:%d", port);
}

static bool is_there(const char *name)
{
	return access(test_path(name), F_OK) == 0;
}

static const char *text_of(const char *path)
{
	char *text = test_keep(calloc(1, 4096));
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0 && read(fd, text, 4095) >= 0);
	(void)close(fd);
	return text;
}

/* --- each kind of readiness ---------------------------------------------------------------------- */

struct row {
	const char *title;
	const char *service; /* @ is the helper's folder */
	const char *spec;
	const char *how;
};

static const struct row rows[] = {
	{"a line of stdout", "echo no; echo 'now up'; exec sleep 20", "line:up$", "line"},
	{"a line of stderr", "echo up >&2; exec sleep 20", "line:^up", "line"},
	{"a newline on a descriptor", "echo >&7; exec sleep 20", "fd:7", "fd"},
	{"a message to NOTIFY_SOCKET", "@/notify STATUS=x READY=1 && exec sleep 20", "notify",
	 "notify"},
	{"a message of several lines", "@/notify 'STATUS=x\nREADY=1' && exec sleep 20", "notify",
	 "notify"},
	{"a file", ": > there; exec sleep 20", "file:there", "file"},
	{"a file in a folder that is made later", "mkdir d; : > d/there; exec sleep 20",
	 "file:d/there", "file"},
	{"a file that was there and is replaced", ": > new; mv new old; exec sleep 20", "file:old",
	 "file"},
	{"a command that succeeds", ": > there; exec sleep 20", "exec:test -e there", "exec"},
	{"a unix socket", "exec @/listen ./sock", "unix:sock", "unix"},
};

static void the_command_starts_when_the_service_is_ready(void **state)
{
	const struct row *row = test_now()->row;
	const char *events = events_path(), *at = strchr(row->service, '@'),
		   *service = row->service;
	char folder[4096];

	(void)state;
	(void)snprintf(folder, sizeof(folder), "%s", helper_path("listen"));
	*strrchr(folder, '/') = '\0';
	if (at)
		service = test_text("%.*s%s%s", (int)(at - service), service, folder, at + 1);
	(void)test_file("old", "old", 0600);
	struct run *r = run(SPAWN("--events", events, "--service", service, "--ready", row->spec,
				  "--", "sh", "-c", "echo go; rm -rf there new d sock"),
			    NULL);
	assert_status(r, 0);
	assert_has(r->out, "go\n");
	const char *line = event_find(events, "ready");
	assert_non_null(line);
	assert_string_equal(event_text(line, "how"), row->how);
	assert_int_equal((int)event_number(line, "service"), 1);
	assert_int_equal((int)event_number(line, "command_pid"),
			 (int)event_number(event_find(events, "start"), "command_pid"));
	assert_int_equal(event_count(events, "start"), 2);
	assert_int_equal(event_count(events, "exit"), 2);
	assert_string_equal(event_text(event_line(events, 2), "event"), "ready");
	assert_no_survivor();
}

static void a_port_is_ready_when_the_service_listens(void **state)
{
	int port = reserve_port();
	struct run *r = run(SPAWN("--service", listen_on(port, "100"), "--ready", tcp(port), "--",
				  "@listen", test_text("%d", port), "connect"),
			    NULL);

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "listening\n");
	assert_no_survivor();
}

static void a_port_on_another_address_is_not_meant(void **state)
{
	int port = reserve_port();
	struct run *r =
		run(SPAWN("--ready-timeout", "300ms", "--service", listen_on(port, ""), "--ready",
			  test_text("tcp:127.0.0.2:%d", port), "--", "touch", "ran"),
		    NULL);

	(void)state;
	assert_status(r, 124);
	assert_false(is_there("ran"));
}

static void pythons_server_answers(void **state)
{
	int port = reserve_port();
	const char *url = test_text("http://127.0.0.1:%d/", port);
	struct run *r = run(SPAWN("--service",
				  test_text("exec python3 -m http.server --bind 127.0.0.1 %d "
					    ">/dev/null 2>&1",
					    port),
				  "--ready", url, "--", "curl", "-fsS", "-o", "/dev/null", "-w",
				  "%{http_code}", url),
			    NULL);

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "200");
}

/* In redis-tools the server is the checker by another name; that package starts no service. */
static void redis_answers(void **state)
{
	int port = reserve_port();

	(void)state;
	if (system("command -v redis-check-rdb redis-cli >/dev/null") != 0)
		skip();
	struct run *r = run(SPAWN("--service",
				  test_text("exec bash -c \"exec -a redis-server redis-check-rdb "
					    "--port %d --save '' >/dev/null\"",
					    port),
				  "--ready", tcp(port), "--", "redis-cli", "-p",
				  test_text("%d", port), "ping"),
			    NULL);
	assert_status(r, 0);
	assert_string_equal(r->out, "PONG\n");
}

static void systemds_own_tool_is_heard(void **state)
{
	(void)state;
	if (system("command -v systemd-notify >/dev/null") != 0)
		skip();
	assert_status(run(SPAWN("--service", "systemd-notify --ready && exec sleep 20", "--ready",
				"notify", "--", "true"),
			  NULL),
		      0);
}

/* --- what is not ready --------------------------------------------------------------------------- */

static void not_ready_in_time_is_124_and_nothing_is_started(void **state)
{
	static const char *const specs[] = {"line:up",	      "fd:9",	   "notify",
					    "file:none",      "unix:none", "exec:false",
					    "file:no/where/x"};

	(void)state;
	for (size_t i = 0; i < array_len(specs); i++) {
		struct run *r =
			run(SPAWN("--ready-timeout", "200ms", "--service", "echo x; exec sleep 20",
				  "--ready", specs[i], "--", "touch", "ran"),
			    NULL);

		assert_status(r, 124);
		assert_lines(r->err, 1);
		assert_has(r->err, "pk-spawn: 'echo x; exec sleep 20' was not ready in 200ms: ");
		assert_has(r->err, specs[i]);
		assert_false(is_there("ran"));
		assert_true(r->elapsed_ms >= 200);
		assert_no_survivor();
	}
}

static void a_deadline_that_cuts_the_start_short_is_named(void **state)
{
	static const struct {
		const char *deadline, *env, *kind, *says;
	} limits[] = {
		{"200ms", NULL, "deadline", "was not ready in 200ms (deadline): exec:false\n"},
		{"1h", "PK_DEADLINE=+400ms", "inherited", " (inherited deadline): exec:false\n"},
	};

	const char *events = events_path();

	(void)state;
	for (size_t i = 0; i < array_len(limits); i++) {
		(void)unlink(events);
		struct run *r = run(SPAWN("--events", events, "-D", limits[i].deadline, "--service",
					  "exec sleep 20", "--ready", "exec:false", "--", "true"),
				    HOW(.env = {limits[i].env}));

		assert_status(r, 124);
		assert_lines(r->err, 1);
		assert_has(r->err, limits[i].says);
		assert_string_equal(event_text(event_find(events, "timeout"), "kind"),
				    limits[i].kind);
		assert_string_equal(event_text(event_find(events, "exit"), "cause"),
				    limits[i].kind);
		assert_no_survivor();
	}
}

static void an_old_file_is_not_ready(void **state)
{
	(void)state;
	(void)test_file("old", "", 0600);
	assert_status(run(SPAWN("-q", "--ready-timeout", "200ms", "--service", "exec sleep 20",
				"--ready", "file:old", "--", "true"),
			  NULL),
		      124);
}

/* The pauses are for a watch that has settled: without them it would be ready at the first look. */
static void a_file_is_found_where_the_watch_tells_nothing(void **state)
{
	static const struct {
		const char *service, *spec;
	} ways[] = {
		{"sleep 0.1; rm -r d; sleep 0.1; mkdir d; : > d/there", "file:d/there"},
		{"sleep 0.1; mv d gone; mkdir d; sleep 0.1; : > d/there", "file:d/there"},
		{"ln -s e/there link; sleep 0.1; : > e/there", "file:link"},
		{"sleep 0.1; : > e/before", "file:before"},
		{"exec 3>> d/open; sleep 0.1; echo >&3", "file:d/open"},
	};

	(void)state;
	for (size_t i = 0; i < array_len(ways); i++) {
		const char *service = test_text("%s; exec sleep 20", ways[i].service);

		assert_status(
			run(ARGV("sh", "-c", "mkdir d e && : > d/open && ln -s e/before before"),
			    NULL),
			0);
		/* A last look is made when the time is over: then none is left for the command. */
		assert_status(run(SPAWN("-D", "20s", "--service", service, "--ready", ways[i].spec,
					"--", "sleep", "0.2"),
				  NULL),
			      0);
		assert_status(run(ARGV("rm", "-rf", "d", "e", "gone", "link", "before"), NULL), 0);
	}
}

/* An older server has the port: the tests must not run against it. */
static void a_foreign_listener_is_reported_and_never_accepted(void **state)
{
	static const char *const forms[][2] = {
		{"tcp:", ""}, {"tcp:127.0.0.1:", ""}, {"http://127.0.0.1:", "/"}};

	(void)state;
	for (size_t i = 0; i < array_len(forms); i++) {
		int port = reserve_port();
		const char *spec = test_text("%s%d%s", forms[i][0], port, forms[i][1]);

		assert_int_equal(listen(port_socket, 4), 0);
		struct run *r = run(SPAWN("--ready-timeout", "500ms", "--service", "exec sleep 20",
					  "--ready", spec, "--", "touch", "ran"),
				    NULL);
		assert_status(r, 123);
		assert_has(r->err,
			   test_text("pk-spawn: %s: a process that is not ours listens there\n",
				     spec));
		assert_has(r->err, "is not its own\n");
		assert_lines(r->err, 2);
		assert_false(is_there("ran"));
	}
}

static void a_service_that_ends_early_is_123(void **state)
{
	struct run *r =
		run(SPAWN("--service", "exit 3", "--ready", "notify", "--", "touch", "ran"), NULL);

	(void)state;
	assert_status(r, 123);
	assert_string_equal(
		r->err,
		"pk-spawn: the service 'exit 3' exited with status 3 before it was ready\n");
	assert_false(is_there("ran"));
	r = run(SPAWN("--service", "kill -SEGV $$", "--ready", "fd:3", "--", "true"), NULL);
	assert_status(r, 123);
	assert_has(r->err, "died of SIGSEGV before it was ready\n");
}

/* --- order --------------------------------------------------------------------------------------- */

#define NOTING(name)                                                                               \
	"trap 'echo -" name " >> log; exit' TERM; echo +" name " >> log; echo >&9; sleep 20 & "    \
	"wait"

static void services_start_in_order_and_stop_in_reverse(void **state)
{
	const char *events = events_path();
	struct run *r = run(SPAWN("--events", events, "--service", NOTING("a"), "--ready", "fd:9",
				  "--service", NOTING("b"), "--ready", "fd:9", "--", "sh", "-c",
				  "echo run >> log; exit 7"),
			    NULL);

	(void)state;
	assert_status(r, 7);
	assert_string_equal(text_of(test_path("log")), "+a\n+b\nrun\n-b\n-a\n");
	assert_string_equal(r->err, "");
	assert_int_equal(event_count(events, "ready"), 2);
	assert_int_equal((int)event_number(event_find(events, "end"), "status"), 7);
	assert_no_survivor();
}

static void a_failed_start_stops_the_earlier_ones(void **state)
{
	struct run *r = run(SPAWN("-q", "--service", NOTING("a"), "--ready", "fd:9", "--service",
				  NOTING("b"), "--ready", "fd:9", "--service",
				  "echo c >> log; exit 1", "--ready", "fd:9", "--", "touch", "ran"),
			    NULL);

	(void)state;
	assert_status(r, 123);
	assert_string_equal(text_of(test_path("log")), "+a\n+b\nc\n-b\n-a\n");
	assert_string_equal(r->err, "");
	assert_false(is_there("ran"));
}

static void a_service_that_dies_stops_the_run(void **state)
{
	struct run *r =
		start(SPAWN("--service", "echo >&9; until test -e die; do sleep 0.02; done; exit 4",
			    "--ready", "fd:9", "--service", "echo $$; echo >&9; exec sleep 20",
			    "--ready", "fd:9", "--", "sh", "-c",
			    "trap 'echo stopped; exit' TERM; echo up; sleep 20 & wait"),
		      NULL);

	(void)state;
	run_wait_out(r, "up");
	(void)test_file("die", "", 0600);
	finish(r);
	assert_status(r, 123);
	assert_has(r->out, "stopped\n");
	assert_has(r->err, "exited with status 4\n");
	assert_no_survivor();
}

static void a_service_that_loses_its_port_stops_the_run(void **state)
{
	int port = reserve_port();
	struct run *r = run(SPAWN("--service", listen_on(port, "0 300"), "--ready", tcp(port), "--",
				  "sleep", "20"),
			    NULL);

	(void)state;
	assert_status(r, 123);
	assert_has(r->err, test_text("has lost tcp:%d\n", port));
	assert_no_survivor();
}

static void the_commands_own_failures_are_its_own(void **state)
{
	(void)state;
	assert_status(run(SPAWN("--service", "echo >&9; exec sleep 20", "--ready", "fd:9", "--",
				"./missing"),
			  HOW(.unwrapped = true)),
		      127);
	assert_status(run(SPAWN("-q", "-t", "100ms", "--service", "echo >&9; exec sleep 20",
				"--ready", "fd:9", "--", "sleep", "20"),
			  NULL),
		      124);
	assert_signal(run(SPAWN("--service", "echo >&9; exec sleep 20", "--ready", "fd:9", "--",
				"sh", "-c", "kill -INT $$"),
			  NULL),
		      SIGINT);
	assert_no_survivor();
}

static void a_service_that_will_not_go_is_killed(void **state)
{
	const char *events = events_path();

	(void)state;
	assert_status(run(SPAWN("--events", events, "-k", "100ms", "--service",
				test_text("exec '%s'", helper_path("stubborn")), "--ready",
				"exec:true", "--", "true"),
			  NULL),
		      0);
	assert_non_null(event_find(events, "kill"));
	assert_no_survivor();
}

/* --- signals ------------------------------------------------------------------------------------- */

static void a_signal_while_a_service_starts_ends_the_run(void **state)
{
	const char *events = events_path();
	struct run *r = start(SPAWN("--events", events, "--service", "exec sleep 20", "--ready",
				    "notify", "--", "touch", "ran"),
			      NULL);

	(void)state;
	(void)event_wait(events, "start");
	run_signal(r, SIGTERM);
	finish(r);
	assert_signal(r, SIGTERM);
	assert_string_equal(r->err, "");
	assert_false(is_there("ran"));
	assert_no_survivor();
}

static void a_signal_goes_to_the_command_and_then_the_services_stop(void **state)
{
	struct run *r =
		start(SPAWN("--service", NOTING("a"), "--ready", "fd:9", "--", "sh", "-c",
			    "trap 'echo term >> log; exit 5' TERM; echo up; sleep 20 & wait"),
		      NULL);

	(void)state;
	run_wait_out(r, "up");
	run_signal(r, SIGTERM);
	finish(r);
	assert_status(r, 5);
	assert_string_equal(text_of(test_path("log")), "+a\nterm\n-a\n");
	assert_no_survivor();
}

static void two_signals_end_services_that_linger(void **state)
{
	const char *events = events_path();
	struct run *r = start(SPAWN("--events", events, "-k", "inf", "--service",
				    test_text("exec '%s'", helper_path("stubborn")), "--ready",
				    "exec:true", "--", "sh", "-c", "exit 6"),
			      NULL);

	(void)state;
	(void)event_wait(events, "stop");
	run_signal(r, SIGTERM);
	run_pass(300);
	run_signal(r, SIGTERM);
	finish(r);
	assert_status(r, 6);
	assert_no_survivor();
}

static void nothing_outlives_a_front_that_is_killed(void **state)
{
	const char *file = test_path("ready");
	struct run *r = start(SPAWN("--ready-file", file, "--service",
				    test_text("exec '%s' hold", helper_path("daemon")), "--ready",
				    "exec:true", "--", "sh", "-c", "echo up; sleep 20"),
			      NULL);

	(void)state;
	run_wait_out(r, "up");
	run_signal(r, SIGKILL);
	finish(r);
	assert_signal(r, SIGKILL);
	assert_int_equal(test_wait_gone(10000), 0);
	assert_false(is_there("ready"));
}

/* --- the word to the outside --------------------------------------------------------------------- */

static void the_ready_file_goes_before_the_command_is_asked_to_stop(void **state)
{
	const char *file = test_file("ready", "stale", 0600);
	struct run *r =
		start(SPAWN("--ready-file", file, "--ready", "line:^up$", "--", "sh", "-c",
			    "test -e ready || echo absent;"
			    "trap 'test -e ready || echo gone; exit 0' TERM;"
			    "echo up; until test -e ready; do :; done; echo seen; sleep 20 & wait"),
		      NULL);

	(void)state;
	run_wait_out(r, "seen");
	run_signal(r, SIGTERM);
	finish(r);
	assert_status(r, 0);
	assert_string_equal(r->out, "absent\nup\nseen\ngone\n");
	assert_false(is_there("ready"));
}

static void the_ready_file_goes_before_a_limit_ends_the_command(void **state)
{
	struct run *r = run(
		SPAWN("-q", "-t", "500ms", "--ready-file", "ready", "--ready", "line:^up$", "--",
		      "sh", "-c",
		      "trap 'test -e ready || echo gone; exit 0' TERM; echo up; sleep 20 & wait"),
		NULL);

	(void)state;
	assert_status(r, 124);
	assert_string_equal(r->out, "up\ngone\n");
}

static void a_fifo_cannot_block_the_word(void **state)
{
	struct run *r;

	(void)state;
	r = run(SPAWN("--ready-file", "dir/ready", "--service",
		      "mkdir dir; mkfifo dir/ready; echo up; exec sleep 20", "--ready", "line:^up$",
		      "--", "echo", "went on"),
		NULL);
	assert_status(r, 0);
	assert_has(r->out, "went on\n");
	assert_has(r->err, "pk-spawn: cannot create 'dir/ready': No such device or address\n");
	(void)unlink(test_path("dir/ready"));
	(void)rmdir(test_path("dir"));
}

static const char *next_message(int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	char text[256] = "";

	assert_int_equal(poll(&pfd, 1, 10000), 1);
	assert_true(recv(fd, text, sizeof(text) - 1, 0) > 0);
	return test_text("%s", text);
}

static void readiness_is_passed_on_to_notify_socket(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = test_keep_fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	const char *path = test_path("notify");

	(void)state;
	assert_true(strlen(path) < sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	struct run *r = start(SPAWN("--ready", "line:^up$", "--", "sh", "-c",
				    "echo \"[$NOTIFY_SOCKET]\"; echo up; sleep 20 & wait"),
			      HOW(.env = {test_text("NOTIFY_SOCKET=%s", path)}));
	assert_string_equal(next_message(fd), "READY=1");
	run_signal(r, SIGTERM);
	assert_string_equal(next_message(fd), "STOPPING=1");
	finish(r);
	assert_string_equal(r->out, "[]\nup\n");
	assert_signal(r, SIGTERM);
}

/* --- the command itself -------------------------------------------------------------------------- */

static void readiness_of_the_command_is_an_event(void **state)
{
	const char *events = events_path(), *line;
	struct run *r = run(SPAWN("--events", events, "--ready", "line:^up$", "--", "sh", "-c",
				  "echo up; echo more; exit 3"),
			    NULL);

	(void)state;
	assert_status(r, 3);
	assert_string_equal(r->out, "up\nmore\n");
	line = event_find(events, "ready");
	assert_non_null(line);
	assert_string_equal(event_text(line, "how"), "line");
	assert_false(event_has(line, "service"));
	assert_true(event_number(line, "elapsed_ms") >= 0);
}

static void a_command_that_is_not_ready_in_time_is_124(void **state)
{
	const char *events = events_path();
	struct run *r = run(SPAWN("--events", events, "--ready-timeout", "200ms", "--ready", "fd:3",
				  "--", "sleep", "20"),
			    NULL);

	(void)state;
	assert_status(r, 124);
	assert_string_equal(r->err, "pk-spawn: 'sleep' was not ready in 200ms: fd:3\n");
	assert_null(event_find(events, "ready"));
}

/* --- what is waited for -------------------------------------------------------------------------- */

static void what_is_there_is_not_waited_for(void **state)
{
	int port = reserve_port();

	(void)state;
	assert_int_equal(listen(port_socket, 8), 0);
	assert_status(run(SPAWN("--wait-for", tcp(port), "--wait-for",
				test_text("tcp:localhost:%d", port), "--wait-for",
				"file:/proc/self", "--wait-for", "exec:true", "--", "true"),
			  NULL),
		      0);
}

static void a_file_that_appears_is_waited_for(void **state)
{
	const char *events = events_path();
	struct run *r = start(SPAWN("--events", events, "--wait-for", "file:later", "--wait-for",
				    "exec:test -e later", "--", "echo", "there"),
			      NULL);

	(void)state;
	run_pass(100);
	assert_null(event_find(events, "start"));
	(void)test_file("later", "", 0600);
	finish(r);
	assert_status(r, 0);
	assert_string_equal(r->out, "there\n");
}

static void an_error_of_a_web_server_is_not_yet(void **state)
{
	struct run *server = start(ARGV("@httpd", "503:", "404:", "200:"), NULL);

	(void)state;
	run_wait_out(server, "\n");
	const char *url = test_text("http://localhost:%d/x", atoi(server->out));
	assert_status(run(SPAWN("--wait-for", url, "--", "true"), NULL), 0);
	run_signal(server, SIGKILL);
	finish(server);
}

static void a_unix_socket_is_waited_for(void **state)
{
	struct run *server = start(ARGV("@listen", "./sock"), NULL);

	(void)state;
	run_wait_out(server, "listening");
	assert_status(run(SPAWN("--wait-for", "unix:sock", "--", "rm", "sock"), NULL), 0);
	run_signal(server, SIGKILL);
	finish(server);
}

static void not_there_in_time_is_75_and_nothing_is_started(void **state)
{
	const char *specs[] = {tcp(reserve_port()), "tcp:nowhere.invalid:80",
			       "unix:none",	    "file:none",
			       "exec:false",	    "http://localhost:1/"};

	(void)state;
	for (size_t i = 0; i < array_len(specs); i++) {
		struct run *r =
			run(SPAWN("--ready-timeout", "150ms", "--wait-for", specs[i], "--service",
				  "touch served", "--ready", "fd:3", "--", "touch", "ran"),
			    NULL);

		assert_status(r, 75);
		assert_string_equal(
			r->err, test_text("pk-spawn: waited for %s in vain for 150ms\n", specs[i]));
		assert_false(is_there("ran") || is_there("served"));
		assert_no_survivor();
	}
}

static void a_deadline_that_cuts_the_waiting_short_is_named(void **state)
{
	struct run *r = run(SPAWN("-D", "200ms", "--wait-for", "file:none", "--", "true"), NULL);

	(void)state;
	assert_status(r, 75);
	assert_string_equal(r->err,
			    "pk-spawn: waited for file:none in vain for 200ms (deadline)\n");
	r = run(SPAWN("-D", "1h", "--wait-for", "file:none", "--", "true"),
		HOW(.env = {"PK_DEADLINE=+400ms"}));
	assert_status(r, 75);
	assert_has(r->err, "file:none in vain for ");
	assert_has(r->err, " (inherited deadline)\n");
}

static void a_signal_ends_the_waiting(void **state)
{
	struct run *r = start(
		SPAWN("--wait-for", "exec:echo x > asked; sleep 20", "--", "touch", "ran"), NULL);

	(void)state;
	while (!is_there("asked"))
		run_pass(1);
	run_signal(r, SIGTERM);
	finish(r);
	assert_signal(r, SIGTERM);
	assert_false(is_there("ran"));
	assert_no_survivor();
	(void)unlink(test_path("asked"));
}

/* --- mistakes ------------------------------------------------------------------------------------ */

static void mistakes_are_125_with_what_was_expected(void **state)
{
	static const struct {
		const char *argv[8];
		const char *says;
	} mistakes[] = {
		{{"--ready", "tcp"}, "'tcp' for '--ready': expected tcp:[HOST:]PORT"},
		{{"--ready", "line:["}, "an extended regular expression behind line:"},
		{{"--ready", "http://example.org/"}, "HOST to be localhost or an address"},
		{{"--ready", "fd:3", "--ready", "fd:4"}, "one SPEC for each --service"},
		{{"--wait-for", "notify"}, "'notify' for '--wait-for'"},
		{{"--service", "x"}, "'--service x' needs a --ready behind it"},
		{{"--service", ""}, "a command for the shell"},
		{{"--lock", "l", "--service", "touch ran", "--ready", "file:ran"},
		 "'--lock' does not cover a '--service'"},
		{{"--ready-file", "f"}, "--ready-file needs --ready or --service"},
	};

	(void)state;
	for (size_t i = 0; i < array_len(mistakes); i++) {
		const char *argv[13] = {"pk-spawn"};
		size_t count = 1;

		for (size_t j = 0; j < 8 && mistakes[i].argv[j]; j++)
			argv[count++] = mistakes[i].argv[j];
		argv[count++] = "--";
		argv[count++] = "touch";
		argv[count++] = "ran";
		struct run *r = run(argv, NULL);
		assert_status(r, 125);
		assert_has(r->err, mistakes[i].says);
		assert_lines(r->err, 2);
		assert_false(is_there("ran"));
	}
}

int main(void)
{
	enum { FIRST = 33 };
	struct CMUnitTest tests[FIRST + array_len(rows)] = {
		tidy_test(a_port_is_ready_when_the_service_listens),
		tidy_test(a_port_on_another_address_is_not_meant),
		tidy_test(pythons_server_answers),
		tidy_test(redis_answers),
		tidy_test(systemds_own_tool_is_heard),
		tidy_test(not_ready_in_time_is_124_and_nothing_is_started),
		tidy_test(a_deadline_that_cuts_the_start_short_is_named),
		tidy_test(an_old_file_is_not_ready),
		tidy_test(a_file_is_found_where_the_watch_tells_nothing),
		tidy_test(a_foreign_listener_is_reported_and_never_accepted),
		tidy_test(a_service_that_ends_early_is_123),
		tidy_test(services_start_in_order_and_stop_in_reverse),
		tidy_test(a_failed_start_stops_the_earlier_ones),
		tidy_test(a_service_that_dies_stops_the_run),
		tidy_test(a_service_that_loses_its_port_stops_the_run),
		tidy_test(the_commands_own_failures_are_its_own),
		tidy_test(a_service_that_will_not_go_is_killed),
		tidy_test(a_signal_while_a_service_starts_ends_the_run),
		tidy_test(a_signal_goes_to_the_command_and_then_the_services_stop),
		tidy_test(two_signals_end_services_that_linger),
		tidy_test(nothing_outlives_a_front_that_is_killed),
		tidy_test(the_ready_file_goes_before_the_command_is_asked_to_stop),
		tidy_test(the_ready_file_goes_before_a_limit_ends_the_command),
		tidy_test(a_fifo_cannot_block_the_word),
		tidy_test(readiness_is_passed_on_to_notify_socket),
		tidy_test(readiness_of_the_command_is_an_event),
		tidy_test(a_command_that_is_not_ready_in_time_is_124),
		tidy_test(what_is_there_is_not_waited_for),
		tidy_test(a_file_that_appears_is_waited_for),
		tidy_test(an_error_of_a_web_server_is_not_yet),
		tidy_test(a_unix_socket_is_waited_for),
		tidy_test(not_there_in_time_is_75_and_nothing_is_started),
		tidy_test(a_deadline_that_cuts_the_waiting_short_is_named),
		tidy_test(a_signal_ends_the_waiting),
		tidy_test(mistakes_are_125_with_what_was_expected),
	};

	for (size_t i = 0; i < array_len(rows); i++)
		tests[FIRST + i] = (struct CMUnitTest)tidy_row(
			rows[i].title, the_command_starts_when_the_service_is_ready, &rows[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
