/* keep: rights are never widened, whatever is lost. */
#include "tests/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/keep.h"

/* user::rw- user:99:PERM group::--- mask::rw- other::OTHER, as the kernel stores it. */
static size_t make_acl(uint8_t acl[static 44], uint8_t user, uint8_t group, uint8_t mask,
		       uint8_t other)
{
	const uint8_t tags[] = {1, 2, 4, 16, 32}, perms[] = {6, user, group, mask, other};

	memset(acl, 0, 44);
	acl[0] = 2;
	for (size_t i = 0; i < 5; i++) {
		acl[4 + 8 * i] = tags[i];
		acl[4 + 8 * i + 2] = perms[i];
		memset(acl + 4 + 8 * i + 4, tags[i] == 2 ? 0 : 0xff, 4);
		if (tags[i] == 2)
			acl[4 + 8 * i + 4] = 99;
	}
	return 44;
}

static void nothing_lost_is_the_same_mode_without_set_id_bits(void **state)
{
	const struct keep_lost none = {0};

	(void)state;
	assert_true(keep_all(&none));
	assert_int_equal(keep_mode(0640, &none, NULL, 0), 0640);
	assert_int_equal(keep_mode(06755, &none, NULL, 0), 0755);
	assert_int_equal(keep_mode(01644, &none, NULL, 0), 01644);
}

static void a_lost_group_leaves_what_both_classes_had(void **state)
{
	const struct keep_lost lost = {.group = true};

	(void)state;
	assert_int_equal(keep_mode(0640, &lost, NULL, 0), 0600);
	assert_int_equal(keep_mode(0664, &lost, NULL, 0), 0644);
	/* The members of the old group, shut out before, are others now. */
	assert_int_equal(keep_mode(0604, &lost, NULL, 0), 0600);
}

static void a_lost_owner_gains_nothing_as_one_of_the_others(void **state)
{
	const struct keep_lost lost = {.owner = true};

	(void)state;
	assert_int_equal(keep_mode(0644, &lost, NULL, 0), 0644);
	assert_int_equal(keep_mode(0477, &lost, NULL, 0), 0444);
}

static void a_lost_acl_gives_the_group_its_own_entry_and_not_the_mask(void **state)
{
	const struct keep_lost lost = {.acl = true};
	uint8_t acl[44];
	size_t len = make_acl(acl, 6, 0, 6, 0);

	(void)state;
	assert_int_equal(keep_mode(0660, &lost, acl, len), 0600);
	len = make_acl(acl, 6, 4, 6, 4);
	assert_int_equal(keep_mode(0664, &lost, acl, len), 0644);
	/* The named user was refused what others may: nobody may now. */
	len = make_acl(acl, 0, 4, 6, 4);
	assert_int_equal(keep_mode(0664, &lost, acl, len), 0600);
	/* Cut short: only what is there is read. */
	assert_int_equal(keep_mode(0660, &lost, acl, 3), 0660);
}

static int temporary(void)
{
	char path[] = "/var/tmp/pk-keep.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(unlink(path), 0);
	return fd;
}

static void mode_acl_and_attributes_are_copied(void **state)
{
	scoped(fd_drop) int from = temporary(), to = temporary();
	struct keep_lost lost;
	struct stat st;
	uint8_t acl[44], got[64];
	char value[8];
	size_t len = make_acl(acl, 6, 0, 6, 0);

	(void)state;
	assert_int_equal(fchmod(from, 0640), 0);
	if (fsetxattr(from, "user.k", "value", 5, 0) < 0 ||
	    fsetxattr(from, "system.posix_acl_access", acl, len, 0) < 0)
		skip();
	assert_int_equal(keep_metadata(to, from, &lost), 0);
	assert_true(keep_all(&lost));
	assert_int_equal(fgetxattr(to, "user.k", value, sizeof(value)), 5);
	assert_int_equal(fgetxattr(to, "system.posix_acl_access", got, sizeof(got)), 44);
	assert_int_equal(fstat(to, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
}

static void an_inherited_acl_goes_when_the_old_file_had_none(void **state)
{
	scoped(fd_drop) int from = temporary(), to = temporary();
	struct keep_lost lost;
	uint8_t acl[44];
	size_t len = make_acl(acl, 6, 6, 6, 6);

	(void)state;
	if (fsetxattr(to, "system.posix_acl_access", acl, len, 0) < 0)
		skip();
	assert_int_equal(fchmod(from, 0600), 0);
	assert_int_equal(keep_metadata(to, from, &lost), 0);
	assert_true(fgetxattr(to, "system.posix_acl_access", NULL, 0) < 0);
}

static void root_keeps_owner_and_group(void **state)
{
	scoped(fd_drop) int from = temporary(), to = temporary();
	struct keep_lost lost;
	struct stat st;

	(void)state;
	if (geteuid() != 0 || fchown(from, 1234, 4321) < 0)
		skip();
	assert_int_equal(keep_metadata(to, from, &lost), 0);
	assert_int_equal(fstat(to, &st), 0);
	assert_int_equal(st.st_uid, 1234);
	assert_int_equal(st.st_gid, 4321);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_lost_is_the_same_mode_without_set_id_bits),
		cmocka_unit_test(a_lost_group_leaves_what_both_classes_had),
		cmocka_unit_test(a_lost_owner_gains_nothing_as_one_of_the_others),
		cmocka_unit_test(a_lost_acl_gives_the_group_its_own_entry_and_not_the_mask),
		cmocka_unit_test(mode_acl_and_attributes_are_copied),
		cmocka_unit_test(an_inherited_acl_goes_when_the_old_file_had_none),
		cmocka_unit_test(root_keeps_owner_and_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
