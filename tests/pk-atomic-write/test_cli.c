/*
 * pk-atomic-write from outside: what it refuses, what it replaces, its conditions and statuses.
 */
#include "tests/check.h"
#include "tests/lib/events.h"
#include "tests/lib/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define WRITE(...) ARGV("pk-atomic-write", __VA_ARGS__)
#define INPUT(text) HOW(.input = text)
#define OLD "cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4" /* of old */
#define NEW "11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437" /* of new */
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const char *text_of(const char *name)
{
	char *text = test_keep(calloc(1, 65536));
	int fd = open(test_path(name), O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	assert_true(read(fd, text, 65535) >= 0);
	assert_int_equal(close(fd), 0);
	return text;
}

#define assert_text(name, wanted) check_text(name, wanted, __LINE__)
static void check_text(const char *name, const char *wanted, int line)
{
	const char *text = text_of(name);

	if (text && strcmp(text, wanted) == 0)
		return;
	print_error("'%s' holds '%s', wanted '%s'\n", name, text ? text : "(no file)", wanted);
	_fail(__FILE__, line);
}

static struct stat stat_of(const char *name)
{
	struct stat st;

	assert_int_equal(lstat(test_path(name), &st), 0);
	return st;
}

/* --- refusals --------------------------------------------------------------------------------------- */

struct row {
	const char *title;
	const char *argv[12];
	const char *err;
	int lines;
};

/* "f" holds "old" before and after; "fifo" and "dir" are what they say. */
static void a_mistake_is_125_before_any_input_is_read(void **state)
{
	const struct row *row = test_now()->row;
	struct stat before;

	(void)state;
	(void)test_file("f", "old", 0644);
	(void)test_path("dir");
	(void)test_path("fifo");
	(void)test_path("link");
	assert_int_equal(mkdir(test_path("dir"), 0755), 0);
	assert_int_equal(mkfifo(test_path("fifo"), 0644), 0);
	assert_int_equal(symlink("dir", test_path("link")), 0);
	before = stat_of("f");
	/* An input that never ends: who reads it hangs. */
	struct run *r = run(row->argv, HOW(.keep_input = true));
	assert_status(r, 125);
	assert_string_equal(r->out, "");
	assert_has(r->err, row->err);
	assert_lines(r->err, (size_t)row->lines);
	assert_text("f", "old");
	assert_int_equal(before.st_ino, stat_of("f").st_ino);
	assert_int_equal(rmdir(test_path("dir")), 0);
}

static const struct row mistakes[] = {
	{"no FILE is a mistake", {"pk-atomic-write"}, "no FILE given", 2},
	{"two FILEs are a mistake", {"pk-atomic-write", "f", "g"}, "one FILE only", 2},
	{"an option behind FILE is a mistake",
	 {"pk-atomic-write", "f", "-u"},
	 "options come before",
	 2},
	{"-- without COMMAND is a mistake", {"pk-atomic-write", "f", "--"}, "no COMMAND", 2},
	{"-e without COMMAND is a mistake", {"pk-atomic-write", "-e", "f"}, "needs a COMMAND", 2},
	{"a mode is octal", {"pk-atomic-write", "-m", "u+x", "f"}, "octal", 2},
	{"a mode has no more than four digits",
	 {"pk-atomic-write", "-m", "77777", "f"},
	 "octal",
	 2},
	{"an empty mode is none", {"pk-atomic-write", "-m", "", "f"}, "octal", 2},
	{"a hash has 64 digits", {"pk-atomic-write", "--if-match=abc", "f"}, "SHA-256", 2},
	{"--verify knows no words", {"pk-atomic-write", "--verify=any", "f"}, "SHA-256", 2},
	{"a suffix has no slash", {"pk-atomic-write", "--backup=/x", "f"}, "suffix", 2},
	{"an empty suffix is none", {"pk-atomic-write", "--backup=", "f"}, "suffix", 2},
	{"--sync knows three words",
	 {"pk-atomic-write", "--sync=disk", "f"},
	 "none, file or full",
	 2},
	{"a wait is a duration", {"pk-atomic-write", "-w", "soon", "f"}, "duration", 2},
	{"a status is at most 255", {"pk-atomic-write", "--unchanged-status=256", "f"}, "255", 2},
	{"an empty FILE is no file", {"pk-atomic-write", ""}, "No such file", 1},
	{"- is no file", {"pk-atomic-write", "-"}, "'-'", 1},
	{". is a directory", {"pk-atomic-write", "."}, "names a directory", 1},
	{"a name that ends in / is a directory", {"pk-atomic-write", "f/"}, "names a directory", 1},
	{"a directory is refused", {"pk-atomic-write", "dir"}, "a directory", 1},
	{"a symlink to a directory is refused", {"pk-atomic-write", "link"}, "a directory", 1},
	{"a FIFO is refused and not opened", {"pk-atomic-write", "fifo"}, "a FIFO", 1},
	{"a device is refused", {"pk-atomic-write", "/dev/null"}, "a device", 1},
	{"/dev/stdout is refused", {"pk-atomic-write", "/dev/stdout"}, "an open descriptor", 1},
	{"/proc/self/fd/1 is refused",
	 {"pk-atomic-write", "/proc/self/fd/1"},
	 "an open descriptor",
	 1},
	{"a missing directory is told",
	 {"pk-atomic-write", "no/f"},
	 "No such file or directory",
	 1},
	{"a file is no directory", {"pk-atomic-write", "f/g"}, "Not a directory", 1},
	{"the events destination is refused",
	 {"pk-atomic-write", "--events", "f", "f"},
	 "events destination",
	 1},
	{"-e does not edit a symlink itself",
	 {"pk-atomic-write", "-eP", "link", "--", "cat"},
	 "a symlink",
	 1},
};

static void a_stdin_that_cannot_be_read_is_125(void **state)
{
	(void)state;
	(void)test_file("f", "old", 0644);
	struct run *r = run(WRITE("f"), HOW(.closed = {true, false, false}, .unwrapped = true));
	assert_status(r, 125);
	assert_has(r->err, "stdin");
	int dir = test_keep_fd(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	r = run(WRITE("f"), HOW(.fds = {{dir, 0}}));
	assert_status(r, 125);
	assert_has(r->err, "Is a directory");
	assert_text("f", "old");
}

static void a_file_that_the_caller_may_not_write_is_refused(void **state)
{
	(void)state;
	(void)test_file("f", "old", 0444);
	if (geteuid() == 0)
		skip();
	struct run *r = run(WRITE("f"), INPUT("new"));
	assert_status(r, 125);
	assert_has(r->err, "Permission denied");
	assert_text("f", "old");
}

/* --- plain ------------------------------------------------------------------------------------------- */

static void stdin_replaces_the_file_in_silence(void **state)
{
	(void)state;
	(void)test_file("f", "old", 0644);
	const struct stat before = stat_of("f");
	struct run *r = run(WRITE("f"), INPUT("new"));
	assert_status(r, 0);
	assert_string_equal(r->out, "");
	assert_string_equal(r->err, "");
	assert_text("f", "new");
	assert_int_not_equal(before.st_ino, stat_of("f").st_ino);
}

static void an_empty_input_makes_an_empty_file(void **state)
{
	(void)state;
	(void)test_file("f", "old", 0644);
	assert_status(run(WRITE("f"), NULL), 0);
	assert_text("f", "");
}

static void a_new_file_obeys_the_umask(void **state)
{
	(void)state;
	assert_status(run(ARGV("sh", "-c", "umask 027; echo new | pk-atomic-write f"), NULL), 0);
	assert_text("f", "new\n");
	assert_int_equal(stat_of("f").st_mode & 07777, 0640);
}

static void mode_owner_and_attributes_are_kept(void **state)
{
	(void)state;
	const char *path = test_file("f", "old", 0640);
	bool owned = chown(path, 1234, 4321) == 0;
	bool labelled = setxattr(path, "user.k", "v", 1, 0) == 0;
	assert_int_equal(chmod(path, 0640), 0);
	assert_status(run(WRITE("f"), INPUT("new")), 0);
	const struct stat st = stat_of("f");
	assert_int_equal(st.st_mode & 07777, 0640);
	if (owned)
		assert_int_equal(st.st_uid, 1234);
	if (owned)
		assert_int_equal(st.st_gid, 4321);
	char value[4];
	if (labelled)
		assert_int_equal(getxattr(path, "user.k", value, sizeof(value)), 1);
}

static void mode_is_what_m_says_whatever_the_umask(void **state)
{
	(void)state;
	(void)test_file("f", "old", 0600);
	assert_status(run(WRITE("-m", "0664", "f"), INPUT("new")), 0);
	assert_int_equal(stat_of("f").st_mode & 07777, 0664);
	assert_status(run(WRITE("-m4755", "g"), INPUT("new")), 0);
	assert_text("g", "new");
	assert_int_equal(stat_of("g").st_mode & 07777, 04755);
	assert_status(run(WRITE("g"), INPUT("newer")), 0);
	assert_int_equal(stat_of("g").st_mode & 07777, 0755);
}

static void big_input_from_a_file_and_from_a_pipe(void **state)
{
	/* What was reserved for a pipe that went on is given back: 2 * 3 MB / 512 blocks would be too many. */
	static const char make[] =
		"head -c 3000000 /dev/zero | tr '\\0' x > in; pk-atomic-write a < in && "
		"cat in | pk-atomic-write b && cmp in a && cmp in b && "
		"[ $(stat -c %b b) -lt 7000 ] && "
		"(read -r l; pk-atomic-write c) < in; rm in; wc -c < a";

	(void)state;
	(void)test_path("a");
	(void)test_path("b");
	(void)test_path("c");
	struct run *r = run(ARGV("sh", "-c", make), NULL);
	assert_status(r, 0);
	assert_string_equal(r->out, "3000000\n");
}

static void an_input_that_shrinks_is_taken_as_it_ends(void **state)
{
	(void)state;
	/* The offset is behind the beginning: only the rest is the input. */
	struct run *r = run(ARGV("sh", "-c",
				 "head -c 4000000 /dev/zero > in; exec 3< in; dd bs=1000000 "
				 "count=1 <&3 of=/dev/null "
				 "2>/dev/null; pk-atomic-write f <&3; rm in; wc -c < f"),
			    NULL);
	assert_status(r, 0);
	assert_string_equal(r->out, "3000000\n");
	(void)test_path("f");
}

/* The limit meets what is reserved ahead before it meets the content. */
static void room_that_cannot_be_reserved_is_no_failure(void **state)
{
	static const char make[] = "head -c 3000000 /dev/zero | pk-atomic-write f && wc -c < f";

	(void)state;
	(void)test_path("f");
	struct run *r = run(ARGV("sh", "-c", make),
			    HOW(.limits = {{RLIMIT_FSIZE, 3500000, 3500000}}, .unwrapped = true));
	assert_status(r, 0);
	assert_string_equal(r->out, "3000000\n");
}

static void a_full_disk_leaves_the_old_file(void **state)
{
	(void)state;
	(void)test_file("f", "old", 0644);
	struct run *r = run(ARGV("sh", "-c", "head -c 100000 /dev/zero | pk-atomic-write f"),
			    HOW(.limits = {{RLIMIT_FSIZE, 4096, 4096}}, .unwrapped = true));
	assert_status(r, 125);
	assert_has(r->err, "File too large");
	assert_text("f", "old");
}

static void term_leaves_the_old_file_and_nothing_else(void **state)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};

	(void)state;
	(void)test_file("f", "old", 0644);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		const char *events = events_path();
		struct run *r = start(WRITE("--events", events, "f"), HOW(.keep_input = true));
		(void)event_wait(events, "start");
		run_write(r, "half");
		run_signal(r, signals[i]);
		finish(r);
		assert_signal(r, signals[i]);
		assert_non_null(event_find(events, "failed"));
		assert_text("f", "old");
		assert_int_equal(unlink(events), 0);
	}
}

static void an_ignored_signal_stays_ignored(void **state)
{
	(void)state;
	const char *events = events_path();
	struct run *r =
		start(WRITE("--events", events, "f"), HOW(.keep_input = true, .ignored = {SIGINT}));
	(void)event_wait(events, "start");
	run_signal(r, SIGINT);
	run_write(r, "new");
	run_close_input(r);
	finish(r);
	assert_status(r, 0);
	assert_text("f", "new");
}

static void a_symlink_is_followed_and_a_dangling_one_makes_its_file(void **state)
{
	(void)state;
	(void)test_file("f", "old", 0644);
	assert_int_equal(symlink("f", test_path("link")), 0);
	assert_status(run(WRITE("link"), INPUT("new")), 0);
	assert_text("f", "new");
	assert_true(S_ISLNK(stat_of("link").st_mode));
	assert_int_equal(unlink(test_path("f")), 0);
	assert_status(run(WRITE("link"), INPUT("newer")), 0);
	assert_text("f", "newer");
}

static void a_symlink_is_replaced_itself_with_P(void **state)
{
	(void)state;
	(void)test_file("f", "old", 0644);
	assert_int_equal(symlink("f", test_path("link")), 0);
	assert_status(run(WRITE("-P", "link"), INPUT("new")), 0);
	assert_true(S_ISREG(stat_of("link").st_mode));
	assert_text("link", "new");
	assert_text("f", "old");
}

static void other_hard_links_keep_the_old_content_and_v_says_so(void **state)
{
	(void)state;
	assert_int_equal(link(test_file("f", "old", 0644), test_path("g")), 0);
	struct run *r = run(WRITE("-v", "f"), INPUT("new"));
	assert_status(r, 0);
	assert_has(r->err, "1 other hard link of 'f' keeps the old content");
	assert_has(r->err, "'f' replaced: 3 bytes");
	assert_text("g", "old");
}

static void parents_are_made_with_D(void **state)
{
	(void)state;
	assert_status(run(WRITE("a/b/f"), INPUT("new")), 125);
	assert_status(run(WRITE("-D", "a//b/./f"), INPUT("new")), 0);
	assert_text("a/b/f", "new");
	assert_status(run(WRITE("-D", "a/b/f"), INPUT("newer")), 0);
	assert_text("a/b/f", "newer");
	assert_int_equal(unlink(test_path("a/b/f")), 0);
	assert_int_equal(rmdir(test_path("a/b")), 0);
	assert_int_equal(rmdir(test_path("a")), 0);
}

static void the_old_file_is_kept_with_b(void **state)
{
	(void)state;
	(void)test_file("f", "old", 0644);
	const struct stat before = stat_of("f");
	assert_status(run(WRITE("-b", "f"), INPUT("new")), 0);
	assert_text("f~", "old");
	assert_int_equal(before.st_ino, stat_of("f~").st_ino);
	assert_status(run(WRITE("--backup=.bak", "f"), INPUT("newer")), 0);
	assert_text("f.bak", "new");
	assert_status(run(WRITE("-b", "f"), INPUT("newest")), 0);
	assert_text("f~", "newer");
	assert_status(run(WRITE("-b", "g"), INPUT("new")), 0);
	/* The letter takes no suffix: others can follow it. */
	assert_status(run(WRITE("-bu", "f"), INPUT("same")), 0);
	assert_status(run(WRITE("-bn", "f"), NULL), 123);
	assert_text("g", "new");
	assert_int_equal(access(test_path("g~"), F_OK), -1);
}

static void leftovers_of_a_kill_are_removed_by_the_next_run(void **state)
{
	(void)state;
	(void)test_file("f", "old", 0644);
	(void)test_file(".f.pk0", "left", 0644);
	const char *events = events_path();
	struct run *r = run(WRITE("-v", "--events", events, "f"), INPUT("new"));
	assert_status(r, 0);
	assert_has(r->err, "removed 1 leftover");
	assert_non_null(event_find(events, "swept"));
	assert_int_equal(access(test_path(".f.pk0"), F_OK), -1);
}

/* NFS, vfat, old FUSE, sandboxes: the new file has its temporary name from the start. */
static void without_o_tmpfile_it_is_the_same(void **state)
{
	static const char *const answers[] = {"EOPNOTSUPP", "EINVAL", "EPERM", "ENOSYS"};
	static const char work[] =
		"printf old > f; printf new | pk-atomic-write -b f && pk-atomic-write f -- printf "
		"newer && [ $(cat f~ f) = oldnewer ] && printf 1 | pk-atomic-write "
		"--if-match=none g && printf 1 | pk-atomic-write -u g && "
		"! pk-atomic-write -q g -- false && ! printf 2 | pk-atomic-write -q --check false "
		"g && "
		"[ \"$(cat g; ls -A | tr '\\n' ' ')\" = '1f f~ g ' ]";

	(void)state;
	(void)test_path("f");
	(void)test_path("f~");
	(void)test_path("g");
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct run *r =
			run(ARGV("@deny", "o_tmpfile", answers[i], "--", "sh", "-c", work), NULL);

		if (r->status == 77)
			skip();
		assert_status(r, 0);
		assert_int_equal(unlink(test_path("g")), 0);
	}
}

/* The temporary name of a live writer is not mistaken for a leftover, and goes when the writer ends. */
static void without_o_tmpfile_a_live_name_is_left_alone(void **state)
{
	(void)state;
	(void)test_file("f", "old", 0644);
	struct run *r =
		start(ARGV("@deny", "o_tmpfile", "EOPNOTSUPP", "--", tool_path("pk-atomic-write"),
			   "f", "--", "sh", "-c", "echo half; echo ready >&2; exec sleep 20"),
		      NULL);
	run_wait_err(r, "ready\n");
	assert_int_equal(access(test_path(".f.pk0"), F_OK), 0);
	assert_status(run(ARGV("@deny", "o_tmpfile", "EOPNOTSUPP", "--",
			       tool_path("pk-atomic-write"), "f"),
			  INPUT("newer")),
		      0);
	assert_int_equal(access(test_path(".f.pk0"), F_OK), 0);
	run_signal(r, SIGTERM);
	finish(r);
	assert_signal(r, SIGTERM);
	assert_text("f", "newer");
	assert_int_equal(access(test_path(".f.pk0"), F_OK), -1);
	assert_int_equal(access(test_path(".f.pk1"), F_OK), -1);
}

static void each_level_of_durability_replaces(void **state)
{
	static const char *const levels[] = {"--sync=full", "--sync=file", "--sync=none"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const char *events = events_path();
		assert_status(run(WRITE(levels[i], "--events", events, "f"), INPUT(levels[i])), 0);
		assert_text("f", levels[i]);
		assert_int_equal(event_true(event_find(events, "committed"), "durable"), i == 0);
		assert_int_equal(unlink(events), 0);
	}
}

/* --- conditions --------------------------------------------------------------------------------------- */

static void an_identical_content_is_left_alone_with_u(void **state)
{
	(void)state;
	(void)test_file("f", "same", 0644);
	const struct stat before = stat_of("f");
	assert_status(run(WRITE("-u", "f"), INPUT("same")), 0);
	assert_status(run(WRITE("-u", "--unchanged-status=7", "f"), INPUT("same")), 7);
	assert_status(run(WRITE("-u", "--unchanged-status=7", "f", "--", "printf", "same"), NULL),
		      7);
	assert_status(run(WRITE("-eu", "f", "--", "cat"), NULL), 0);
	assert_int_equal(before.st_ino, stat_of("f").st_ino);
	assert_int_equal(before.st_mtim.tv_nsec, stat_of("f").st_mtim.tv_nsec);
	assert_int_equal(before.st_ctim.tv_nsec, stat_of("f").st_ctim.tv_nsec);
}

static void a_difference_anywhere_is_a_change_for_u(void **state)
{
	static const char *const inputs[] = {"",     "sam",   "samf",
					     "xame", "same ", "same and much more"};

	(void)state;
	for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
		(void)test_file("f", "same", 0644);
		assert_status(run(WRITE("-u", "--unchanged-status=7", "f"),
				  i == 0 ? NULL : HOW(.input = inputs[i])),
			      0);
		assert_text("f", inputs[i]);
		(void)test_file("f", "same", 0644);
		assert_status(
			run(WRITE("-u", "--unchanged-status=7", "f", "--", "printf", inputs[i]),
			    NULL),
			0);
		assert_text("f", inputs[i]);
	}
	assert_status(run(WRITE("-u", "g"), INPUT("new")), 0);
	assert_text("g", "new");
}

static void another_mode_is_a_change_for_u(void **state)
{
	(void)state;
	(void)test_file("f", "same", 0644);
	assert_status(run(WRITE("-u", "-m600", "f"), INPUT("same")), 0);
	assert_int_equal(stat_of("f").st_mode & 07777, 0600);
}

static void a_late_difference_in_a_big_file_is_found(void **state)
{
	(void)state;
	(void)test_path("f");
	(void)test_path("g");
	struct run *r = run(ARGV("sh", "-c",
				 "head -c 2000000 /dev/zero | tee f > g; printf x >> g; "
				 "pk-atomic-write -u f < g && cmp f g && pk-atomic-write -u "
				 "--unchanged-status=9 f < g"),
			    NULL);
	assert_status(r, 9);
}

/* What has been read of a pipe and was the same is only in FILE: a writer that takes no lock may not
 * make it part of the new content. */
static void a_foreign_write_during_u_is_a_failure(void **state)
{
	/* When head has ended, at most a pipe's capacity has not been compared. */
	static const char work[] = "head -c 1000000 /dev/zero > f; touch -d '1 hour ago' f; "
				   "{ head -c 1000000 /dev/zero; printf X | dd of=f conv=notrunc "
				   "status=none; echo more; } | "
				   "pk-atomic-write -u f";

	(void)state;
	(void)test_path("f");
	struct run *r = run(ARGV("sh", "-c", work), NULL);
	assert_status(r, 125);
	assert_has(r->err, "written to while it was compared");
	assert_int_equal(stat_of("f").st_size, 1000000);
}

static void other_conditions_hold_with_u_too(void **state)
{
	const char *events = events_path();

	(void)state;
	(void)test_file("f", "old", 0644);
	(void)test_file("e", "", 0644);
	assert_status(run(WRITE("-u", "--events", events, "--verify=" NEW, "f"), INPUT("old")),
		      123);
	assert_int_equal(event_count(events, "rejected"), 1);
	assert_int_equal(event_count(events, "unchanged"), 0);
	assert_status(run(WRITE("-u", "--verify=" OLD, "f"), INPUT("old")), 0);
	assert_status(run(WRITE("-un", "e"), NULL), 123);
	assert_status(run(WRITE("-un", "e", "--", "true"), NULL), 123);
}

struct match {
	const char *title, *option, *old; /* NULL: no file */
	int status;
};

static void if_match_decides_before_any_input_is_read(void **state)
{
	const struct match *match = test_now()->row;
	const char *events = events_path();

	(void)state;
	if (match->old)
		(void)test_file("f", match->old, 0644);
	struct run *r =
		start(WRITE(match->option, "--events", events, "f"), HOW(.keep_input = true));
	if (match->status == 0) {
		run_write(r, "new");
		run_close_input(r);
	}
	finish(r);
	assert_status(r, match->status);
	assert_int_equal(event_count(events, "conflict"), match->status != 0);
	if (match->status == 0)
		assert_text("f", "new");
	else if (match->old)
		assert_text("f", match->old);
}

static const struct match matches[] = {
	{"the right hash lets through", "--if-match=" OLD, "old", 0},
	{"another hash does not", "--if-match=" NEW, "old", 123},
	{"a hash needs a file", "--if-match=" OLD, NULL, 123},
	{"the hash of nothing is not no file", "--if-match=" EMPTY, NULL, 123},
	{"none lets create", "--if-match=none", NULL, 0},
	{"none does not replace", "--if-match=none", "old", 123},
	{"any lets replace", "--if-match=any", "old", 0},
	{"any does not create", "--if-match=any", NULL, 123},
};

static void if_match_is_looked_at_again_before_the_commit(void **state)
{
	static const char *const options[] = {"--if-match=" OLD, "--if-match=none"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const char *events = events_path();
		if (i == 0)
			(void)test_file("f", "old", 0644);
		struct run *r = start(WRITE(options[i], "--events", events, "f", "--", "sh", "-c",
					    "echo first > f; echo second"),
				      NULL);
		finish(r);
		assert_status(r, 123);
		assert_text("f", "first\n");
		assert_int_equal(unlink(test_path("f")), 0);
		assert_int_equal(unlink(events), 0);
	}
}

static void verify_is_about_the_new_content(void **state)
{
	(void)state;
	(void)test_file("f", "old", 0644);
	const char *events = events_path();
	assert_status(run(WRITE("--verify=" OLD, "--events", events, "f"), INPUT("new")), 123);
	assert_string_equal(event_text(event_find(events, "rejected"), "why"), "verify");
	assert_text("f", "old");
	assert_status(run(WRITE("--verify=" NEW, "--events", events, "f"), INPUT("new")), 0);
	assert_string_equal(event_text(event_find(events, "staged"), "sha256"), NEW);
	assert_text("f", "new");
	assert_status(run(WRITE("--verify=" OLD, "f", "--", "printf", "old"), NULL), 0);
}

static void an_empty_content_is_refused_with_n(void **state)
{
	(void)state;
	(void)test_file("f", "old", 0644);
	assert_status(run(ARGV("sh", "-c", "false | pk-atomic-write -n f"), NULL), 123);
	assert_status(run(WRITE("-n", "f", "--", "true"), NULL), 123);
	struct run *r = run(WRITE("-nq", "f"), NULL);
	assert_status(r, 123);
	assert_string_equal(r->err, "");
	assert_text("f", "old");
	assert_status(run(WRITE("-n", "f"), INPUT("x")), 0);
}

static void the_check_sees_the_new_content_and_decides(void **state)
{
	(void)state;
	(void)test_file("f", "old", 0644);
	const char *events = events_path();
	struct run *r = run(WRITE("--check",
				  "test \"$(cat)\" = new && test \"$(cat $PK_NEW)\" = new && "
				  "test \"$(cat f)\" = old && echo fine",
				  "f"),
			    INPUT("new"));
	assert_status(r, 0);
	assert_string_equal(r->out, "");
	assert_has(r->err, "fine");
	assert_text("f", "new");
	r = run(WRITE("--check", "exit 9", "--events", events, "f"), INPUT("newer"));
	assert_status(r, 123);
	assert_has(r->err, "the check of the new 'f' failed with status 9");
	assert_string_equal(event_text(event_find(events, "rejected"), "why"), "check");
	assert_status(run(WRITE("--check", "kill -9 $$", "f"), INPUT("newer")), 123);
	assert_text("f", "new");
	assert_status(run(WRITE("--check", "grep -q cmd", "f", "--", "echo", "cmd"), NULL), 0);
	assert_text("f", "cmd\n");
}

static void a_locked_file_is_75_within_the_wait(void **state)
{
	(void)state;
	int fd = test_keep_fd(open(test_file("f", "old", 0644), O_RDONLY | O_CLOEXEC));
	assert_int_equal(flock(fd, LOCK_EX), 0);
	struct run *r = run(WRITE("-w", "0", "f"), INPUT("new"));
	assert_status(r, 75);
	assert_has(r->err, "locked");
	assert_status(run(WRITE("-w", "20ms", "-e", "f", "--", "cat"), NULL), 75);
	assert_text("f", "old");
	const char *events = events_path();
	r = start(WRITE("--events", events, "-e", "f", "--", "tr", "a-z", "A-Z"), NULL);
	(void)event_wait(events, "start");
	assert_int_equal(flock(fd, LOCK_UN), 0);
	finish(r);
	assert_status(r, 0);
	assert_non_null(event_find(events, "lock"));
	assert_text("f", "OLD");
}

static void term_while_waiting_for_the_lock_ends_it(void **state)
{
	(void)state;
	int fd = test_keep_fd(open(test_file("f", "old", 0644), O_RDONLY | O_CLOEXEC));
	assert_int_equal(flock(fd, LOCK_EX), 0);
	for (int i = 0; i < 2; i++) {
		const char *events = events_path();
		struct run *r =
			i == 0 ? start(WRITE("--events", events, "f"), HOW(.keep_input = true))
			       : start(WRITE("--events", events, "-e", "f", "--", "cat"), NULL);
		if (i == 0)
			run_close_input(r);
		(void)event_wait(events, i == 0 ? "staged" : "start");
		if (!run_is_slow())
			(void)test_find("pk-lock");
		run_signal(r, SIGTERM);
		finish(r);
		assert_signal(r, SIGTERM);
		assert_text("f", "old");
		assert_int_equal(unlink(events), 0);
	}
}

static void every_run_ends_with_exactly_one_last_event(void **state)
{
	(void)state;
	const char *events = events_path();
	(void)test_file("f", "old", 0644);
	assert_status(run(WRITE("--events", events, "--events-argv", "f", "--", "echo", "x"), NULL),
		      0);
	const char *line = event_find(events, "committed");
	assert_true(event_number(line, "size_bytes") == 2);
	assert_true(event_number(line, "old_size_bytes") == 3);
	assert_string_equal(event_text(event_find(events, "start"), "path"), "f");
	assert_string_equal(event_text(event_find(events, "start"), "argv"), "[\"echo\",\"x\"]");
	assert_true(event_number(event_find(events, "exit"), "exit_code") == 0);
	assert_status(run(WRITE("--events", events, "/dev/null"), NULL), 125);
	assert_int_equal(event_count(events, "failed"), 1);
	assert_int_equal(event_count(events, "error"), 1);
	assert_status(run(WRITE("--events", events, "-x"), NULL), 125);
	assert_int_equal(event_count(events, "error"), 2);
}

enum {
	MISTAKES = sizeof(mistakes) / sizeof(mistakes[0]),
	MATCHES = sizeof(matches) / sizeof(matches[0])
};

int main(void)
{
	static const struct CMUnitTest plain[] = {
		tidy_test(a_stdin_that_cannot_be_read_is_125),
		tidy_test(a_file_that_the_caller_may_not_write_is_refused),
		tidy_test(stdin_replaces_the_file_in_silence),
		tidy_test(an_empty_input_makes_an_empty_file),
		tidy_test(a_new_file_obeys_the_umask),
		tidy_test(mode_owner_and_attributes_are_kept),
		tidy_test(mode_is_what_m_says_whatever_the_umask),
		tidy_test(big_input_from_a_file_and_from_a_pipe),
		tidy_test(an_input_that_shrinks_is_taken_as_it_ends),
		tidy_test(room_that_cannot_be_reserved_is_no_failure),
		tidy_test(a_full_disk_leaves_the_old_file),
		tidy_test(term_leaves_the_old_file_and_nothing_else),
		tidy_test(an_ignored_signal_stays_ignored),
		tidy_test(a_symlink_is_followed_and_a_dangling_one_makes_its_file),
		tidy_test(a_symlink_is_replaced_itself_with_P),
		tidy_test(other_hard_links_keep_the_old_content_and_v_says_so),
		tidy_test(parents_are_made_with_D),
		tidy_test(the_old_file_is_kept_with_b),
		tidy_test(leftovers_of_a_kill_are_removed_by_the_next_run),
		tidy_test(without_o_tmpfile_it_is_the_same),
		tidy_test(without_o_tmpfile_a_live_name_is_left_alone),
		tidy_test(each_level_of_durability_replaces),
		tidy_test(an_identical_content_is_left_alone_with_u),
		tidy_test(a_difference_anywhere_is_a_change_for_u),
		tidy_test(another_mode_is_a_change_for_u),
		tidy_test(a_late_difference_in_a_big_file_is_found),
		tidy_test(a_foreign_write_during_u_is_a_failure),
		tidy_test(other_conditions_hold_with_u_too),
		tidy_test(if_match_is_looked_at_again_before_the_commit),
		tidy_test(verify_is_about_the_new_content),
		tidy_test(an_empty_content_is_refused_with_n),
		tidy_test(the_check_sees_the_new_content_and_decides),
		tidy_test(a_locked_file_is_75_within_the_wait),
		tidy_test(term_while_waiting_for_the_lock_ends_it),
		tidy_test(every_run_ends_with_exactly_one_last_event),
	};
	enum { PLAIN = sizeof(plain) / sizeof(plain[0]) };
	struct CMUnitTest tests[PLAIN + MISTAKES + MATCHES];
	size_t count = 0;

	for (size_t i = 0; i < MISTAKES; i++)
		tests[count++] = (struct CMUnitTest)tidy_row(
			mistakes[i].title, a_mistake_is_125_before_any_input_is_read, &mistakes[i]);
	for (size_t i = 0; i < MATCHES; i++)
		tests[count++] = (struct CMUnitTest)tidy_row(
			matches[i].title, if_match_decides_before_any_input_is_read, &matches[i]);
	for (size_t i = 0; i < PLAIN; i++)
		tests[count++] = plain[i];
	return _cmocka_run_group_tests("pk-atomic-write", tests, count, NULL, NULL);
}
