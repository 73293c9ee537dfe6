/*
 * pk-retry and a real server: curl hands the header block over by --hint-fd.
 */
#include "tests/check.h"
#include "tests/lib/events.h"
#include "tests/lib/run.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Start the server and return its URL. */
static const char *serve(struct run **ret, const char *const argv[])
{
	struct run *server = start(argv, NULL);

	run_wait_out(server, "\n");
	*ret = server;
	return test_text("http://127.0.0.1:%d/", atoi(server->out));
}

static void stop(struct run *server)
{
	run_signal(server, SIGKILL);
	finish(server);
}

#define CURL "curl", "-fsS", "--noproxy", "*", "-D", "/dev/fd/9"

static bool has_curl(void)
{
	return access("/usr/bin/curl", X_OK) == 0;
}

static void a_busy_server_is_asked_again_when_it_says(void **state)
{
	const char *events = events_path(), *line;
	struct run *server, *r;
	const char *url;

	(void)state;
	if (!has_curl())
		skip();
	url = serve(&server, ARGV("@httpd", "503:1", "429:0", "200:"));
	r = run(ARGV("pk-retry", "-d", "1ms", "--events", events, "-H", "9", "--", CURL, url),
		NULL);
	stop(server);
	assert_status(r, 0);
	assert_string_equal(r->out, "request 3\n");
	assert_has(r->err, "attempt 1 of 5 failed (status 22), next in 1");
	line = event_find(events, "hint");
	assert_int_equal((int)event_number(line, "http_status"), 503);
	assert_int_equal((int)event_number(line, "hint_ms"), 1000);
	assert_true(r->elapsed_ms >= 1000);
}

static void a_client_error_is_asked_once(void **state)
{
	struct run *server, *r;
	const char *url;

	(void)state;
	if (!has_curl())
		skip();
	url = serve(&server, ARGV("@httpd", "404:", "200:"));
	r = run(ARGV("pk-retry", "-d", "1ms", "-H", "9", "--", CURL, url), NULL);
	stop(server);
	assert_status(r, 22);
	assert_string_equal(r->out, "");
	assert_has(r->err, "attempt 1 of 5 failed (status 22), not retried: HTTP status 404\n");
}

static void a_day_is_too_long_to_wait(void **state)
{
	struct run *server, *r;
	const char *url;

	(void)state;
	if (!has_curl())
		skip();
	url = serve(&server, ARGV("@httpd", "503:86400"));
	r = run(ARGV("pk-retry", "-d", "1ms", "-H", "9", "--", CURL, url), NULL);
	stop(server);
	assert_status(r, 22);
	assert_has(r->err, "not retried: the hinted delay of 1d is longer than --max-hint\n");
}

static void a_date_is_a_hint(void **state)
{
	const char *events = events_path();
	struct run *server, *r;
	const char *url;

	(void)state;
	if (!has_curl())
		skip();
	url = serve(&server, ARGV("@httpd", "503:Wed, 21 Oct 2015 07:28:00 GMT", "200:"));
	r = run(ARGV("pk-retry", "-d", "1ms", "--events", events, "-H", "9", "--", CURL, url),
		NULL);
	stop(server);
	assert_status(r, 0);
	assert_int_equal((int)event_number(event_find(events, "hint"), "hint_ms"), 0);
}

static void a_server_that_is_down_opens_the_circuit(void **state)
{
	struct run *server, *r;
	const char *url;

	(void)state;
	if (!has_curl())
		skip();
	url = serve(&server, ARGV("@httpd", "500:"));
	stop(server);
	r = run(ARGV("pk-retry", "-q", "-d", "1ms", "-b", "s", "--breaker-threshold", "2", "-H",
		     "9", "--", CURL, url),
		NULL);
	assert_status(r, 7);
	r = run(ARGV("pk-retry", "-q", "-d", "1ms", "-b", "s", "--breaker-threshold", "2", "-H",
		     "9", "--", CURL, url),
		NULL);
	assert_status(r, 75);
	assert_int_equal(unlink(test_path("s")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tidy_test(a_busy_server_is_asked_again_when_it_says),
		tidy_test(a_client_error_is_asked_once),
		tidy_test(a_day_is_too_long_to_wait),
		tidy_test(a_date_is_a_hint),
		tidy_test(a_server_that_is_down_opens_the_circuit),
	};
	return cmocka_run_group_tests_name("pk-retry/http", tests, NULL, NULL);
}
