/* place and replace: the order of system calls, its leftovers, and its refusals. */
/* wrap: openat fsync renameat */
#include "tests/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/replace.h"
#include "common/slot.h"

static char dir[64];
static bool no_tmpfile, no_fsync, no_rename;

int __real_openat(int, const char *, int, ...);
int __wrap_openat(int, const char *, int, ...);
int __real_fsync(int);
int __wrap_fsync(int);
int __real_renameat(int, const char *, int, const char *);
int __wrap_renameat(int, const char *, int, const char *);

int __wrap_openat(int at, const char *path, int flags, ...)
{
	va_list args;

	va_start(args, flags);
	unsigned mode = va_arg(args, unsigned);
	va_end(args);
	if (no_tmpfile && (flags & O_TMPFILE) == O_TMPFILE) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return __real_openat(at, path, flags, mode);
}

int __wrap_fsync(int fd)
{
	if (!no_fsync)
		return __real_fsync(fd);
	errno = EIO;
	return -1;
}

int __wrap_renameat(int from, const char *old, int to, const char *new)
{
	if (!no_rename)
		return __real_renameat(from, old, to, new);
	errno = EBUSY;
	return -1;
}

static int begin(void **state)
{
	(void)state;
	no_tmpfile = no_fsync = no_rename = false;
	strcpy(dir, "/var/tmp/pk-replace.XXXXXX");
	return mkdtemp(dir) && chdir(dir) == 0 ? 0 : -1;
}

/* Nothing but the names that a test has removed may be left. */
static int end(void **state)
{
	(void)state;
	(void)unlink("f");
	(void)unlink("f~");
	(void)unlink("link");
	return chdir("/") < 0 ? -1 : rmdir(dir);
}

static void write_file(const char *name, const char *text)
{
	scoped(fd_drop) int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_full(fd, text, strlen(text)), 0);
}

static void assert_file(const char *name, const char *text)
{
	char got[256];

	assert_true(fd_read_file(AT_FDCWD, name, got, sizeof(got)) >= 0);
	assert_string_equal(got, text);
}

static void stage(struct replace *new, const struct place *place, const char *text)
{
	assert_int_equal(replace_stage(new, place, 0600), 0);
	assert_int_equal(fd_write_full(new->fd, text, strlen(text)), 0);
}

static void a_file_is_replaced(void **state)
{
	struct stat st;

	(void)state;
	write_file("f", "old");
	assert_int_equal(chmod("f", 0640), 0);
	assert_int_equal(replace_bytes("f", "new", 3, 0600, REPLACE_DURABLE), 0);
	assert_file("f", "new");
	assert_int_equal(stat("f", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
}

static void a_file_that_is_not_there_is_made_with_the_mode(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(replace_bytes("f", "new", 3, 0600, REPLACE_LAZY), 0);
	assert_file("f", "new");
	assert_int_equal(stat("f", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void the_same_without_o_tmpfile(void **state)
{
	(void)state;
	no_tmpfile = true;
	write_file("f", "old");
	assert_int_equal(replace_bytes("f", "new", 3, 0600, REPLACE_DURABLE), 0);
	assert_file("f", "new");
}

static void what_is_given_up_leaves_nothing(void **state)
{
	scoped(place_drop) struct place place = PLACE_NONE;

	(void)state;
	write_file("f", "old");
	assert_int_equal(place_open(&place, "f", true), 0);
	for (int named = 0; named < 2; named++) {
		scoped(replace_drop) struct replace new = REPLACE_NONE;
		no_tmpfile = named;
		stage(&new, &place, "new");
	}
	assert_file("f", "old");
}

static void a_failed_rename_leaves_the_old_file_and_nothing_else(void **state)
{
	(void)state;
	write_file("f", "old");
	no_rename = true;
	assert_int_equal(replace_bytes("f", "new", 3, 0600, REPLACE_WHOLE), -EBUSY);
	no_tmpfile = true;
	assert_int_equal(replace_bytes("f", "new", 3, 0600, REPLACE_WHOLE), -EBUSY);
	assert_file("f", "old");
}

static void a_failed_fsync_throws_the_new_file_away(void **state)
{
	(void)state;
	write_file("f", "old");
	no_fsync = true;
	assert_int_equal(replace_bytes("f", "new", 3, 0600, REPLACE_DURABLE), -EIO);
	assert_file("f", "old");
}

static void a_leftover_is_removed_by_whoever_needs_its_slot(void **state)
{
	scoped(place_drop) struct place place = PLACE_NONE;
	scoped(replace_drop) struct replace new = REPLACE_NONE;

	(void)state;
	write_file("f", "old");
	write_file(".f.pk0", "left by a kill");
	assert_int_equal(place_open(&place, "f", true), 0);
	stage(&new, &place, "new");
	assert_int_equal(replace_commit(&new), 0);
	assert_int_equal(new.swept, 1);
	assert_file("f", "new");
	assert_int_equal(access(".f.pk0", F_OK), -1);
}

static void a_live_writers_file_is_left_alone(void **state)
{
	scoped(place_drop) struct place place = PLACE_NONE;
	scoped(replace_drop) struct replace mine = REPLACE_NONE, other = REPLACE_NONE;

	(void)state;
	no_tmpfile = true;
	assert_int_equal(place_open(&place, "f", true), 0);
	stage(&other, &place, "other");
	stage(&mine, &place, "mine");
	assert_string_equal(other.temp, ".f.pk0");
	assert_string_equal(mine.temp, ".f.pk1");
	assert_int_equal(replace_commit(&mine), 0);
	assert_file("f", "mine");
	assert_int_equal(replace_commit(&other), 0);
	assert_file("f", "other");
}

static void slots_are_bounded(void **state)
{
	scoped(place_drop) struct place place = PLACE_NONE;
	struct replace all[SLOT_COUNT], more;

	(void)state;
	no_tmpfile = true;
	assert_int_equal(place_open(&place, "f", true), 0);
	for (int i = 0; i < SLOT_COUNT; i++)
		assert_int_equal(replace_stage(&all[i], &place, 0600), 0);
	assert_int_equal(replace_stage(&more, &place, 0600), -EBUSY);
	for (int i = 0; i < SLOT_COUNT; i++)
		replace_drop(&all[i]);
}

static void create_never_replaces(void **state)
{
	scoped(place_drop) struct place place = PLACE_NONE;

	(void)state;
	assert_int_equal(place_open(&place, "f", true), 0);
	for (int named = 0; named < 2; named++) {
		scoped(replace_drop) struct replace new = REPLACE_NONE, again = REPLACE_NONE;
		no_tmpfile = named;
		stage(&new, &place, "first");
		stage(&again, &place, "second");
		assert_int_equal(replace_create(&new), 0);
		assert_int_equal(replace_create(&again), -EEXIST);
		assert_file("f", "first");
		assert_int_equal(unlink("f"), 0);
	}
}

static void a_backup_is_the_old_inode(void **state)
{
	scoped(place_drop) struct place place = PLACE_NONE;
	struct stat old, backup;

	(void)state;
	write_file("f", "old");
	write_file("f~", "older");
	assert_int_equal(stat("f", &old), 0);
	assert_int_equal(place_open(&place, "f", true), 0);
	for (int named = 0; named < 2; named++) {
		scoped(replace_drop) struct replace new = REPLACE_NONE;
		no_tmpfile = named;
		stage(&new, &place, "new");
		/* Twice: the second finds that both names are of one file already. */
		assert_int_equal(replace_backup(&new, "f~"), 0);
		assert_int_equal(replace_backup(&new, "f~"), 0);
		assert_file("f", "old");
	}
	assert_int_equal(stat("f~", &backup), 0);
	assert_int_equal(old.st_ino, backup.st_ino);
}

static void the_rest_of_an_interrupted_backup_is_removed(void **state)
{
	scoped(place_drop) struct place place = PLACE_NONE;
	scoped(replace_drop) struct replace new = REPLACE_NONE;
	scoped(fd_drop) int held = -1;

	(void)state;
	write_file("f", "old");
	assert_int_equal(link("f", ".f.pk0"), 0);
	held = open("f", O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(held, LOCK_EX), 0);
	assert_int_equal(place_open(&place, "f", true), 0);
	stage(&new, &place, "new");
	assert_int_equal(replace_commit(&new), 0);
	assert_int_equal(access(".f.pk0", F_OK), -1);
}

static void a_sealed_file_that_somebody_may_write_is_told(void **state)
{
	scoped(place_drop) struct place place = PLACE_NONE;
	scoped(replace_drop) struct replace new = REPLACE_NONE;
	scoped(fd_drop) int stray = -1;

	(void)state;
	assert_int_equal(place_open(&place, "f", true), 0);
	stage(&new, &place, "new");
	stray = dup(new.fd);
	assert_int_equal(replace_seal(&new), -ETXTBSY);
	fd_drop(&stray);
	assert_int_equal(replace_seal(&new), 0);
	assert_int_equal(write(new.fd, "x", 1), -1);
	assert_int_equal(replace_commit(&new), 0);
	assert_file("f", "new");
}

static void a_name_of_255_bytes_is_replaced(void **state)
{
	char name[256];

	(void)state;
	memset(name, 'n', 255);
	name[255] = '\0';
	assert_int_equal(replace_bytes(name, "old", 3, 0600, REPLACE_LAZY), 0);
	assert_int_equal(replace_bytes(name, "new", 3, 0600, REPLACE_LAZY), 0);
	no_tmpfile = true;
	assert_int_equal(replace_bytes(name, "now", 3, 0600, REPLACE_LAZY), 0);
	assert_file(name, "now");
	assert_int_equal(unlink(name), 0);
}

static void a_symlink_is_followed_there_or_not(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(symlink("f", "link"), 0);
	assert_int_equal(replace_bytes("link", "new", 3, 0600, REPLACE_LAZY), 0);
	assert_file("f", "new");
	assert_int_equal(replace_bytes("link", "more", 4, 0600, REPLACE_LAZY), 0);
	assert_file("f", "more");
	assert_int_equal(lstat("link", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
}

static void what_is_no_place_is_refused(void **state)
{
	static const struct {
		const char *path;
		int err;
	} cases[] = {{"", -ENOENT},
		     {".", -EISDIR},
		     {"..", -EISDIR},
		     {"f/", -EISDIR},
		     {"/", -EISDIR},
		     {"none/f", -ENOENT},
		     {"/proc/self/fd/0", -EBADF},
		     {"/dev/fd/0", -EBADF}};
	struct place place = PLACE_NONE;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(place_open(&place, cases[i].path, true), cases[i].err);
	assert_int_equal(symlink("link", "link"), 0);
	assert_int_equal(place_open(&place, "link", true), -ELOOP);
	assert_int_equal(place.dir, -1);
}

#define test(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_file_is_replaced),
		test(a_file_that_is_not_there_is_made_with_the_mode),
		test(the_same_without_o_tmpfile),
		test(what_is_given_up_leaves_nothing),
		test(a_failed_rename_leaves_the_old_file_and_nothing_else),
		test(a_failed_fsync_throws_the_new_file_away),
		test(a_leftover_is_removed_by_whoever_needs_its_slot),
		test(a_live_writers_file_is_left_alone),
		test(slots_are_bounded),
		test(create_never_replaces),
		test(a_backup_is_the_old_inode),
		test(the_rest_of_an_interrupted_backup_is_removed),
		test(a_sealed_file_that_somebody_may_write_is_told),
		test(a_name_of_255_bytes_is_replaced),
		test(a_symlink_is_followed_there_or_not),
		test(what_is_no_place_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
