/* append, repair, rotate and follow from outside. */
#include "tests/check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/events.h"
#include "tests/lib/run.h"

#define PK(...) run(ARGV("pk-jsonl", __VA_ARGS__), NULL)

static char *slurp(const char *path)
{
	char *text = test_keep(calloc(1, 1 << 20));
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_true(read(fd, text, (1 << 20) - 1) >= 0);
	(void)close(fd);
	return text;
}

static void fields_make_a_record(void **state)
{
	const char *log = test_path("log");
	struct run *r =
		PK("append", "--no-stamp", log, "a=1", "b:=[1, 2]", "c=q\"\\\n\xff=x", "d.e:=null");

	(void)state;
	assert_status(r, 0);
	assert_string_equal(slurp(log),
			    "{\"a\":\"1\",\"b\":[1, "
			    "2],\"c\":\"q\\\"\\\\\\u000a\xef\xbf\xbd=x\",\"d.e\":null}\n");
	assert_string_equal(r->out, "");
	assert_string_equal(r->err, "");
}

static void a_stamp_goes_in_front_and_keeps_what_is_there(void **state)
{
	const char *log = test_path("log");
	struct run *r = PK("append", "-p", log, "a=1");
	char *text = slurp(log);

	(void)state;
	assert_status(r, 0);
	assert_memory_equal(text, "{\"ts\":\"20", 9);
	assert_memory_equal(text + 32, ",\"id\":\"", 7);
	assert_memory_equal(text + 39, r->out, 36);
	assert_has(text, "\",\"a\":\"1\"}\n");
	r = PK("append", "--print-id", "--ts-key", "when", "--id-key", "k\"", log, "when=now",
	       "k\"=mine");
	assert_status(r, 0);
	assert_string_equal(r->out, "mine\n");
	assert_has(slurp(log), "\n{\"when\":\"now\",\"k\\\"\":\"mine\"}\n");
	r = run(ARGV("pk-jsonl", "append", log), HOW(.input = " { } \n{\"ts\":1}\n"));
	assert_status(r, 0);
	assert_has(slurp(log), ",\"ts\":1}\n");
	assert_status(PK("validate", log), 0);
}

static void times_and_ids_grow_along_the_file(void **state)
{
	const char *log = test_path("log");
	struct run *r = run(ARGV("sh", "-c",
				 "for w in 1 2 3 4; do for i in 1 2 3 4 5 6 7 8; do pk-jsonl "
				 "append \"$0\" w=$w; done & done; wait;"
				 "pk-jsonl filter -s id -o raw \"$0\" | sort -c && pk-jsonl filter "
				 "-s ts -o raw \"$0\" | sort -c &&"
				 "pk-jsonl count \"$0\"",
				 log),
			    NULL);

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "32\n");
}

static void stdin_is_checked_line_by_line(void **state)
{
	const char *log = test_path("log"), *events = events_path();
	struct run *r = run(ARGV("pk-jsonl", "append", "--no-stamp", "--events", events, log),
			    HOW(.input = "{\"a\":1}\nbad\n[2]\n\n3"));

	(void)state;
	assert_status(r, 1);
	assert_string_equal(slurp(log), "{\"a\":1}\n[2]\n3\n");
	assert_has(r->err, "pk-jsonl: -:2:1: expected a value");
	assert_true(event_number(event_find(events, "reject"), "line") == 2);
	assert_true(event_number(event_find(events, "append"), "count") >= 1);
	r = run(ARGV("pk-jsonl", "append", "-q", log), HOW(.input = "[1]\n"));
	assert_status(r, 1);
	assert_string_equal(r->err, "");
}

/* More than the scalar reader takes: as the scanner finds the keys. */
static void a_large_input_is_stamped_line_by_line(void **state)
{
	const char *log = test_path("log");
	struct run *r =
		run(ARGV("sh", "-c",
			 "seq 4000 | sed 's/.*/{\"a\":&,\"id of more\":\"x\"}/; "
			 "4000s/$/\\n{\"a\":1,\"ts\":5}/' |"
			 "pk-jsonl append \"$0\" && pk-jsonl count -w ts -w id \"$0\" &&"
			 "pk-jsonl count -w ts^=2 \"$0\" && pk-jsonl filter -s a,ts -w ts=5 \"$0\"",
			 log),
		    NULL);

	(void)state;
	assert_string_equal(r->out, "4001\n4000\n{\"a\":1,\"ts\":5}\n");
	assert_status(r, 0);
}

static void a_torn_tail_is_healed(void **state)
{
	const char *log = test_file("log", "{\"a\":1}\n{\"a\":", 0644), *events = events_path();

	(void)state;
	assert_status(PK("append", "--no-stamp", "--events", events, log, "b=1"), 0);
	assert_string_equal(slurp(log), "{\"a\":1}\n{\"a\":\n{\"b\":\"1\"}\n");
	assert_true(event_number(event_find(events, "heal"), "offset") == 13);
}

static void sync_and_mode(void **state)
{
	const char *log = test_path("log"), *open_log = test_path("open");
	struct stat st;

	(void)state;
	assert_status(run(ARGV("pk-jsonl", "append", "--sync", "record", "--mode", "0600", log),
			  HOW(.input = "{\"a\":1}\n{\"a\":2}\n")),
		      0);
	assert_int_equal(stat(log, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_status(PK("append", "--sync=batch", log, "a=3"), 0);
	assert_status(PK("append", "--sync=none", open_log, "a=3"), 0);
	assert_string_equal(PK("count", log)->out, "3\n");
}

static void a_full_disk_leaves_whole_lines(void **state)
{
	const char *log = test_file("log", "{\"a\":1}\n", 0644);
	char *text = test_keep(malloc(100001));
	struct run *r;

	(void)state;
	for (int i = 0; i < 10000; i++)
		memcpy(text + 10 * (size_t)i, "{\"b\":222}\n", 10);
	text[100000] = '\0';
	r = run(ARGV("pk-jsonl", "append", "--no-stamp", log),
		HOW(.input = text, .limits = {{RLIMIT_FSIZE, 50003, 50003}}));
	assert_status(r, 125);
	assert_has(r->err, "cannot append to");
	assert_has(r->err, ": 4999 records were appended before");
	assert_status(PK("validate", log), 0);
	assert_int_equal(strlen(slurp(log)), 49998);
	/* One record: all or nothing. */
	assert_status(run(ARGV("pk-jsonl", "append", "--no-stamp", log, "a=1234"),
			  HOW(.limits = {{RLIMIT_FSIZE, 50003, 50003}})),
		      125);
	assert_int_equal(strlen(slurp(log)), 49998);
	assert_status(PK("append", "/dev/full", "a=1"), 125);
}

static void a_lock_is_not_waited_for_longer_than_told(void **state)
{
	const char *log = test_file("log", "{\"a\":1}\n", 0644);
	const int fd = test_keep_fd(open(log, O_RDWR | O_CLOEXEC));
	struct run *r;

	(void)state;
	assert_int_equal(flock(fd, LOCK_EX), 0);
	r = PK("append", "--wait", "50ms", log, "b=1");
	assert_status(r, 75);
	assert_has(r->err, "within 50ms");
	assert_status(PK("append", "--wait", "0", log, "b=1"), 75);
	assert_status(PK("repair", "--wait", "0", log), 75);
	assert_status(PK("rotate", "--wait", "0", log), 75);
	assert_string_equal(slurp(log), "{\"a\":1}\n");
	r = start(ARGV("pk-jsonl", "append", "--no-stamp", log, "b=1"), NULL);
	assert_int_equal(flock(fd, LOCK_UN), 0);
	finish(r);
	assert_status(r, 0);
}

static void a_pipe_takes_records_without_a_lock(void **state)
{
	struct run *r = PK("append", "--no-stamp", "-", "a=1");

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "{\"a\":\"1\"}\n");
	r = PK("append", "--no-stamp", "/dev/stdout", "a=1");
	assert_status(r, 0);
	assert_string_equal(r->out, "{\"a\":\"1\"}\n");
}

static void size_rotates_inside_the_lock(void **state)
{
	const char *log = test_path("log"), *events = events_path();
	struct run *r;

	(void)state;
	for (int i = 0; i < 4; i++)
		(void)test_path(test_text("log.%d", i));
	r = run(ARGV("pk-jsonl", "append", "--no-stamp", "--max-size", "16", "--keep", "2",
		     "--events", events, log),
		HOW(.input = "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n{\"a\":4}\n{\"a\":5}\n{\"a\":6}\n{"
			     "\"a\":7}\n"));
	assert_status(r, 0);
	assert_string_equal(slurp(log), "{\"a\":7}\n");
	assert_string_equal(slurp(test_path("log.1")), "{\"a\":5}\n{\"a\":6}\n");
	assert_string_equal(slurp(test_path("log.2")), "{\"a\":3}\n{\"a\":4}\n");
	assert_int_equal(access(test_path("log.3"), F_OK), -1);
	assert_int_equal(event_count(events, "rotate"), 3);
}

static void rotate_keeps_the_newest(void **state)
{
	const char *log = test_file("log", "{\"a\":1}\n", 0640), *events = events_path();
	struct stat st;

	(void)state;
	(void)test_path("log.1");
	assert_status(PK("rotate", "--max-size", "1K", log), 0);
	assert_string_equal(slurp(log), "{\"a\":1}\n");
	assert_status(PK("rotate", "--events", events, log), 0);
	assert_string_equal(slurp(log), "");
	assert_int_equal(stat(log, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_string_equal(slurp(test_path("log.1")), "{\"a\":1}\n");
	assert_has(event_text(event_find(events, "rotate"), "to"), "log.1");
	assert_status(PK("rotate", "nothing-there"), 125);
	assert_status(PK("rotate", "--missing-ok", "nothing-there"), 0);
}

static void repair_keeps_every_byte(void **state)
{
	const char *log = test_file("log", "{\"a\":1.0}\nbad\n{\"b\":1}{\"b\":2}\n\n{\"torn", 0600);
	const char *rejects = test_path("log.rej");
	struct stat st;
	struct run *r = PK("repair", "-n", log);

	(void)state;
	assert_status(r, 1);
	assert_has(r->err, "log:2:1: expected a value");
	assert_int_equal(access(rejects, F_OK), -1);
	r = PK("repair", log);
	assert_status(r, 0);
	assert_has(r->err, "3 records kept, 2 lines moved to");
	assert_string_equal(slurp(log), "{\"a\":1.0}\n{\"b\":1}\n{\"b\":2}\n\n");
	assert_string_equal(slurp(rejects), "bad\n{\"torn\n");
	assert_int_equal(stat(log, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_status(PK("repair", "-n", log), 0);
	assert_status(PK("append", "--no-stamp", log, "c=1"), 0);
	log = test_file("hole", "x\n", 0600);
	assert_int_equal(truncate(log, 5), 0);
	assert_status(run(ARGV("sh", "-c", "printf '{\"a\":1}\\n' >> \"$0\"", log), NULL), 0);
	r = PK("repair", "-q", "--rejects", test_path("other"), log);
	assert_status(r, 0);
	assert_string_equal(r->err, "");
	assert_string_equal(slurp(log), "{\"a\":1}\n");
	assert_string_equal(slurp(test_path("other")), "x\n");
	assert_status(PK("repair", "nothing-there"), 125);
}

static void follow_begins_where_it_is_told(void **state)
{
	const char *log = test_file("log", "{\"i\":1}\n{\"i\":2}\n{\"i\":3}\n", 0644);

	(void)state;
	assert_string_equal(PK("follow", "-n", "2", "-m", "2", log)->out, "{\"i\":2}\n{\"i\":3}\n");
	assert_string_equal(PK("follow", "-n", "+3", "-m", "1", log)->out, "{\"i\":3}\n");
	assert_string_equal(PK("follow", "--until", "i=2", "-s", "i", "-o", "raw", log)->out,
			    "1\n2\n");
	assert_string_equal(PK("follow", "--until", "i=2", "-w", "i=1", log)->out, "{\"i\":1}\n");
	assert_status(PK("follow", "-n", "0", "-t", "30ms", log), 124);
	assert_status(PK("follow", "--strict", "-t", "30ms", log), 124);
	assert_status(PK("follow", "/dev/null"), 125);
	assert_status(PK("follow", "nowhere/log"), 125);
}

static void follow_waits_for_whole_lines(void **state)
{
	const char *log = test_path("log");
	struct run *r = start(ARGV("pk-jsonl", "follow", "--until", "end", log), NULL);
	int fd;

	(void)state;
	fd = test_keep_fd(open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
	assert_int_equal(write(fd, "{\"i\":1}\n{\"i\":", 13), 13);
	run_wait_out(r, "{\"i\":1}\n");
	assert_lacks(r->out, "{\"i\":\n");
	assert_int_equal(write(fd, "2}\n", 3), 3);
	run_wait_out(r, "{\"i\":2}\n");
	assert_int_equal(write(fd, "{\"end\":1}\n", 10), 10);
	finish(r);
	assert_status(r, 0);
	assert_string_equal(r->out, "{\"i\":1}\n{\"i\":2}\n{\"end\":1}\n");
}

static void follow_goes_over_truncation_and_rename(void **state)
{
	const char *log = test_file("log", "{\"i\":1}\n{\"i\":2}\n", 0644), *events = events_path();
	struct run *r =
		start(ARGV("pk-jsonl", "follow", "--events", events, "--until", "end", log), NULL);
	int fd = test_keep_fd(open(log, O_WRONLY | O_APPEND | O_CLOEXEC));

	(void)state;
	run_wait_out(r, "{\"i\":2}\n");
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(write(fd, "{\"j\":1}\n{\"j\":2}\n{\"j\":3}\n", 24), 24);
	run_wait_out(r, "{\"j\":1}\n{\"j\":2}\n{\"j\":3}\n");
	assert_has(r->err, "was truncated");
	/* A writer goes on in the file that has another name now; both are read. */
	assert_int_equal(rename(log, test_path("other")), 0);
	assert_int_equal(write(fd, "{\"late\":1}\n", 11), 11);
	run_wait_out(r, "{\"late\":1}\n");
	assert_status(PK("append", "--no-stamp", log, "new=1"), 0);
	run_wait_out(r, "{\"new\":\"1\"}\n");
	assert_int_equal(write(fd, "{\"late\":2}\n", 11), 11);
	run_wait_out(r, "{\"late\":2}\n");
	assert_status(PK("append", "--no-stamp", log, "end=1"), 0);
	finish(r);
	assert_status(r, 0);
	assert_string_equal(event_text(event_line(events, 1), "reason"), "truncated");
	assert_string_equal(event_text(event_line(events, 2), "reason"), "renamed");
}

static void follow_does_not_take_a_rollback_for_a_restart(void **state)
{
	const char *log = test_file("log", "{\"i\":1}\n", 0644);
	struct run *r = start(ARGV("pk-jsonl", "follow", "--until", "end", log), NULL);
	int fd = test_keep_fd(open(log, O_WRONLY | O_APPEND | O_CLOEXEC));

	(void)state;
	run_wait_out(r, "{\"i\":1}\n");
	assert_int_equal(write(fd, "{\"torn\":", 8), 8);
	assert_int_equal(ftruncate(fd, 8), 0);
	assert_int_equal(write(fd, "{\"end\":1}\n", 10), 10);
	finish(r);
	assert_string_equal(r->out, "{\"i\":1}\n{\"end\":1}\n");
	assert_string_equal(r->err, "");
}

static void a_cursor_goes_on_over_rotations(void **state)
{
	const char *log = test_file("log", "{\"i\":1}\n{\"i\":2}\n", 0644),
		   *cursor = test_path("cursor");

	(void)state;
	(void)test_path("log.1");
	(void)test_path("log.2");
	assert_string_equal(PK("follow", "--cursor", cursor, "-t", "100ms", log)->out,
			    "{\"i\":1}\n{\"i\":2}\n");
	assert_status(PK("append", "--no-stamp", log, "i:=3"), 0);
	assert_status(PK("rotate", log), 0);
	assert_status(PK("append", "--no-stamp", log, "i:=4"), 0);
	assert_status(PK("rotate", log), 0);
	assert_status(PK("append", "--no-stamp", log, "i:=5"), 0);
	assert_string_equal(PK("follow", "--cursor", cursor, "--until", "i=5", log)->out,
			    "{\"i\":3}\n{\"i\":4}\n{\"i\":5}\n");
	assert_string_equal(PK("follow", "--cursor", cursor, "-t", "30ms", log)->out, "");
	assert_int_equal(unlink(test_path("log.1")), 0);
}

static void nothing_is_lost_over_many_rotations(void **state)
{
	const char *log = test_file("log", "{\"i\":0}\n", 0644);
	struct run *r = start(ARGV("pk-jsonl", "follow", "--until", "i=40000", log), NULL);
	struct run *writer;

	(void)state;
	run_wait_out(r, "{\"i\":0}\n");
	writer = run(ARGV("sh", "-c",
			  "seq -f '{\"i\":%.0f}' 40000 | pk-jsonl append --no-stamp --max-size 20K "
			  "--keep 100 \"$0\" && test -e \"$0.20\"",
			  log),
		     NULL);
	assert_status(writer, 0);
	finish(r);
	assert_status(r, 0);
	writer = run(
		ARGV("sh", "-c", "cat $(ls \"$0\".* | sort -t. -k2 -nr) \"$0\"; rm \"$0\".*", log),
		NULL);
	assert_int_equal(writer->out_len, r->out_len);
	assert_string_equal(writer->out, r->out);
	for (int i = 0, at = 0; i <= 40000; i++) {
		char want[32];
		const int len = snprintf(want, sizeof(want), "{\"i\":%d}\n", i);

		assert_memory_equal(r->out + at, want, (size_t)len);
		at += len;
	}
}

static void many_writers_lose_nothing(void **state)
{
	struct run *r = run(ARGV("sh", "-c",
				 "v=$(head -c 9000 /dev/zero | tr '\\0' v);"
				 "for w in 1 2 3 4 5 6 7 8; do for i in 1 2 3 4 5; do pk-jsonl "
				 "append log w:=$w i:=$i v=$v; done & done;"
				 "wait; pk-jsonl count --strict log && rm log"),
			    NULL);

	(void)state;
	assert_status(r, 0);
	assert_string_equal(r->out, "40\n");
}

static void as_pid_1_term_ends_it(void **state)
{
	const char *log = test_file("log", "{\"i\":1}\n", 0644);

	(void)state;
	if (geteuid() != 0)
		skip();
	for (int i = 0; i < 2; i++) {
		struct run *r = start(ARGV("@pid1", tool_path("pk-jsonl"), "follow", log), NULL);

		run_wait_out(r, "{\"i\":1}\n");
		run_signal(r, i ? SIGINT : SIGTERM);
		finish(r);
		assert_status(r, i ? 130 : 143);
	}
}

static void events_of_the_family_are_records(void **state)
{
	const char *events = events_path();
	struct run *r;

	(void)state;
	if (!tool_path("pk-spawn"))
		skip();
	assert_status(run(ARGV("pk-spawn", "--events", events, "--", "sh", "-c", "exit 3"), NULL),
		      3);
	r = PK("filter", "-w", "tool=pk-spawn", "-w", "event=exit", "-w", "exit_code:=3", "-s",
	       "cause", "-o", "raw", events);
	assert_status(r, 0);
	assert_string_equal(r->out, "exited\n");
	assert_string_equal(PK("count", "-w", "event=end", events)->out, "1\n");
	assert_has(PK("follow", "--until", "event=end", "-n", "+1", "-w", "event=end", events)->out,
		   "\"status\":3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tidy_test(fields_make_a_record),
		tidy_test(a_stamp_goes_in_front_and_keeps_what_is_there),
		tidy_test(times_and_ids_grow_along_the_file),
		tidy_test(stdin_is_checked_line_by_line),
		tidy_test(a_large_input_is_stamped_line_by_line),
		tidy_test(a_torn_tail_is_healed),
		tidy_test(sync_and_mode),
		tidy_test(a_full_disk_leaves_whole_lines),
		tidy_test(a_lock_is_not_waited_for_longer_than_told),
		tidy_test(a_pipe_takes_records_without_a_lock),
		tidy_test(size_rotates_inside_the_lock),
		tidy_test(rotate_keeps_the_newest),
		tidy_test(repair_keeps_every_byte),
		tidy_test(follow_begins_where_it_is_told),
		tidy_test(follow_waits_for_whole_lines),
		tidy_test(follow_goes_over_truncation_and_rename),
		tidy_test(follow_does_not_take_a_rollback_for_a_restart),
		tidy_test(a_cursor_goes_on_over_rotations),
		tidy_test(nothing_is_lost_over_many_rotations),
		tidy_test(many_writers_lose_nothing),
		tidy_test(as_pid_1_term_ends_it),
		tidy_test(events_of_the_family_are_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
