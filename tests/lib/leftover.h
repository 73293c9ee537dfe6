#ifndef PK_LEFTOVER_H
#define PK_LEFTOVER_H

#include <stddef.h>
#include <stdint.h>

/*
 * The leftover check: after a test no process that it started lives, no file is left in its private
 * directory, no descriptor is open in the test program that was not open before.
 *
 * Each test runs between test_begin and test_end. Every program that run.h starts carries the
 * test's marker in its environment (PK_TEST_MARK), which children inherit whatever they fork,
 * setsid or ignore. test_end looks for the marker in /proc, fails the test when somebody carries
 * it, and then ends exactly those processes, by pidfd.
 *
 *	static void true_gives_0(void **state) { ... }
 *	const struct CMUnitTest tests[] = {tidy_test(true_gives_0)};
 */
#define tidy_test(function)                                                                        \
	{                                                                                          \
#function, function, test_begin, test_end, NULL                                    \
	}

/* A test that is one row of a table: its title, the function, and what test_now()->row points at. */
#define tidy_row(title, function, row)                                                             \
	{                                                                                          \
		title, function, test_begin, test_end, (void *)(uintptr_t)(row)                    \
	}

struct test {
	const void *row; /* the row of tidy_row, or NULL */
	char mark[64];	 /* the value of PK_TEST_MARK */
	char dir[64];	 /* private directory, also TMPDIR of what is started */
};

int test_begin(void **state);
int test_end(void **state);

/* The running test. */
struct test *test_now(void);

/* The path of a file in the private directory that the test itself may leave there. */
const char *test_path(const char *name);

/* Create that file with the text and mode; returns its path. */
const char *test_file(const char *name, const char *text, unsigned mode);

/* Called at the end of the test, last in first out; a return value other than 0 fails the test. */
void test_at_end(int (*call)(void *), void *arg);

/* Give memory or a descriptor to the test, which frees or closes it at its end. */
void *test_keep(void *memory);
int test_keep_fd(int fd);

/* A formatted string that lives as long as the test. */
const char *test_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * How many processes carry the marker at this moment (zombies do not count); their pids and names
 * are printed when say is true.
 */
size_t test_living(int say);

/* Nobody carries the marker now: for tests that promise it for the moment a tool has ended. */
#define assert_no_survivor() assert_int_equal(test_living(1), 0)

/* Wait until nobody carries the marker, at most limit_ms. Returns how many still do. */
size_t test_wait_gone(int limit_ms);

/* Kill everybody who carries the marker, until nobody does. */
void test_kill(void);

/* The pid of a process that has the name (comm) and carries the marker; fails when there is none. */
int test_find(const char *comm);
int test_find_any(const char *comm); /* or 0 */

#endif
