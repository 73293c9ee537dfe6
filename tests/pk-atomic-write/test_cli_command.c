/*
 * pk-atomic-write with a command: its status decides, its leftovers are stopped, edits are not lost.
 */
#include "tests/check.h"
#include "tests/lib/events.h"
#include "tests/lib/run.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define WRITE(...) ARGV("pk-atomic-write", __VA_ARGS__)
#define SHELL(text) WRITE("f", "--", "sh", "-c", text)

static void check_text(const char *name, const char *wanted, int line)
{
	char text[65536] = "";
	int fd = open(test_path(name), O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		assert_true(read(fd, text, sizeof(text) - 1) >= 0);
		assert_int_equal(close(fd), 0);
	}
	if (strcmp(text, wanted) == 0)
		return;
	print_error("'%s' holds '%s', wanted '%s'\n", name, text, wanted);
	_fail(__FILE__, line);
}
#define assert_text(name, wanted) check_text(name, wanted, __LINE__)

struct row {
	const char *title, *shell;
	int status, signal;
	const char *content, *err;
};

static void the_command_s_end_decides(void **state)
{
	const struct row *row = test_now()->row;

	(void)state;
	(void)test_file("f", "old", 0644);
	struct run *r = run(SHELL(row->shell), NULL);
	check_status(r, row->signal ? -1 : row->status, row->signal, __FILE__, __LINE__);
	assert_text("f", row->content);
	assert_string_equal(r->out, "");
	if (row->err)
		assert_has(r->err, row->err);
	assert_lines(r->err, row->err != NULL);
	assert_no_survivor();
}

static const struct row rows[] = {
	{"success replaces", "printf new", 0, 0, "new", NULL},
	{"failure does not", "printf new; exit 3", 3, 0, "old",
	 "exited with status 3; 'f' is untouched"},
	{"status 75 is the command's own", "exit 75", 75, 0, "old", "status 75"},
	{"status 125 is the command's own", "exit 125", 125, 0, "old", "status 125"},
	{"a death by signal is ours too", "printf new; kill -TERM $$", -1, SIGTERM, "old",
	 "died of signal 15"},
	{"a death by SIGKILL too", "printf new; kill -KILL $$", -1, SIGKILL, "old",
	 "died of signal 9"},
	{"its stdout is a file that it may read and seek", "printf new; test -f /proc/self/fd/1", 0,
	 0, "new", NULL},
	{"a leftover that holds the new file is stopped, and nothing is committed",
	 "printf new; sleep 30 & exit 0", 125, 0, "old", "holds the new 'f' open for writing"},
	{"a daemon that holds it too", "printf new; setsid sleep 30 & exit 0", 125, 0, "old",
	 "open for writing"},
	{"a leftover that does not hold it is stopped before the commit",
	 "printf new; exec > /dev/null; setsid sleep 30 & exit 0", 0, 0, "new", NULL},
	{"the old content can be read by its name meanwhile", "cat f; printf new", 0, 0, "oldnew",
	 NULL},
	{"the command sees no descriptor of ours", "ls /proc/self/fd | wc -l | tr -d ' \\n'", 0, 0,
	 "4", NULL},
};

static void a_command_that_is_not_there_is_127(void **state)
{
	(void)state;
	(void)test_file("f", "old", 0644);
	(void)test_file("plain", "text", 0644);
	const char *events = events_path();
	struct run *r = run(WRITE("--events", events, "f", "--", "pk-no-such-command"), NULL);
	assert_status(r, 127);
	assert_lines(r->err, 1);
	r = run(WRITE("--events", events, "f", "--", "./plain"), NULL);
	assert_status(r, 126);
	assert_lines(r->err, 1);
	assert_string_equal(event_text(event_find(events, "error"), "class"), "exec");
	assert_int_equal(event_count(events, "rejected"), 2);
	/* That there is no sh is not COMMAND's fault. */
	assert_status(
		run(WRITE("--check", "true", "f"), HOW(.input = "new", .env = {"PATH=/nowhere"})),
		125);
	assert_text("f", "old");
}

static void stdin_is_the_command_s(void **state)
{
	(void)state;
	assert_status(run(WRITE("f", "--", "cat"), HOW(.input = "from stdin")), 0);
	assert_text("f", "from stdin");
}

static void edit_gives_the_current_content(void **state)
{
	(void)state;
	(void)test_file("f", "old", 0644);
	assert_status(run(WRITE("-e", "f", "--", "tr", "a-z", "A-Z"), HOW(.input = "not this")), 0);
	assert_text("f", "OLD");
	assert_status(run(WRITE("-e", "g", "--", "sh", "-c", "cat; echo first"), NULL), 0);
	assert_text("g", "first\n");
	assert_status(run(WRITE("-e", "f", "--", "false"), NULL), 1);
	assert_text("f", "OLD");
}

static void edit_loses_no_update(void **state)
{
	static const char script[] =
		"echo 0 > n; for w in 1 2 3 4; do (i=0; while [ $i -lt 25 ]; do "
		"pk-atomic-write --sync=none -e n -- awk '{ print $1 + 1 }' || exit 1; "
		"i=$((i + 1)); done) & done; wait; cat n; ls -A";

	(void)state;
	struct run *r = run(ARGV("sh", "-c", script), NULL);
	assert_status(r, 0);
	assert_string_equal(r->out, "100\nn\n");
	(void)test_path("n");
}

static void edit_sees_a_foreign_writer(void **state)
{
	(void)state;
	(void)test_file("f", "old", 0644);
	const char *events = events_path();
	assert_status(
		run(WRITE("--events", events, "-e", "f", "--", "sh", "-c", "printf other > f; cat"),
		    NULL),
		123);
	assert_text("f", "other");
	assert_status(
		run(WRITE("-e", "f", "--", "sh", "-c", "printf moved > g; mv g f; cat"), NULL),
		123);
	assert_text("f", "moved");
	assert_status(
		run(WRITE("-e", "new", "--", "sh", "-c", "printf made > new; echo ours"), NULL),
		123);
	assert_text("new", "made");
	assert_int_equal(event_count(events, "conflict"), 1);
}

static void term_goes_to_the_command_and_the_old_file_stays(void **state)
{
	(void)state;
	(void)test_file("f", "old", 0644);
	const char *events = events_path();
	struct run *r =
		start(WRITE("--events", events, "f", "--", "sh", "-c",
			    "trap 'echo late; exit 0' TERM; echo ready >&2; sleep 30 & wait"),
		      NULL);
	run_wait_err(r, "ready\n");
	run_signal(r, SIGTERM);
	finish(r);
	assert_signal(r, SIGTERM);
	assert_text("f", "old");
	assert_string_equal(event_text(event_find(events, "failed"), "signal"), "TERM");
	assert_no_survivor();
}

static void a_kill_of_us_takes_the_command_along(void **state)
{
	(void)state;
	(void)test_file("f", "old", 0644);
	struct run *r =
		start(SHELL("trap '' TERM; echo ready >&2; setsid sleep 30 & sleep 30"), NULL);
	run_wait_err(r, "ready\n");
	run_signal(r, SIGKILL);
	finish(r);
	assert_signal(r, SIGKILL);
	assert_int_equal(test_wait_gone(10000), 0);
	assert_text("f", "old");
}

static void a_stubborn_leftover_is_killed_after_k(void **state)
{
	(void)state;
	(void)test_file("f", "old", 0644);
	struct run *r = run(WRITE("-k", "30ms", "f", "--", "sh", "-c",
				  "printf new; exec > /dev/null; (trap '' TERM; echo up >&2; sleep "
				  "30; sleep 30) & "
				  "while ! kill -0 $!; do :; done; exit 0"),
			    NULL);
	assert_status(r, 0);
	assert_text("f", "new");
	r = run(WRITE("-s", "KILL", "f", "--", "sh", "-c", "exec > /dev/null; sleep 30 & exit 0"),
		NULL);
	assert_status(r, 0);
	assert_no_survivor();
}

static void writers_and_readers_see_whole_files(void **state)
{
	static const char script[] =
		"head -c 20000 /dev/zero | tr '\\0' 0 > f; "
		"for l in a b c; do (i=0; while [ $i -lt 15 ]; do head -c 20000 /dev/zero | tr "
		"'\\0' $l | "
		"pk-atomic-write --sync=none f || echo fail; i=$((i + 1)); done) & done; "
		"i=0; while [ $i -lt 40 ]; do tr -d '\\n' < f | fold -w1 | sort | uniq -c | wc -l; "
		"i=$((i + 1)); done | "
		"sort -u; wait; rm f; ls -A";

	(void)state;
	struct run *r = run(ARGV("sh", "-c", script), NULL);
	assert_status(r, 0);
	assert_string_equal(r->out, "1\n");
}

/* --- where a rename cannot work ------------------------------------------------------------------- */

/* A file mounted over itself, in a mount namespace of its own. */
static struct run *mounted(const char *rest)
{
	return run(ARGV("unshare", "-m", "sh", "-c",
			test_text("mount --bind f f || exit 77; %s; s=$?; cat f; exit $s", rest)),
		   NULL);
}

static void a_mount_point_is_refused_with_a_hint(void **state)
{
	(void)state;
	(void)test_file("f", "old", 0644);
	struct run *r = mounted("printf new | pk-atomic-write f");
	if (geteuid() != 0 || r->status == 77)
		skip();
	assert_status(r, 125);
	assert_has(r->err, "--in-place-fallback");
	assert_string_equal(r->out, "old");
}

static void a_mount_point_is_rewritten_with_the_fallback(void **state)
{
	(void)state;
	(void)test_file("f", "old and longer", 0644);
	const char *events = events_path();
	struct run *r = mounted(test_text(
		"printf new | pk-atomic-write --events %s --in-place-fallback f", events));
	if (geteuid() != 0 || r->status == 77)
		skip();
	assert_status(r, 0);
	assert_has(r->err, "rewritten in place");
	assert_string_equal(r->out, "new");
	assert_true(event_true(event_find(events, "committed"), "in_place"));
	r = mounted("pk-atomic-write --in-place-fallback -e f -- tr a-z A-Z");
	assert_status(r, 0);
	assert_string_equal(r->out, "NEW");
	r = mounted("echo x | pk-atomic-write -b --in-place-fallback f");
	assert_status(r, 125);
	assert_string_equal(r->out, "NEW");
}

static void a_rewrite_that_fails_keeps_the_new_content(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	/* No room: found before a byte of the old content is touched. */
	struct run *r = run(ARGV("unshare", "-m", "sh", "-c",
				 "mkdir d e && mount -t tmpfs -o size=64k none e && printf old > "
				 "e/f && : > d/f && "
				 "mount --bind e/f d/f || exit 77; head -c 200000 /dev/zero | "
				 "pk-atomic-write --in-place-fallback d/f; s=$?; cat e/f; umount "
				 "d/f e; rm d/f; rmdir d e; "
				 "exit $s"),
			    NULL);
	if (r->status == 77)
		skip();
	assert_status(r, 125);
	assert_has(r->err, "No space left on device");
	assert_string_equal(r->out, "old");
}

/* Run as nobody in a directory of root's: the file is writable, the directory is not. */
static void a_directory_that_cannot_be_written_needs_the_fallback(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	(void)test_path("d");
	struct run *r =
		run(ARGV("sh", "-c",
			 "mkdir -m 755 d && printf old > d/f && chmod 666 d/f && chmod 711 . && "
			 "for o in -v --in-place-fallback; do printf new | TMPDIR=/tmp setpriv "
			 "--reuid=65534 "
			 "--regid=65534 --clear-groups \"$(command -v pk-atomic-write)\" $o d/f; "
			 "echo $?; done; "
			 "cat d/f; rm -r d"),
		    NULL);
	if (strstr(r->err, "setpriv"))
		skip();
	assert_string_equal(r->out, "125\n0\nnew");
}

/* As nobody, a file of root's with a group that nobody is not in. */
static void rights_are_narrowed_when_owner_and_group_are_lost(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	struct run *r =
		run(ARGV("sh", "-c",
			 "chmod 711 .; mkdir -m 777 d && printf old > d/f && chown 0:1 d/f && "
			 "chmod 626 d/f && "
			 "w=\"setpriv --reuid=65534 --regid=65534 --clear-groups $(command -v "
			 "pk-atomic-write)\"; "
			 "printf new | $w --strict d/f; echo $?; printf new | $w d/f; echo $?; "
			 "stat -c '%a %u' d/f; rm -r d"),
		    NULL);
	if (strstr(r->err, "setpriv"))
		skip();
	assert_has(r->err, "cannot keep the owner");
	assert_string_equal(r->out, "125\n0\n622 65534\n");
}

int main(void)
{
	static const struct CMUnitTest others[] = {
		tidy_test(a_command_that_is_not_there_is_127),
		tidy_test(stdin_is_the_command_s),
		tidy_test(edit_gives_the_current_content),
		tidy_test(edit_loses_no_update),
		tidy_test(edit_sees_a_foreign_writer),
		tidy_test(term_goes_to_the_command_and_the_old_file_stays),
		tidy_test(a_kill_of_us_takes_the_command_along),
		tidy_test(a_stubborn_leftover_is_killed_after_k),
		tidy_test(writers_and_readers_see_whole_files),
		tidy_test(a_mount_point_is_refused_with_a_hint),
		tidy_test(a_mount_point_is_rewritten_with_the_fallback),
		tidy_test(a_rewrite_that_fails_keeps_the_new_content),
		tidy_test(a_directory_that_cannot_be_written_needs_the_fallback),
		tidy_test(rights_are_narrowed_when_owner_and_group_are_lost),
	};
	enum { ROWS = sizeof(rows) / sizeof(rows[0]), OTHERS = sizeof(others) / sizeof(others[0]) };
	struct CMUnitTest tests[ROWS + OTHERS];

	for (size_t i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest)tidy_row(rows[i].title, the_command_s_end_decides,
						       &rows[i]);
	for (size_t i = 0; i < OTHERS; i++)
		tests[ROWS + i] = others[i];
	return _cmocka_run_group_tests("pk-atomic-write with a command", tests, ROWS + OTHERS, NULL,
				       NULL);
}
