/*
 * pk-retry seen from outside: options, statuses, decisions, the command's environment.
 */
#include "tests/check.h"
#include "tests/lib/events.h"
#include "tests/lib/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define RETRY(...) ARGV("pk-retry", "-d", "1ms", __VA_ARGS__)

/* Succeeds in attempt N: fails with 7 before. */
#define UNTIL_ATTEMPT(n) "sh", "-c", "[ $PK_RETRY_ATTEMPT -ge " #n " ] || exit 7"

struct case_row {
	const char *title;
	const char *argv[14];
	int status, signal;
	const char *out; /* exactly; NULL: empty */
	const char *err; /* a part of stderr; NULL: it is empty */
	size_t lines;	 /* of stderr; 0: not looked at */
};

static void a_row_ends_as_the_table_says(void **state)
{
	const struct case_row *row = test_now()->row;
	/* valgrind's vfork is a fork: the errno of a failed exec does not come back. */
	const bool bare = row->status == 126 || row->status == 127;
	struct run *r = run(row->argv, HOW(.unwrapped = bare));

	(void)state;
	if (row->signal != 0)
		assert_signal(r, row->signal);
	else
		assert_status(r, row->status);
	assert_string_equal(r->out, row->out != NULL ? row->out : "");
	if (row->err == NULL)
		assert_string_equal(r->err, "");
	else
		assert_has(r->err, row->err);
	if (row->lines > 0)
		assert_lines(r->err, row->lines);
	assert_no_survivor();
}

#define R "pk-retry", "-d", "1ms"
static const struct case_row rows[] = {
	/* statuses */
	{"success is silent", {R, "true"}, .status = 0},
	{"stdout is the command's", {R, "--", "printf", "a\\nb"}, .out = "a\nb"},
	{"options behind the command are its own", {R, "echo", "-n", "9", "-q"}, .out = "9 -q"},
	{"arguments are passed as they are, never through a shell",
	 {R, "--", "echo", "a'; echo INJECTED; echo 'b", "it's", "$HOME *"},
	 .out = "a'; echo INJECTED; echo 'b it's $HOME *\n"},
	{"a failure is tried five times and its status kept",
	 {R, "--", "sh", "-c", "exit 7"},
	 .status = 7,
	 .err = "pk-retry: attempt 5 of 5 failed (status 7)\n",
	 .lines = 5},
	{"-n counts attempts",
	 {R, "-n", "2", "false"},
	 .status = 1,
	 .err = "attempt 2 of 2 failed",
	 .lines = 2},
	{"-n 1 is one attempt",
	 {R, "-n1", "false"},
	 .status = 1,
	 .err = "attempt 1 of 1 failed (status 1)\n",
	 .lines = 1},
	{"success ends it",
	 {R, "-n", "9", UNTIL_ATTEMPT(3)},
	 .err = "attempt 2 of 9 failed",
	 .lines = 2},
	{"-n inf goes on",
	 {R, "-n", "inf", "-d", "0", UNTIL_ATTEMPT(30)},
	 .err = "attempt 29 failed (status 7), next at once\n",
	 .lines = 29},
	{"quiet says nothing", {R, "-q", "-n", "3", "false"}, .status = 1},
	{"a death by signal is the same death in the end",
	 {R, "-q", "-n2", "--", "sh", "-c", "kill -KILL $$"},
	 .signal = SIGKILL},
	{"a killed attempt is tried again",
	 {R, "sh", "-c", "[ $PK_RETRY_ATTEMPT = 2 ] || kill -KILL $$"},
	 .err = "attempt 1 of 5 failed (killed by KILL), next in"},
	{"a command that is not found is not tried again",
	 {R, "./missing"},
	 .status = 127,
	 .err = "pk-retry: cannot run './missing': No such file or directory\n",
	 .lines = 1},
	{"nor one that cannot be executed",
	 {R, "/etc/passwd"},
	 .status = 126,
	 .err = "Permission denied",
	 .lines = 1},
	{"nor when -r says any",
	 {R, "-r", "any", "./missing"},
	 .status = 127,
	 .err = "./missing",
	 .lines = 1},
	{"the command's own 127 is a mistake too, by default",
	 {R, "sh", "-c", "exit 127"},
	 .status = 127,
	 .err = "attempt 1 of 5 failed (status 127), not retried: not in --retry-on",
	 .lines = 1},
	{"-r any tries the command's own 127 again",
	 {R, "-r", "any", "-n", "2", "sh", "-c", "exit 127"},
	 .status = 127,
	 .err = "attempt 2 of 2",
	 .lines = 2},

	/* what is tried again */
	{"-r names statuses",
	 {R, "-r", "7,9", "sh", "-c", "exit 8"},
	 .status = 8,
	 .err = "attempt 1 of 5",
	 .lines = 1},
	{"-r !7 excepts one",
	 {R, "-r", "!7", "sh", "-c", "exit 7"},
	 .status = 7,
	 .err = "not in --retry-on",
	 .lines = 1},
	{"-r timeout tries only time limits again",
	 {R, "-n2", "-r", "timeout", "-t", "50ms", "sleep", "20"},
	 .status = 124,
	 .err = "attempt 2 of 2 failed (timed out)",
	 .lines = 2},
	{"-r and timeouts together",
	 {R, "-n2", "-r", "3,timeout", "sh", "-c", "exit 4"},
	 .status = 4,
	 .err = "attempt 1 of 2",
	 .lines = 1},
	{"-r KILL tries a death again",
	 {R, "-q", "-r", "KILL", "sh", "-c", "[ $PK_RETRY_ATTEMPT = 2 ] || kill -KILL $$"},
	 .status = 0},
	{"-S takes another status for success",
	 {R, "-S", "0,3", "sh", "-c", "exit 3"},
	 .status = 3},
	{"-S 1-255 waits until it fails",
	 {R, "-q", "-S", "1-255", "sh", "-c", "[ $PK_RETRY_ATTEMPT -lt 3 ]"},
	 .status = 1},
	{"-S that is never met by status 0 ends with 1",
	 {R, "-n2", "-S", "1-255", "true"},
	 .status = 1,
	 .err = "attempt 2 of 2 failed (status 0, not in --success-on)\n",
	 .lines = 2},
	{"--until needs a line",
	 {R, "--until", "^re+ady$", "sh", "-c",
	  "echo not; [ $PK_RETRY_ATTEMPT = 1 ] || echo reeady"},
	 .out = "not\nreeady\n",
	 .err = "attempt 1 of 5 failed (status 0, no line matches --until), next in",
	 .lines = 1},
	{"--until that never matches ends with 1",
	 {R, "-q", "-n2", "--until", "x", "echo", "y"},
	 .status = 1},
	{"--until sees a last line without a newline",
	 {R, "--until", "^end$", "printf", "a\\nend"},
	 .out = "a\nend"},
	{"--retry-match tries a failure again",
	 {R, "-q", "-n2", "--retry-match", "reset", "sh", "-c", "echo conn reset >&2; exit 5"},
	 .status = 5,
	 .err = "conn reset\nconn reset\n",
	 .lines = 2},
	{"--retry-match looks at stdout too",
	 {R, "-q", "--retry-match", "reset", "sh", "-c", "echo reset; [ $PK_RETRY_ATTEMPT = 2 ]"},
	 .out = "reset\n"},
	{"--retry-match without a match ends it",
	 {R, "--retry-match", "reset", "sh", "-c", "echo denied >&2; exit 5"},
	 .status = 5,
	 .err = "not retried: no line matches --retry-match\n",
	 .lines = 2},

	/* time limits */
	{"a time limit is one attempt's",
	 {R, "-n", "2", "-t", "50ms", "sleep", "20"},
	 .status = 124,
	 .err = "attempt 1 of 2 failed (timed out), next in",
	 .lines = 2},
	{"124 also when SIGKILL was needed",
	 {R, "-q", "-n1", "-t", "100ms", "-k", "50ms", "@stubborn"},
	 .status = 124,
	 .out = NULL},
	{"nothing of a timed-out attempt is left",
	 {R, "-q", "-n", "2", "-t", "100ms", "-k", "100ms", "sh", "-c",
	  "sleep 20 & setsid sleep 20 & sleep 20"},
	 .status = 124},
	{"a failed attempt leaves nothing behind",
	 {R, "-q", "-n", "2", "sh", "-c", "setsid sleep 20 & exit 3"},
	 .status = 3},
	{"a deadline ends the attempt that runs",
	 {R, "-D", "100ms", "sleep", "20"},
	 .status = 124,
	 .err = "attempt 1 of 5 failed (timed out), not retried: the deadline of 100ms is too "
		"near\n",
	 .lines = 1},
	{"no delay is begun that would pass the deadline",
	 {"pk-retry", "-D", "5s", "-d", "10s", "-j", "none", "false"},
	 .status = 1,
	 .err = "not retried: the deadline of 5s is too near\n",
	 .lines = 1},
	{"limits of 0 and inf are none",
	 {R, "-t", "0", "-D", "inf", "-k", "inf", "true"},
	 .status = 0},
	{"the stop signal can be chosen",
	 {R, "-q", "-n1", "-s", "INT", "-t", "300ms", "-o", "pass", "@catch", "INT"},
	 .status = 124,
	 .out = "ready\ngot 2 user\n"},

	/* hints */
	{"a hint to stop stops",
	 {R, "-H", "9", "sh", "-c", "echo stop >&9; exit 4"},
	 .status = 4,
	 .err = "not retried: the hint is to stop\n",
	 .lines = 1},
	{"a negative hint stops",
	 {R, "-H", "9", "sh", "-c", "echo -1 >&9; exit 4"},
	 .status = 4,
	 .err = "the hint is to stop\n",
	 .lines = 1},
	{"a hint is a floor",
	 {R, "-n", "2", "-H", "9", "sh", "-c", "echo 100ms >&9; exit 4"},
	 .status = 4,
	 .err = "next in 10"},
	{"the hint's path is in the environment",
	 {R, "-H", "3", "sh", "-c", "echo stop >$PK_RETRY_HINT; exit 4"},
	 .status = 4,
	 .err = "the hint is to stop",
	 .lines = 1},
	{"a hint beyond --max-hint ends the run",
	 {R, "-H", "9", "sh", "-c", "echo 1h >&9; exit 4"},
	 .status = 4,
	 .err = "not retried: the hinted delay of 1h is longer than --max-hint\n",
	 .lines = 1},
	{"a hint beyond the deadline ends the run",
	 {R, "-D", "10s", "-H", "9", "sh", "-c", "echo 30 >&9; exit 4"},
	 .status = 4,
	 .err = "the deadline of 10s is too near\n",
	 .lines = 1},
	{"a client error ends the run",
	 {R, "-H", "9", "sh", "-c", "printf 'HTTP/1.1 404 No\\r\\n\\r\\n' >&9; exit 22"},
	 .status = 22,
	 .err = "not retried: HTTP status 404\n",
	 .lines = 1},
	{"a server error is tried again though -r does not name it",
	 {R, "-q", "-n2", "-r", "1", "-H", "9", "sh", "-c",
	  "echo 'HTTP/2 503' >&9; [ $PK_RETRY_ATTEMPT = 2 ] || exit 22"},
	 .status = 0},
	{"garbage is ignored, each attempt's hint is its own",
	 {R, "-q", "-n3", "-H", "9", "sh", "-c",
	  "[ $PK_RETRY_ATTEMPT = 1 ] && { echo rubbish >&9; exit 1; }; [ $PK_RETRY_ATTEMPT = 2 ] "
	  "&& { [ -s /dev/fd/9 ] && exit 126; exit 1; }; exit 0"},
	 .status = 0},

	/* environment */
	{"attempts are numbered and know the last status",
	 {R, "-q", "-n", "3", "-o", "pass", "sh", "-c",
	  "echo $PK_RETRY_ATTEMPT/$PK_RETRY_ATTEMPTS ${PK_RETRY_LAST_STATUS-none} "
	  "${PK_RETRY_REMAINING_MS-none}; exit $((6 + PK_RETRY_ATTEMPT))"},
	 .status = 9,
	 .out = "1/3 none none\n2/3 7 none\n3/3 8 none\n"},
	{"inf is inf", {R, "-n", "inf", "sh", "-c", "echo $PK_RETRY_ATTEMPTS"}, .out = "inf\n"},
	{"the key is a UUID and stays the same",
	 {R, "-q", "sh", "-c",
	  "echo $PK_RETRY_KEY >>k; [ $(wc -l <k) = 3 ] && [ $(sort -u k | grep -cE "
	  "'^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$') = 1 ] && rm "
	  "k"},
	 .status = 0},
	{"the remaining time is told",
	 {R, "-D", "60s", "sh", "-c",
	  "[ $PK_RETRY_REMAINING_MS -gt 1000 ] && [ $PK_RETRY_REMAINING_MS -le 60000 ]"},
	 .status = 0},

	/* verbose */
	{"verbose says why",
	 {R, "-v", "-n2", "sh", "-c", "exit 7"},
	 .status = 7,
	 .err = "pk-retry: retried for its status\npk-retry: the delay is the backoff's\n"},
	{"verbose shows the end of withheld stdout",
	 {R, "-v", "-n1", "-o", "commit", "sh", "-c", "echo secret; exit 7"},
	 .status = 7,
	 .err = "which is not passed on, ends with:\nsecret\n"},
	{"verbose tells of success",
	 {R, "-v", "true"},
	 .err = "pk-retry: attempt 1 succeeded\n",
	 .lines = 1},

	/* schedule */
	{"the schedule without jitter is exact",
	 {"pk-retry", "--schedule", "-n", "6", "-d", "200ms", "-j", "none"},
	 .out = "1 0 0\n2 200 200\n3 400 600\n4 800 1400\n5 1600 3000\n6 3200 6200\n"},
	{"the cap caps",
	 {"pk-retry", "--schedule", "-n", "4", "-d", "4s", "-x", "3", "-j", "none"},
	 .out = "1 0 0\n2 4000 4000\n3 10000 14000\n4 10000 24000\n"},
	{"a long delay raises the default cap",
	 {"pk-retry", "--schedule", "-n", "3", "-d", "1m", "-j", "none"},
	 .out = "1 0 0\n2 60000 60000\n3 60000 120000\n"},
	{"a schedule runs no command",
	 {"pk-retry", "--schedule", "-n", "1", "--", "touch", "ran"},
	 .out = "1 0 0\n"},
	{"a factor of 1 is constant",
	 {"pk-retry", "--schedule", "-n", "3", "-x", "1", "-m", "1m", "-j", "none"},
	 .out = "1 0 0\n2 1000 1000\n3 1000 2000\n"},

	/* usage */
	{"no command is a mistake",
	 {"pk-retry"},
	 .status = 125,
	 .err = "pk-retry: no command given\nTry 'pk-retry --help'.\n",
	 .lines = 2},
	{"-n 0 is a mistake",
	 {R, "-n", "0", "true"},
	 .status = 125,
	 .err = "invalid argument '0' for '--attempts'",
	 .lines = 2},
	{"-x below 1 is a mistake",
	 {R, "-x", "0.5", "true"},
	 .status = 125,
	 .err = "'0.5' for '--factor'",
	 .lines = 2},
	{"-j must be known",
	 {R, "-j", "some", "true"},
	 .status = 125,
	 .err = "expected full, equal, decorrelated or none",
	 .lines = 2},
	{"-r must be a list",
	 {R, "-r", "300", "true"},
	 .status = 125,
	 .err = "'300' for '--retry-on'",
	 .lines = 2},
	{"-S must be a list",
	 {R, "-S", "", "true"},
	 .status = 125,
	 .err = "'' for '--success-on'",
	 .lines = 2},
	{"--until must be an expression",
	 {R, "--until", "(", "true"},
	 .status = 125,
	 .err = "'(' for '--until': expected an extended regular expression",
	 .lines = 2},
	{"--retry-match must be an expression",
	 {R, "--retry-match", "[", "true"},
	 .status = 125,
	 .err = "'[' for '--retry-match'",
	 .lines = 2},
	{"-H must be a descriptor above 2",
	 {R, "-H", "2", "true"},
	 .status = 125,
	 .err = "'2' for '--hint-fd'",
	 .lines = 2},
	{"--until and pass contradict each other",
	 {R, "--until", "x", "-o", "pass", "true"},
	 .status = 125,
	 .err = "'--stdout=pass' cannot be given too",
	 .lines = 2},
	{"a schedule needs an end",
	 {"pk-retry", "--schedule", "-n", "inf"},
	 .status = 125,
	 .err = "needs an end",
	 .lines = 2},
	{"a mistyped option is suggested",
	 {R, "--atempts", "3", "true"},
	 .status = 125,
	 .err = "did you mean '--attempts'?",
	 .lines = 2},
	{"abbreviations are refused",
	 {R, "--attempt", "3", "true"},
	 .status = 125,
	 .err = "unknown option '--attempt'",
	 .lines = 2},
	{"a delay must be a duration",
	 {"pk-retry", "-d", "-1", "true"},
	 .status = 125,
	 .err = "'-1' for '--delay': expected a duration",
	 .lines = 2},
};

/* --- more than one run --------------------------------------------------------------------------- */

static void a_seed_fixes_the_schedule_and_none_does_not(void **state)
{
	struct run *a = run(ARGV("pk-retry", "--schedule", "-n", "9", "--seed", "5"), NULL);
	struct run *b = run(ARGV("pk-retry", "--schedule", "-n", "9", "--seed=5"), NULL);
	struct run *c = run(ARGV("pk-retry", "--schedule", "-n", "9"), NULL);
	struct run *d = run(ARGV("pk-retry", "--schedule", "-n", "9"), NULL);

	(void)state;
	assert_string_equal(a->out, b->out);
	assert_string_not_equal(c->out, d->out);
	assert_lines(c->out, 9);
}

static void every_jitter_gives_a_schedule(void **state)
{
	static const char *const kinds[] = {"full", "equal", "decorrelated", "none"};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct run *r =
			run(ARGV("pk-retry", "--schedule", "-n", "1000", "-j", kinds[i]), NULL);

		assert_status(r, 0);
		assert_lines(r->out, 1000);
	}
}

static void a_schedule_that_cannot_be_written_is_125(void **state)
{
	struct run *r = run(ARGV("sh", "-c", "pk-retry --schedule -n 3 >/dev/full"), NULL);

	(void)state;
	assert_status(r, 125);
	assert_has(r->err, "cannot write to stdout");
}

static void an_outer_pk_retry_is_not_heard_inside(void **state)
{
	struct run *r =
		run(RETRY("-D", "60s", "-H", "9", "-q", "sh", "-c",
			  "[ $PK_RETRY_ATTEMPT = 2 ] || exit 7; pk-retry --no-inherit -- sh -c "
			  "'echo $PK_RETRY_ATTEMPT ${PK_RETRY_LAST_STATUS-a} "
			  "${PK_RETRY_REMAINING_MS-b} ${PK_RETRY_HINT-c}'"),
		    NULL);

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "1 a b c\n");
}

static void a_mistake_of_an_inner_tool_is_not_tried_again(void **state)
{
	struct run *r = run(RETRY("pk-retry", "--no-such"), NULL);

	(void)state;
	assert_status(r, 125);
	assert_has(r->err, "attempt 1 of 5 failed (status 125), not retried");
}

static void events_tell_the_whole_story(void **state)
{
	const char *events = events_path();
	struct run *r = run(RETRY("-q", "-n", "3", "-H", "9", "--events", events, "--", "sh", "-c",
				  "echo 20ms >&9; exit 7"),
			    NULL);
	const char *line;

	(void)state;
	assert_status(r, 7);
	line = event_find(events, "start");
	assert_string_equal(event_text(line, "command"), "sh");
	assert_false(event_has(line, "argv"));
	assert_int_equal((int)event_number(line, "attempts"), 3);
	assert_int_equal(event_count(events, "attempt_start"), 3);
	assert_int_equal(event_count(events, "attempt_end"), 3);
	assert_int_equal(event_count(events, "hint"), 3);
	assert_int_equal(event_count(events, "delay"), 2);
	line = event_find(events, "attempt_end");
	assert_string_equal(event_text(line, "decision"), "retry");
	assert_int_equal((int)event_number(line, "status"), 7);
	line = event_find(events, "delay");
	assert_string_equal(event_text(line, "source"), "hint");
	assert_true(event_number(line, "delay_ms") >= 20);
	line = event_find(events, "hint");
	assert_true(event_true(line, "accepted"));
	line = event_find(events, "end");
	assert_int_equal((int)event_number(line, "attempts"), 3);
	assert_int_equal((int)event_number(line, "status"), 7);
	assert_string_equal(event_text(line, "reason"), "attempts");
}

static void events_carry_argv_only_on_request(void **state)
{
	const char *events = events_path();
	struct run *r = run(RETRY("--events", events, "--events-argv", "echo", "secret"), NULL);

	(void)state;
	assert_status(r, 0);
	assert_has(event_text(event_find(events, "start"), "argv"), "secret");
}

static void every_stop_has_its_reason_in_events(void **state)
{
	static const struct {
		const char *argv[8];
		const char *reason;
	} stops[] = {
		{{"-n", "1", "false"}, "attempts"},
		{{"-r", "9", "false"}, "status"},
		{{"-D", "1s", "-d", "2s", "false"}, "deadline"},
		{{"--retry-match", "x", "false"}, "no_match"},
		{{"-H9", "sh", "-c", "echo stop >&9; exit 1"}, "hint"},
		{{"-H9", "sh", "-c", "echo 1h >&9; exit 1"}, "hint_too_long"},
		{{"./missing"}, "exec"},
		{{"true"}, "success"},
		{{"--bad"}, "error"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++) {
		const char *path = test_path(test_text("events%zu", i));
		const char *argv[16] = {"pk-retry", "-q", "--events", path};

		for (size_t a = 0; a < 8; a++)
			argv[4 + a] = stops[i].argv[a];
		(void)run(argv, HOW(.unwrapped = true));
		assert_int_equal(events_check(path), 0);
		assert_string_equal(event_text(event_find(path, "end"), "reason"), stops[i].reason);
	}
}

static void a_nested_run_can_be_joined(void **state)
{
	const char *events = events_path();
	struct run *r = run(RETRY("-q", "pk-retry", "-q", "-n1", "--", "true"),
			    HOW(.env = {test_text("PK_EVENTS=%s", events)}));
	const char *outer, *inner;

	(void)state;
	assert_status(r, 0);
	outer = event_line(events, 1);
	/* The inner tool may be faster than the outer one's word that it has started it. */
	inner = event_line(events, 2);
	if (strcmp(event_text(inner, "event"), "start") != 0)
		inner = event_line(events, 3);
	assert_string_equal(event_text(inner, "event"), "start");
	assert_string_equal(event_text(inner, "parent"), event_text(outer, "run"));
}

static void events_that_cannot_be_written_disturb_nothing(void **state)
{
	struct run *r = run(RETRY("--events", "/no/such/dir/e", "echo", "x"), NULL);

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "x\n");
	assert_has(r->err, "cannot open the events destination");
}

static void help_fits_and_names_every_status(void **state)
{
	struct run *r = run(ARGV("pk-retry", "--help"), NULL);
	size_t width = 0;

	(void)state;
	assert_status(r, 0);
	for (const char *c = r->out; *c != '\0'; c++) {
		width = *c == '\n' ? 0 : width + 1;
		assert_true(width <= 79);
	}
	assert_has(r->out, "\n  75 ");
	assert_has(r->out, "\n  124 ");
}

static void what_a_successful_attempt_leaves_is_left(void **state)
{
	struct run *r =
		run(RETRY("-o", "pass", "sh", "-c", "setsid sleep 20 >/dev/null 2>&1 & "), NULL);

	(void)state;
	assert_status(r, 0);
	/* It may be in the middle of its exec, without an environment to be known by. */
	(void)test_find("sleep");
	assert_int_equal(test_living(0), 1);
	test_kill();
}

static void orphans_stop_leaves_nothing(void **state)
{
	struct run *r =
		run(RETRY("--orphans", "stop", "sh", "-c", "setsid sleep 20 & echo x"), NULL);

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "x\n");
	assert_no_survivor();
}

static void orphans_wait_waits(void **state)
{
	struct run *r = run(RETRY("--orphans=wait", "-o", "commit", "sh", "-c",
				  "(sleep 0.1; echo late) & echo x"),
			    NULL);

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "x\nlate\n");
	assert_no_survivor();
}

#define ROWS (sizeof(rows) / sizeof(rows[0]))

int main(void)
{
	static const struct CMUnitTest more[] = {
		tidy_test(a_seed_fixes_the_schedule_and_none_does_not),
		tidy_test(every_jitter_gives_a_schedule),
		tidy_test(a_schedule_that_cannot_be_written_is_125),
		tidy_test(an_outer_pk_retry_is_not_heard_inside),
		tidy_test(a_mistake_of_an_inner_tool_is_not_tried_again),
		tidy_test(events_tell_the_whole_story),
		tidy_test(events_carry_argv_only_on_request),
		tidy_test(every_stop_has_its_reason_in_events),
		tidy_test(a_nested_run_can_be_joined),
		tidy_test(events_that_cannot_be_written_disturb_nothing),
		tidy_test(help_fits_and_names_every_status),
		tidy_test(what_a_successful_attempt_leaves_is_left),
		tidy_test(orphans_stop_leaves_nothing),
		tidy_test(orphans_wait_waits),
	};
	static struct CMUnitTest tests[ROWS + sizeof(more) / sizeof(more[0])];

	for (size_t i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest)tidy_row(rows[i].title, a_row_ends_as_the_table_says,
						       &rows[i]);
	memcpy(tests + ROWS, more, sizeof(more));
	return cmocka_run_group_tests_name("pk-retry", tests, NULL, NULL);
}
