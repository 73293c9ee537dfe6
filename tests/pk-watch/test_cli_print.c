/* Print mode: which paths come out, and that none is missed. */
#include "tests/pk-watch/world.h"

static void a_change_is_printed_once(void **state)
{
	(void)state;
	world("echo 1 > w/f");
	struct run *r = watch("w");
	sh("echo 2 >> w/f; echo 3 >> w/f");
	run_wait_out(r, "w/f\n");
	stop(r);
	assert_string_equal(r->out, "w/f\n");
	assert_string_equal(r->err, "");
}

static void without_a_path_the_current_directory_is_meant(void **state)
{
	(void)state;
	world("mkdir w/d");
	struct run *r = watch_with(HOW(.cwd = test_text("%s/w", test_now()->dir)), ARGV("-q"));
	sh("echo 2 > w/d/f");
	run_wait_out(r, "d/f\n");
	stop(r);
	assert_string_equal(r->out, "d/f\n");
}

static void records_end_with_nul_or_are_json(void **state)
{
	(void)state;
	world(":");
	struct run *nul = watch("-0", "w");
	sh("echo > 'w/a\nb'");
	while (nul->out_len < 6)
		run_wait_out(nul, "w/a");
	stop(nul);
	assert_memory_equal(nul->out, "w/a\nb\0", 6);
	sh("rm events.jsonl");
	struct run *json = watch("--json", "w");
	sh("mkdir w/d");
	run_wait_out(json, "\n");
	stop(json);
	assert_string_equal(json->out, "{\"path\":\"w/d\",\"kind\":\"create\",\"type\":\"dir\"}\n");
}

static void new_directories_are_followed_at_once(void **state)
{
	(void)state;
	world(":");
	struct run *r = watch("w");
	sh("for i in 1 2 3 4 5 6 7 8 9; do mkdir -p w/$i/b/c/d; : > w/$i/b/c/d/leaf; done; echo > "
	   "w/last");
	for (int i = 1; i <= 9; i++)
		run_wait_out(r, test_text("w/%d/b/c/d/leaf\n", i));
	stop(r);
}

static void directories_may_be_moved_in_about_and_out(void **state)
{
	(void)state;
	world("mkdir -p w/in out/deep; echo > out/deep/f");
	struct run *r = watch("w");
	sh("mv out w/in/");
	run_wait_out(r, "w/in/out/deep/f\n");
	sh("echo 2 > w/in/out/deep/f2");
	run_wait_out(r, "w/in/out/deep/f2\n");
	sh("mv w/in/out w/moved");
	run_wait_out(r, "w/moved/deep/f\n");
	sh("echo 3 > w/moved/deep/f3");
	run_wait_out(r, "w/moved/deep/f3\n");
	sh("mv w/moved gone");
	run_wait_out(r, "w/moved\n");
	sh("echo 4 > gone/deep/f4; echo > w/end; rm -r gone");
	run_wait_out(r, "w/end\n");
	stop(r);
	assert_lacks(r->out, "f4");
}

static void a_removed_directory_may_come_again(void **state)
{
	(void)state;
	world("mkdir w/d; echo > w/d/f");
	struct run *r = watch("-d", "10ms", "w");
	sh("for i in 1 2 3 4 5 6 7 8 9; do rm -rf w/d; mkdir w/d; echo > w/d/f$i; done");
	run_wait_out(r, "w/d/f9\n");
	sh("echo > w/d/later");
	run_wait_out(r, "w/d/later\n");
	stop(r);
}

static void a_queue_overflow_loses_nothing(void **state)
{
	(void)state;
	world("mkdir w/d; for i in 0 1 2 3 4 5 6 7 8 9; do echo > w/d/x$i; done; echo > w/noise");
	struct run *r = watch("w");
	run_signal(r, SIGSTOP);
	run_wait_stopped(r);
	sh("i=0; while [ $i -lt 4800 ]; do echo >> w/noise; echo >> w/noise2; i=$((i+1)); done;"
	   "for i in 0 1 2 3 4 5 6 7 8 9; do echo 2 > w/d/x$i; done");
	run_signal(r, SIGCONT);
	(void)event_wait(EVENTS, "overflow");
	for (int i = 0; i <= 9; i++)
		run_wait_out(r, test_text("w/d/x%d\n", i));
	stop(r);
}

static void after_an_overflow_a_change_of_unknown_kind_is_not_left_out(void **state)
{
	(void)state;
	world("mkdir w/a w/b; echo > w/a/x.c; echo > w/b/old.c; git init -q w; echo build > "
	      "w/.gitignore; mkdir w/build; : > w/noise; : > w/noise2");
	struct run *r = watch("-e", "c", "--kinds", "create,delete", "w");
	run_signal(r, SIGSTOP);
	run_wait_stopped(r);
	sh("i=0; while [ $i -lt 4800 ]; do echo >> w/noise; echo >> w/noise2; i=$((i+1)); done;"
	   "echo > w/a/new.c; rm w/b/old.c w/.gitignore");
	run_signal(r, SIGCONT);
	(void)event_wait(EVENTS, "overflow");
	run_wait_out(r, "w/a/new.c\n");
	run_wait_out(r, "w/b\n");
	/* The list has gone unseen, and its pattern with it. */
	sh("echo > w/build/later.c");
	run_wait_out(r, "w/build/later.c\n");
	stop(r);
}

static void ignore_files_count_and_their_changes_too(void **state)
{
	(void)state;
	world("git init -q w; mkdir w/build w/kept; echo 'build/\n*.o' > w/.gitignore; echo "
	      "'*.tmp' > w/kept/.ignore");
	struct run *r = watch("w");
	const char *ready = event_find(EVENTS, "ready");
	assert_int_equal((int)event_number(ready, "dirs"), 2);
	sh("echo > w/build/x; echo > w/a.o; echo > w/kept/a.tmp; echo > w/kept/ok");
	run_wait_out(r, "w/kept/ok\n");
	sh("echo '*.c' > w/.gitignore");
	run_wait_out(r, "w/.gitignore\n");
	sh("echo > w/build/y; echo > w/b.c; echo > w/end");
	run_wait_out(r, "w/end\n");
	stop(r);
	assert_has(r->out, "w/build/y\n");
	assert_lacks(r->out, "build/x");
	assert_lacks(r->out, "a.o");
	assert_lacks(r->out, "b.c");
	assert_lacks(r->out, "tmp");
}

static void lists_above_a_path_count_inside_its_work_tree(void **state)
{
	(void)state;
	world("git init -q w; mkdir -p w/src/gen w/.git/info; echo '/src/gen/' > w/.gitignore;"
	      "echo '*.log' > w/.git/info/exclude");
	struct run *r = watch("w/src");
	sh("echo > w/src/gen/x; echo > w/src/a.log; echo > w/src/ok");
	run_wait_out(r, "w/src/ok\n");
	stop(r);
	assert_string_equal(r->out, "w/src/ok\n");
}

static void options_select_and_ignore(void **state)
{
	(void)state;
	world("mkdir -p w/gen w/src");
	struct run *r = watch("-e", "c,.h", "-f", "Makefile", "-i", "w/gen", "-i", "*_test.c", "-i",
			      "!keep_test.c", "w");
	sh("echo > w/src/a.c; echo > w/src/b.h; echo > w/src/c.txt; echo > w/gen/x.c; echo > "
	   "w/a_test.c;"
	   "echo > w/keep_test.c; echo > w/Makefile");
	run_wait_out(r, "w/Makefile\n");
	stop(r);
	assert_string_equal(r->out, "w/src/a.c\nw/src/b.h\nw/keep_test.c\nw/Makefile\n");
}

static void built_in_ignores_can_be_switched_off(void **state)
{
	(void)state;
	world("mkdir -p w/node_modules/x w/.git");
	struct run *r = watch("w");
	assert_int_equal((int)event_number(event_find(EVENTS, "ready"), "dirs"), 1);
	sh("echo > w/node_modules/x/f; echo > w/f~; echo > w/.f.swp; echo > w/ok");
	run_wait_out(r, "w/ok\n");
	stop(r);
	assert_string_equal(r->out, "w/ok\n");
	sh("rm events.jsonl");
	r = watch("--no-ignore", "w");
	sh("echo 2 > w/node_modules/x/f");
	run_wait_out(r, "w/node_modules/x/f\n");
	stop(r);
}

static void a_path_named_explicitly_is_never_ignored(void **state)
{
	(void)state;
	world("mkdir -p w/node_modules; echo > w/f~");
	struct run *r = watch("w/node_modules", "w/f~");
	sh("echo 2 > w/node_modules/f");
	run_wait_out(r, "w/node_modules/f\n");
	sh("echo 2 > w/f~");
	run_wait_out(r, "w/f~\n");
	stop(r);
}

static void a_path_inside_another_stays_when_that_ignores_it(void **state)
{
	(void)state;
	world("git init -q w; mkdir w/d; echo > w/d/f");
	struct run *r = watch("w", "w/d");
	sh("echo d > w/.gitignore");
	run_wait_out(r, "w/.gitignore\n");
	sh("echo 2 > w/d/f");
	run_wait_out(r, "w/d/f\n");
	stop(r);
	assert_lacks(r->out, "w/d\n");
}

static void links_that_lead_back_are_followed_once(void **state)
{
	(void)state;
	world("mkdir w/d o; ln -s . w/self; ln -s .. w/d/up; ln -s ../../o w/d/other; ln -s ../w "
	      "o/back");
	struct run *r = watch("-L", "--poll", "20ms", "w");
	assert_int_equal((int)event_number(event_find(EVENTS, "ready"), "dirs"), 3);
	sh("echo > o/f");
	run_wait_out(r, "w/d/other/f\n");
	stop(r);
	sh("rm -r o events.jsonl");
	r = watch("-L", "w");
	assert_int_equal((int)event_number(event_find(EVENTS, "ready"), "dirs"), 2);
	stop(r);
}

static void recursion_and_links_are_as_asked(void **state)
{
	(void)state;
	world("mkdir -p w/d/e real/sub; ln -s ../real w/link; ln -s . w/d/loop");
	struct run *r = watch("--no-recursive", "w");
	sh("echo > w/d/f; echo > w/f");
	run_wait_out(r, "w/f\n");
	stop(r);
	assert_string_equal(r->out, "w/f\n");
	sh("rm events.jsonl");
	r = watch("-L", "w");
	sh("echo > real/sub/x; echo > w/d/f");
	run_wait_out(r, "w/link/sub/x\n");
	run_wait_out(r, "w/d/f\n");
	stop(r);
	sh("rm -r real");
}

static void kinds_are_selected(void **state)
{
	(void)state;
	world("echo > w/a; echo > w/b");
	struct run *r = watch("--kinds", "delete", "--json", "w");
	sh("echo 2 > w/a; rm w/b");
	run_wait_out(r, "\n");
	stop(r);
	assert_string_equal(r->out, "{\"path\":\"w/b\",\"kind\":\"delete\",\"type\":\"file\"}\n");
}

static void a_file_survives_atomic_saves(void **state)
{
	(void)state;
	world("echo 1 > w/f; echo > w/other");
	struct run *r = watch("-d", "20ms", "w/f");
	for (size_t i = 1; i <= 5; i++) {
		sh("echo 2 > w/new; echo > w/other; mv w/new w/f");
		(void)event_wait_nth(EVENTS, "change", (unsigned)i);
	}
	sh("sed -i s/2/3/ w/f");
	run_wait_out(r, "w/f\nw/f\nw/f\nw/f\nw/f\nw/f\n");
	stop(r);
	assert_lines(r->out, 6);
	assert_lacks(r->out, "other");
}

/* The names of the change event are what a command would be run for. */
static void editors_saves_are_one_change_of_one_file(void **state)
{
	static const char *const saves[] = {
		"sed -i s/a/b/ w/f",
		/* vim with backup: probe, move away, write anew, drop the backup */
		"echo > w/4913; rm w/4913; mv w/f w/f~; echo vim > w/f; chmod 644 w/f; rm w/f~",
		/* vim without: the swap file and a write in place */
		"echo > w/.f.swp; echo vim2 > w/f; rm w/.f.swp",
		/* emacs: lock link, backup by renaming */
		"ln -s me@host.1 w/.#f; cp w/f w/f~; echo emacs > w/f; rm w/.#f",
		/* an atomic save: hidden temporary file, synced and renamed */
		"echo atomic > w/.f.swx; sync w/.f.swx; mv w/.f.swx w/f",
		("command -v vim > /dev/null || exec touch w/f; vim -u NONE -es -c 's/$/!/' -c wq "
		 "w/f < /dev/null"),
	};

	(void)state;
	world("echo a > w/f");
	struct run *r = watch("w");
	for (unsigned i = 0; i < array_len(saves); i++) {
		sh(saves[i]);
		const char *line = event_wait_nth(EVENTS, "change", i + 1);
		assert_string_equal(event_text(line, "paths"), "[\"w/f\"]");
	}
	sh("echo end > w/end");
	run_wait_out(r, "w/end\n");
	stop(r);
	assert_string_equal(r->out, "w/f\nw/f\nw/f\nw/f\nw/f\nw/f\nw/end\n");
}

static void a_path_may_vanish_and_come_back(void **state)
{
	(void)state;
	world("mkdir -p w/p/q; echo > w/p/q/f; echo > w/file");
	struct run *r = watch("w/p/q", "w/file");
	sh("mv w/p w/p.old");
	(void)event_wait(EVENTS, "gone");
	sh("mkdir -p w/p/q; echo > w/p/q/new");
	(void)event_wait(EVENTS, "back");
	run_wait_out(r, "w/p/q/new\n");
	sh("echo 2 > w/p/q/later");
	run_wait_out(r, "w/p/q/later\n");
	sh("rm w/file");
	(void)event_wait_nth(EVENTS, "gone", 2);
	sh("echo again > w/file");
	(void)event_wait_nth(EVENTS, "back", 2);
	stop(r);
	assert_has(r->err, "'w/p/q' has gone");
}

static void a_link_that_is_pointed_elsewhere_is_followed(void **state)
{
	(void)state;
	world("mkdir w/r1 w/r2; echo > w/r2/f; ln -s r1 w/current");
	struct run *r = watch("w/current");
	sh("ln -s r2 w/next; mv -T w/next w/current");
	run_wait_out(r, "w/current/f\n");
	sh("echo 2 > w/current/g");
	run_wait_out(r, "w/current/g\n");
	stop(r);
}

static void half_written_files_are_waited_for(void **state)
{
	(void)state;
	world(":");
	struct run *r = watch("-d", "0", "w");
	sh("exec 3> w/f; echo 1 >&3; echo > w/other; exec 3>&-");
	(void)event_wait(EVENTS, "change");
	run_wait_out(r, "w/f\n");
	sh("ln -s x w/link; ln w/other w/hard; mkfifo w/fifo");
	run_wait_out(r, "w/fifo\n");
	stop(r);
}

static void a_steady_writer_is_not_waited_for_for_ever(void **state)
{
	(void)state;
	world(":");
	struct run *r = watch("--max-wait", "200ms", "w");
	struct run *writer =
		start(ARGV("sh", "-c", "exec 3> w/log; while echo x; do :; done >&3"), NULL);
	(void)event_wait_nth(EVENTS, "change", 3);
	run_signal(writer, SIGKILL);
	finish(writer);
	stop(r);
}

static void polling_sees_the_same(void **state)
{
	(void)state;
	world("mkdir w/d; echo > w/d/f; echo > w/gone; echo > w/file; echo > w/mode");
	struct run *r = watch("--poll", "20ms", "--json", "w", "w/file");
	assert_string_equal(event_text(event_find(EVENTS, "ready"), "backend"), "poll");
	sh("echo more >> w/d/f; rm w/gone; mkdir -p w/n/m; echo > w/n/m/x; echo 22 > w/file; chmod "
	   "600 w/mode");
	run_wait_out(r, "\"w/n/m/x\",\"kind\":\"create\"");
	run_wait_out(r, "\"w/d/f\",\"kind\":\"modify\"");
	run_wait_out(r, "\"w/gone\",\"kind\":\"delete\"");
	run_wait_out(r, "\"w/mode\",\"kind\":\"attrib\"");
	run_wait_out(r, "\"w/file\",\"kind\":\"modify\"");
	sh("echo > w/n/m/y");
	run_wait_out(r, "w/n/m/y");
	sh("rm -r w/n");
	run_wait_out(r, "\"w/n\",\"kind\":\"delete\"");
	stop(r);
}

static void a_watch_limit_is_told_and_the_rest_is_polled(void **state)
{
	(void)state;
	world("for i in $(seq 200); do mkdir w/$i; done");
	const char *script = test_text(
		"echo 50 > /proc/sys/user/max_inotify_watches || exit 77; exec %s --events %s w",
		tool_path("pk-watch"), events_path());
	struct run *probe = run(
		ARGV("unshare", "-Ur", "sh", "-c", "echo 50 > /proc/sys/user/max_inotify_watches"),
		NULL);
	if (probe->status != 0)
		skip();
	struct run *r = start(ARGV("unshare", "-Ur", "sh", "-c", script), HOW(.unwrapped = true));
	const char *line = event_wait(EVENTS, "limit");
	assert_string_equal(event_text(line, "what"), "fs.inotify.max_user_watches");
	(void)event_wait(EVENTS, "ready");
	sh("for i in $(seq 200); do echo > w/$i/f; done");
	for (int i = 1; i <= 200; i++)
		run_wait_out(r, test_text("w/%d/f\n", i));
	stop(r);
	assert_has(r->err, "sysctl -w");
}

static void without_any_instance_all_is_polled(void **state)
{
	(void)state;
	world("mkdir w/d; echo > w/file");
	const char *limit = "echo 0 > /proc/sys/user/max_inotify_instances";
	if (run(ARGV("unshare", "-Ur", "sh", "-c", limit), NULL)->status != 0)
		skip();
	struct run *r = start(ARGV("unshare", "-Ur", "sh", "-c",
				   test_text("%s; exec %s --events %s w w/file", limit,
					     tool_path("pk-watch"), events_path())),
			      HOW(.unwrapped = true));
	assert_string_equal(event_text(event_wait(EVENTS, "limit"), "what"),
			    "fs.inotify.max_user_instances");
	assert_string_equal(event_text(event_wait(EVENTS, "ready"), "backend"), "poll");
	sh("echo > w/d/f; echo 2 > w/file");
	run_wait_out(r, "w/d/f\n");
	run_wait_out(r, "w/file\n");
	stop(r);
}

static void ignored_directories_have_no_watch(void **state)
{
	(void)state;
	world("git init -q w; echo /gen/ > w/.gitignore; mkdir w/src; mkdir -p w/gen/1/2 "
	      "w/node_modules/a/b; cd w/gen/1/2; mkdir $(seq 2000)");
	struct run *r = watch("w");
	const char *ready = event_find(EVENTS, "ready");
	assert_int_equal((int)event_number(ready, "dirs"), 2);
	assert_int_equal((int)event_number(ready, "watches"), 2);
	sh("echo > w/gen/1/2/7/f; echo > w/src/f");
	run_wait_out(r, "w/src/f\n");
	stop(r);
	assert_string_equal(r->out, "w/src/f\n");
}

static void once_and_idle_end_it(void **state)
{
	(void)state;
	world(":");
	struct run *r = watch("-1", "w");
	sh("echo > w/f");
	finish(r);
	assert_status(r, 0);
	assert_string_equal(r->out, "w/f\n");
	assert_string_equal(event_text(event_find(EVENTS, "end"), "reason"), "once");
	sh("rm events.jsonl");
	r = run(ARGV("pk-watch", "--events", EVENTS, "-I", "50ms", "w"), NULL);
	assert_status(r, 124);
	assert_string_equal(event_text(event_find(EVENTS, "end"), "reason"), "idle");
}

static void its_own_output_is_no_change(void **state)
{
	(void)state;
	world(":");
	const char *script = test_text("exec %s -d 10ms --events %s . > w/out",
				       tool_path("pk-watch"), events_path());
	struct run *r = start(ARGV("sh", "-c", script), NULL);
	(void)event_wait(EVENTS, "ready");
	sh("echo > w/f");
	(void)event_wait(EVENTS, "change");
	sh("echo > w/g");
	(void)event_wait_nth(EVENTS, "change", 2);
	stop(r);
	sh("printf './w/f\\n./w/g\\n' | cmp - w/out");
}

static void a_reader_that_goes_ends_it_at_once(void **state)
{
	(void)state;
	world(":");
	struct run *r = start(
		ARGV("sh", "-c", test_text("%s w | :; echo ${PIPESTATUS-}", tool_path("pk-watch"))),
		NULL);
	finish(r);
	assert_string_equal(r->err, "");
}

static void paths_may_come_from_stdin(void **state)
{
	(void)state;
	world("echo > w/a; echo > w/b; echo > w/c");
	sh("printf 'w/a\\n\\nw/b\\n' > w/list");
	struct run *r = start(ARGV("sh", "-c",
				   test_text("exec %s --events %s - < w/list",
					     tool_path("pk-watch"), events_path())),
			      NULL);
	(void)event_wait(EVENTS, "ready");
	sh("echo 2 > w/c; echo 2 > w/b");
	run_wait_out(r, "w/b\n");
	stop(r);
	assert_string_equal(r->out, "w/b\n");
}

static void a_large_checkout_is_one_batch(void **state)
{
	(void)state;
	world("git init -q w; cd w; git config user.email a@b; git config user.name a; mkdir d;"
	      "for i in $(seq 1000); do echo 1 > d/f$i; done; git add .; git commit -qm 1; git "
	      "checkout -qb two; for f in d/*; do echo 22 > $f; done; git commit -qam 2");
	struct run *r = watch("-d", "200ms", "--max-wait", "inf", "w");
	sh("cd w; git checkout -q -");
	assert_int_equal((int)event_number(event_wait(EVENTS, "change"), "count"), 1000);
	sh("echo 3 > w/d/f7");
	const char *line = event_wait_nth(EVENTS, "change", 2);
	assert_string_equal(event_text(line, "paths"), "[\"w/d/f7\"]");
	stop(r);
}

static void mistakes_are_125(void **state)
{
	static const char *const wrong[][6] = {
		{"pk-watch", "nowhere"},
		{"pk-watch", "-d", "x"},
		{"pk-watch", "--kinds", "x"},
		{"pk-watch", "-e", ""},
		{"pk-watch", "--jitter", "1s"},
		{"pk-watch", "--every", "1s"},
		{"pk-watch", "-0", "--json"},
		{"pk-watch", "--paths-stdin"},
		{"pk-watch", ".", "--"},
		{"pk-watch", "--exit-on-error"},
		{"pk-watch", "--on-busy", "what"},
		{"pk-watch", "--align"},
		{"pk-watch", "-i", ""},
		{"pk-watch", ""},
		{"pk-watch", "-f", ""},
	};

	(void)state;
	for (size_t i = 0; i < array_len(wrong); i++) {
		struct run *r = run(wrong[i], NULL);

		assert_status(r, 125);
		assert_string_equal(r->out, "");
		assert_has(r->err, "pk-watch: ");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tidy_test(a_change_is_printed_once),
		tidy_test(without_a_path_the_current_directory_is_meant),
		tidy_test(records_end_with_nul_or_are_json),
		tidy_test(new_directories_are_followed_at_once),
		tidy_test(directories_may_be_moved_in_about_and_out),
		tidy_test(a_removed_directory_may_come_again),
		tidy_test(a_queue_overflow_loses_nothing),
		tidy_test(after_an_overflow_a_change_of_unknown_kind_is_not_left_out),
		tidy_test(ignore_files_count_and_their_changes_too),
		tidy_test(lists_above_a_path_count_inside_its_work_tree),
		tidy_test(options_select_and_ignore),
		tidy_test(built_in_ignores_can_be_switched_off),
		tidy_test(a_path_named_explicitly_is_never_ignored),
		tidy_test(a_path_inside_another_stays_when_that_ignores_it),
		tidy_test(links_that_lead_back_are_followed_once),
		tidy_test(recursion_and_links_are_as_asked),
		tidy_test(kinds_are_selected),
		tidy_test(a_file_survives_atomic_saves),
		tidy_test(editors_saves_are_one_change_of_one_file),
		tidy_test(a_path_may_vanish_and_come_back),
		tidy_test(a_link_that_is_pointed_elsewhere_is_followed),
		tidy_test(half_written_files_are_waited_for),
		tidy_test(a_steady_writer_is_not_waited_for_for_ever),
		tidy_test(polling_sees_the_same),
		tidy_test(a_watch_limit_is_told_and_the_rest_is_polled),
		tidy_test(without_any_instance_all_is_polled),
		tidy_test(ignored_directories_have_no_watch),
		tidy_test(once_and_idle_end_it),
		tidy_test(its_own_output_is_no_change),
		tidy_test(a_reader_that_goes_ends_it_at_once),
		tidy_test(paths_may_come_from_stdin),
		tidy_test(a_large_checkout_is_one_batch),
		tidy_test(mistakes_are_125),
	};

	return cmocka_run_group_tests_name("pk-watch prints", tests, NULL, NULL);
}
