/* /proc readers on captured and on hostile text. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/proc.h"
#include "tests/check.h"
#include "tests/lib/leftover.h"

static void a_name_may_hold_any_byte(void **state)
{
	static const struct {
		const char *text, *comm;
		pid_t pid, ppid;
		char state;
	} rows[] = {
		{"42 (sh) S 7 42 42 0 -1", "sh", 42, 7, 'S'},
		{"42 (a) b) Z 9 ()) R 1 1", "a) b) Z 9 ()", 42, 1, 'R'},
		{"42 (new\nline) D 7 1", "new\nline", 42, 7, 'D'},
		{"42 () T 0 1", "", 42, 0, 'T'},
	};

	(void)state;
	for (size_t i = 0; i < array_len(rows); i++) {
		struct proc_stat stat;

		assert_int_equal(proc_parse_stat(rows[i].text, &stat), 0);
		assert_string_equal(stat.comm, rows[i].comm);
		assert_int_equal(stat.pid, rows[i].pid);
		assert_int_equal(stat.ppid, rows[i].ppid);
		assert_int_equal(stat.state, rows[i].state);
	}
}

static void what_is_no_stat_line_is_refused(void **state)
{
	struct proc_stat stat = {.pid = 5};

	(void)state;
	for (const char *const *bad =
		     (const char *const[]){"", "42", "42 (sh", ")42(", "42 (sh)", "42 (sh) S",
					   "42 (sh) S x", "(sh) S 1", NULL};
	     *bad; bad++)
		assert_int_equal(proc_parse_stat(*bad, &stat), -EINVAL);
	assert_int_equal(stat.pid, 5);
}

/* A captured /proc of three processes: 10 has two threads, one of which has forked 12. */
static int fixture(bool with_children)
{
	static const struct {
		const char *path, *text;
	} files[] = {
		{"10/stat", "10 (boss) S 1 10"},   {"11/stat", "11 (kid) S 10 10"},
		{"12/stat", "12 (other) S 10 10"}, {"13/stat", "13 (stranger) S 1 13"},
		{"10/task/10/children", "11 "},	   {"10/task/14/children", "12 "},
		{"thread-self/children", ""},
	};
	char path[256];

	for (size_t i = 0; i < array_len(files); i++) {
		FILE *file;

		if (!with_children && strstr(files[i].path, "children"))
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", test_now()->dir, files[i].path);
		for (char *slash = path + strlen(test_now()->dir) + 1; (slash = strchr(slash, '/'));
		     *slash++ = '/') {
			*slash = '\0';
			(void)mkdir(path, 0755);
		}
		file = fopen(path, "w");
		assert_non_null(file);
		(void)fputs(files[i].text, file);
		(void)fclose(file);
	}
	if (!with_children)
		(void)mkdir(test_text("%s/10/task", test_now()->dir), 0755);
	return test_keep_fd(open(test_now()->dir, O_PATH | O_DIRECTORY | O_CLOEXEC));
}

static int remove_fixture(void *arg)
{
	(void)arg;
	return system(test_text("rm -rf %s/1? %s/thread-self", test_now()->dir, test_now()->dir));
}

static int sum(void *arg, pid_t pid)
{
	*(int *)arg += pid;
	return 0;
}

static void one_thread_needs_one_file(void **state)
{
	int total = 0;

	(void)state;
	test_at_end(remove_fixture, NULL);
	assert_int_equal(proc_each_child(fixture(true), 10, 1, sum, &total), 0);
	assert_int_equal(total, 11);
}

static void the_number_of_threads_is_field_20(void **state)
{
	struct proc_stat stat;

	(void)state;
	assert_int_equal(
		proc_parse_stat(
			"42 (sh) S 1 42 42 0 -1 4194560 10 11 12 13 14 15 16 17 20 0 9 0 21",
			&stat),
		0);
	assert_int_equal(stat.threads, 9);
	assert_int_equal(proc_parse_stat("42 (sh) S 1 42", &stat), 0);
	assert_int_equal(stat.threads, 0);
}

static void children_of_all_threads_are_found(void **state)
{
	int total = 0;

	(void)state;
	test_at_end(remove_fixture, NULL);
	assert_int_equal(proc_each_child(fixture(true), 10, 0, sum, &total), 0);
	assert_int_equal(total, 23);
}

static void without_children_files_all_processes_are_scanned(void **state)
{
	int total = 0, proc = fixture(false);

	(void)state;
	test_at_end(remove_fixture, NULL);
	(void)mkdirat(proc, "10/task/10", 0755);
	assert_int_equal(proc_each_child(proc, 10, 0, sum, &total), 0);
	assert_int_equal(total, 23);
}

static void a_process_that_is_gone_is_an_error(void **state)
{
	struct proc_stat stat;
	int total = 0, proc = fixture(true);

	(void)state;
	test_at_end(remove_fixture, NULL);
	assert_int_equal(proc_stat(proc, 99, &stat), -ENOENT);
	assert_int_equal(proc_each_child(proc, 99, 0, sum, &total), -ENOENT);
}

static void the_real_proc_knows_us(void **state)
{
	scoped(fd_drop) int proc = proc_open();
	struct proc_stat stat;

	(void)state;
	assert_true(proc >= 0);
	assert_int_equal(proc_stat(proc, getpid(), &stat), 0);
	assert_int_equal(stat.ppid, getppid());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_may_hold_any_byte),
		cmocka_unit_test(what_is_no_stat_line_is_refused),
		cmocka_unit_test(the_number_of_threads_is_field_20),
		tidy_test(one_thread_needs_one_file),
		tidy_test(children_of_all_threads_are_found),
		tidy_test(without_children_files_all_processes_are_scanned),
		tidy_test(a_process_that_is_gone_is_an_error),
		cmocka_unit_test(the_real_proc_knows_us),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
