/* The pure parts of readiness: SPECs, HTTP answers, notifications, lines of the socket tables. */
#include "tests/check.h"

#include <arpa/inet.h>
#include <errno.h>

#include "answer.h"
#include "common/base.h"
#include "listener.h"
#include "notify.h"
#include "spec.h"

static void specs_are_read(void **state)
{
	static const struct {
		const char *text;
		enum spec_kind kind;
		const char *host, *rest;
		int number; /* port or descriptor */
	} rows[] = {
		{"tcp:80", SPEC_TCP, "", NULL, 80},
		{"tcp:65535", SPEC_TCP, "", NULL, 65535},
		{"tcp:localhost:8080", SPEC_TCP, "localhost", NULL, 8080},
		{"tcp:127.0.0.1:1", SPEC_TCP, "127.0.0.1", NULL, 1},
		{"tcp:[::1]:443", SPEC_TCP, "::1", NULL, 443},
		{"unix:/run/x", SPEC_UNIX, "", "/run/x", 0},
		{"unix:relative", SPEC_UNIX, "", "relative", 0},
		{"http://localhost", SPEC_HTTP, "localhost", "", 80},
		{"http://localhost:8080", SPEC_HTTP, "localhost", "", 8080},
		{"http://localhost:8080/", SPEC_HTTP, "localhost", "/", 8080},
		{"http://127.0.0.1/a?b=c:d", SPEC_HTTP, "127.0.0.1", "/a?b=c:d", 80},
		{"http://[::1]:8080/x", SPEC_HTTP, "::1", "/x", 8080},
		{"http://[::1]/", SPEC_HTTP, "::1", "/", 80},
		{"line:^up:$", SPEC_LINE, "", "^up:$", 0},
		{"fd:3", SPEC_FD, "", NULL, 3},
		{"fd:1023", SPEC_FD, "", NULL, 1023},
		{"notify", SPEC_NOTIFY, "", "", 0},
		{"file:x", SPEC_FILE, "", "x", 0},
		{"exec:a b:c", SPEC_EXEC, "", "a b:c", 0},
	};

	(void)state;
	for (size_t i = 0; i < array_len(rows); i++) {
		struct spec spec;

		assert_null(spec_parse(&spec, rows[i].text, false));
		assert_int_equal(spec.kind, rows[i].kind);
		assert_string_equal(spec.host, rows[i].host);
		assert_ptr_equal(spec.text, rows[i].text);
		if (rows[i].rest)
			assert_string_equal(spec.rest, rows[i].rest);
		assert_int_equal(spec.kind == SPEC_FD ? spec.fd : spec.port, rows[i].number);
	}
}

static void what_is_no_spec_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"tcp",
		"tcp:",
		"tcp:0",
		"tcp:65536",
		"tcp:-1",
		"tcp:80x",
		"tcp: 80",
		"tcp:a:",
		"tcp::80",
		"tcp:[::1]",
		"tcp:[::1:80",
		"tcp:[]:80",
		"tcp:a b:80",
		"udp:80",
		"unix:",
		"http:",
		"http:/",
		"http://",
		"http:///x",
		"http://:80",
		"http://a:/",
		"http://a:0/",
		"http://a:x/",
		"http://localhost?x",
		"line:",
		"line",
		"fd:2",
		"fd:1024",
		"fd:",
		"fd:x",
		"notify:",
		"notify:x",
		"file:",
		"exec:",
		"TCP:80",
		"tcp80",
		"https://a/",
		"http://a/b c",
		"http://localhost/\r\nX: y",
	};
	struct spec spec = {.port = 7};

	(void)state;
	for (size_t i = 0; i < array_len(texts); i++) {
		if (!spec_parse(&spec, texts[i], false))
			fail_msg("'%s' is accepted", texts[i]);
		if (!spec_parse(&spec, texts[i], true))
			fail_msg("'%s' is accepted from outside", texts[i]);
		assert_int_equal(spec.port, 7);
	}
}

static void names_are_for_others_and_lines_for_ours(void **state)
{
	static const char *const outer[] = {"tcp:db.example:5432", "http://api/health", "tcp:a:1"};
	static const char *const inner[] = {"line:x", "fd:3", "notify"};
	struct spec spec;

	(void)state;
	for (size_t i = 0; i < array_len(outer); i++) {
		assert_null(spec_parse(&spec, outer[i], true));
		assert_has(spec_parse(&spec, outer[i], false), "HOST to be localhost");
	}
	for (size_t i = 0; i < array_len(inner); i++) {
		assert_null(spec_parse(&spec, inner[i], false));
		assert_has(spec_parse(&spec, inner[i], true), "exec:CMD");
	}
}

static int status_of(const char *answer)
{
	const size_t len = strlen(answer);

	/* Byte by byte it is never something else before it is complete. */
	for (size_t i = 0; i < len && i < ANSWER_ENOUGH; i++) {
		int early = answer_status(answer, i);

		if (early < 0)
			return early;
		assert_int_equal(early, 0);
	}
	return answer_status(answer, len);
}

static void answers_have_a_status(void **state)
{
	static const char *const garbage[] = {"SSH-2.0-x",    "HTTP/2 200",	"HTTP/1.1  200 OK",
					      "HTTP/1.1 20x", "HTTP/1.1 099 x", "HTTP/1.1 2000 ",
					      "\r\n",	      "http/1.1 200 OK"};

	(void)state;
	assert_int_equal(status_of("HTTP/1.1 200 OK\r\n"), 200);
	assert_int_equal(status_of("HTTP/1.0 503 x"), 503);
	assert_int_equal(status_of("HTTP/1.1 204"), 204);
	assert_int_equal(status_of("HTTP/1.1 20"), 0);
	assert_int_equal(status_of(""), 0);
	for (size_t i = 0; i < array_len(garbage); i++)
		assert_int_equal(status_of(garbage[i]), -EINVAL);
	assert_true(answer_is_ready(200) && answer_is_ready(302) && answer_is_ready(399));
	assert_false(answer_is_ready(199) || answer_is_ready(400) || answer_is_ready(503));
}

static void a_request_names_its_host(void **state)
{
	char text[ANSWER_REQUEST_MAX], path[ANSWER_REQUEST_MAX + 32];
	struct spec spec;
	size_t len;

	(void)state;
	assert_null(spec_parse(&spec, "http://[::1]:8080/x?y", false));
	len = answer_request(&spec, text);
	assert_int_equal(len, strlen(text));
	assert_has(text, "GET /x?y HTTP/1.1\r\nHost: [::1]:8080\r\n");
	assert_null(spec_parse(&spec, "http://localhost", false));
	assert_true(answer_request(&spec, text) > 0);
	assert_has(text, "GET / HTTP/1.1\r\nHost: localhost:80\r\n");
	memset(path, 'x', sizeof(path));
	memcpy(path, "http://localhost/", 17);
	path[sizeof(path) - 1] = '\0';
	assert_null(spec_parse(&spec, path, false));
	assert_int_equal(answer_request(&spec, text), 0);
}

static bool has(const char *message)
{
	return notify_has(message, strlen(message), "READY=1");
}

static void a_notification_is_a_list_of_lines(void **state)
{
	(void)state;
	assert_true(has("READY=1"));
	assert_true(has("READY=1\n"));
	assert_true(has("STATUS=x\nREADY=1\nMAINPID=4"));
	assert_false(has(""));
	assert_false(has("\n\n"));
	assert_false(has("READY=10"));
	assert_false(has("XREADY=1"));
	assert_false(has("READY=0\nREADY=1 "));
}

static void socket_tables_are_read(void **state)
{
	static const char v4[] = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 "
				 "00:00000000 00000000  1000        0 424242 1 0000 100 0 0 10 0\n";
	static const char v6[] = "  12: 00000000000000000000000001000000:1F90 "
				 "00000000000000000000000000000000:0000 01 00000000:00000000 "
				 "00:00000000 00000000     0        0 17 1 0000000000000000\n";
	struct listener listener;

	(void)state;
	assert_int_equal(listener_parse(v4, AF_INET, &listener), 0);
	assert_int_equal(listener.port, 8080);
	assert_int_equal(listener.ino, 424242);
	assert_true(listener.listens);
	assert_true(listener_is_for(&listener, ""));
	assert_true(listener_is_for(&listener, "localhost"));
	assert_true(listener_is_for(&listener, "127.0.0.1"));
	assert_false(listener_is_for(&listener, "127.0.0.2"));
	assert_false(listener_is_for(&listener, "::1"));
	assert_int_equal(listener_parse(v6, AF_INET6, &listener), 0);
	assert_false(listener.listens);
	assert_int_equal(listener.ino, 17);
	assert_true(listener_is_for(&listener, "::1"));
	assert_true(listener_is_for(&listener, "localhost"));
	assert_false(listener_is_for(&listener, "127.0.0.1"));
	assert_int_equal(listener_parse(v6, AF_INET, &listener), -EINVAL);
	assert_int_equal(listener_parse("  sl  local_address rem_address", AF_INET, &listener),
			 -EINVAL);
	assert_int_equal(listener_parse("", AF_INET, &listener), -EINVAL);
}

static void a_listener_on_all_addresses_is_for_each(void **state)
{
	struct listener listener = {.family = AF_INET, .port = 80};

	(void)state;
	assert_true(listener_is_for(&listener, "10.1.2.3"));
	assert_false(listener_is_for(&listener, "::1"));
	listener.family = AF_INET6;
	assert_true(listener_is_for(&listener, "::1"));
	assert_true(listener_is_for(&listener, "127.0.0.1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(specs_are_read),
		cmocka_unit_test(what_is_no_spec_is_refused),
		cmocka_unit_test(names_are_for_others_and_lines_for_ours),
		cmocka_unit_test(answers_have_a_status),
		cmocka_unit_test(a_request_names_its_host),
		cmocka_unit_test(a_notification_is_a_list_of_lines),
		cmocka_unit_test(socket_tables_are_read),
		cmocka_unit_test(a_listener_on_all_addresses_is_for_each),
	};
	return cmocka_run_group_tests_name("pk-spawn/ready", tests, NULL, NULL);
}
